//! `hushlog unseal`: lines as they were logged, for who has the private key.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Write, stdout},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use hushlog::{
    error::{Error, Result},
    sealed::{Entry, Identities, Opening, Register, SealedFolder, Selected},
    time::{Date, Timestamp},
};
use rustix::process::getuid;

use super::{Exit, harmless, say, show};

/// Sealed originals, opened with a private key: personal data again
///
/// Opens what `hushlog scrub --seal-to` has sealed, in the order in which it was logged. Before anything
/// comes out the opening is entered into register.jsonl beside the segments, a hash-chained list: when, by
/// which user, which segments with their digests, and the reason; if that cannot be done, nothing is opened.
/// The `age` program opens segments too, but enters nothing.
#[derive(Args)]
pub(super) struct UnsealArguments {
    /// Folders of segments, or segments
    #[arg(required = true)]
    inputs: Vec<PathBuf>,

    /// File with a private key of age (AGE-SECRET-KEY-1…), as `age-keygen` writes it
    #[arg(short, long, required_unless_present = "check", value_name = "FILE")]
    identity: Option<PathBuf>,

    /// Day whose lines are meant, YYYY-MM-DD; all if not given
    #[arg(long, value_name = "DATE")]
    period: Vec<Date>,

    /// Why it is opened, for the register
    #[arg(
        long,
        default_value = "",
        value_name = "TEXT",
        hide_default_value = true
    )]
    reason: String,

    /// File that receives the lines, not there yet. Standard output if not given
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Verify the register of folders and print it; open nothing
    #[arg(long, conflicts_with_all = ["identity", "period", "output"])]
    check: bool,
}

/// Longest reason in characters.
const LONGEST_REASON: usize = 300;

/// Opens, or prints what was opened.
pub(super) fn run(arguments: &UnsealArguments) -> Result<Exit> {
    let Some(identity) = &arguments.identity else {
        return check(&arguments.inputs);
    };
    let identities = Identities::read(identity)?;
    let selected = Selected::new(&arguments.inputs, &arguments.period)?;
    let mut output = arguments.output()?;
    let opening = Opening {
        identities: &identities,
        user: getuid().as_raw(),
        now: Timestamp(jiff::Timestamp::now().as_microsecond()),
        reason: &shown(&arguments.reason),
    };
    let failures = opening.open(&selected, |lines| output.write(lines))?;
    output.finish()?;
    for failure in &failures {
        say(format_args!("{failure}"));
    }
    Ok(if failures.is_empty() {
        Exit::Done
    } else {
        Exit::NotAllRead
    })
}

impl UnsealArguments {
    fn output(&self) -> Result<Output> {
        let Some(path) = &self.output else {
            let (name, writer) = (PathBuf::from("standard output"), Box::new(stdout().lock()));
            return Ok(Output { name, writer });
        };
        let mut options = OpenOptions::new();
        let file: io::Result<File> = options.write(true).create_new(true).mode(0o600).open(path);
        let name = path.clone();
        match file {
            Ok(file) => Ok(Output {
                name,
                writer: Box::new(file),
            }),
            Err(source) => Err(Error::Write { path: name, source }),
        }
    }
}

/// Where opened lines go.
struct Output {
    name: PathBuf,
    writer: Box<dyn Write>,
}

impl Output {
    /// False if nobody reads any more.
    fn write(&mut self, lines: &[u8]) -> Result<bool> {
        let written = self.writer.write_all(lines);
        self.told(written)
    }

    fn finish(mut self) -> Result<()> {
        let flushed = self.writer.flush();
        self.told(flushed).map(drop)
    }

    fn told(&self, written: io::Result<()>) -> Result<bool> {
        match written {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(source) => Err(Error::Write {
                path: self.name.clone(),
                source,
            }),
        }
    }
}

/// The beginning of a text that is not too long, safe for terminals.
fn shown(text: &str) -> String {
    let beginning: String = text.chars().take(LONGEST_REASON).collect();
    harmless(&beginning)
}

/// Verifies registers and prints them.
fn check(folders: &[PathBuf]) -> Result<Exit> {
    for folder in folders {
        show(&told(&read(folder)?))?;
    }
    Ok(Exit::Done)
}

fn read(folder: &Path) -> Result<Register> {
    if SealedFolder::is_one(folder) {
        return SealedFolder::at(folder).register();
    }
    Err(Error::Setting(format!(
        "{}: there is no register of sealed originals here",
        folder.display()
    )))
}

/// A register in words.
fn told(register: &Register) -> String {
    let lines = register.entries().iter().map(|entry| match entry {
        Entry::Begun { tz, .. } => format!("sealing began, with days of {tz}\n"),
        Entry::Opened {
            opened,
            at,
            user,
            reason,
            ..
        } => {
            let (first, last) = (opened.keys().next(), opened.keys().next_back());
            let names = [first, last].map(|name| name.map_or("", String::as_str));
            format!(
                "{at} user {user} opened {}, from {} to {}: {}\n",
                segments(opened.len()),
                shown(names[0]),
                shown(names[1]),
                if reason.is_empty() {
                    "no reason given".to_owned()
                } else {
                    shown(reason)
                }
            )
        }
        Entry::Expired {
            expired,
            segments: count,
            at,
            ..
        } => format!("{at} {} of {expired} expired\n", segments(*count)),
    });
    let end = format!(
        "the chain of {} lines is whole; the last has the digest {}\n",
        register.entries().len(),
        register.last()
    );
    lines.chain([end]).collect()
}

fn segments(count: usize) -> String {
    format!("{count} segment{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_short_and_do_not_act_on_terminals() {
        assert_eq!(
            shown("case 7\u{1b}[2J\n\u{202e}"),
            "case 7\u{fffd}[2J\u{fffd}\u{fffd}"
        );
        assert_eq!(shown(&"é".repeat(400)).chars().count(), LONGEST_REASON);
    }
}
