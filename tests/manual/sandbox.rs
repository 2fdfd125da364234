//! A folder in which the commands of a page are run, and whether they answer as shown.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use flate2::read::MultiGzDecoder;

use super::page::{Block, repository};
use crate::program::{program, without_settings};

/// Folders of the machine, which stand in the sandbox for those of commands.
const SYSTEM: [&str; 5] = ["/etc/", "/run/", "/srv/", "/var/lib/", "/var/log/"];

/// What there is in a sandbox from the start.
const FOLDERS: [&str; 8] = [
    "etc/hushlog",
    "home",
    "run",
    "srv",
    "target",
    "var/lib",
    "var/log/apache2",
    "var/log/nginx",
];

/// Seconds that a block may take.
const PATIENCE: &str = "120";

/// Shell that stops a program when a file has appeared, and requires it to end well.
const UNTIL: &str = "\n} & program=$!\nfor turn in $(seq 500); do [ -e \"$until\" ] && break; sleep 0.05; done\n\
                     kill $program; wait $program; [ -e \"$until\" ]";

/// A folder with the sample logs, the log of a day, a home, and what stands for the machine's folders.
pub(super) struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    /// A sandbox with the log of a day.
    pub(super) fn new(log: &str) -> Self {
        let sandbox = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        for name in FOLDERS {
            fs::create_dir_all(sandbox.path(name)).expect("a folder");
        }
        for name in ["sample-logs", "contrib"] {
            copy(&repository().join(name), &sandbox.path(name));
        }
        let (first, second) = log.split_at(half(log));
        for (name, log) in [
            ("access.log", log),
            ("var/log/nginx/access.log", log),
            ("var/log/nginx/shop.example.access.log", first),
            ("var/log/nginx/blog.example.access.log", second),
            ("var/log/apache2/access.log", log),
        ] {
            fs::write(sandbox.path(name), log).expect("a written log");
        }
        sandbox
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name.trim_start_matches('/'))
    }

    /// Writes a file, of which an absolute name is one in the sandbox.
    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, self.inside(text)).expect("a written file");
    }

    /// A text in which the machine's folders are those of the sandbox.
    fn inside(&self, text: &str) -> String {
        inside(text, self.folder.path())
    }

    /// Runs a block; how it went otherwise than shown.
    pub(super) fn run(&self, block: &Block) -> Result<(), String> {
        let status = block.attribute("status").unwrap_or("0");
        let steps = block.steps();
        for (number, step) in steps.iter().enumerate() {
            let is_last = number + 1 == steps.len();
            let expected = if is_last { status } else { "0" };
            let (said, found) = self.shell(&step.command, block.attribute("until"));
            if found != expected {
                return Err(format!("status {found} of\n{}\n{said}", step.command));
            }
            let said: Vec<&str> = said.lines().map(str::trim_end).collect();
            if !step.answer.is_empty() && !answers(&step.answer, &said) {
                let (said, shown) = (said.join("\n"), step.answer.join("\n"));
                return Err(format!("{}\nanswers\n{said}\nnot\n{shown}", step.command));
            }
        }
        Ok(())
    }

    /// What a command answers on both outputs, and its exit status; one that goes on is stopped when a file
    /// has appeared.
    fn shell(&self, command: &str, until: Option<&str>) -> (String, String) {
        let command = self.inside(command.trim_end());
        let script = match until {
            Some(_) => format!("exec 2>&1\n{{ exec {command}{UNTIL}"),
            None => format!("exec 2>&1\n{command}"),
        };
        let output = without_settings(Command::new("timeout"))
            .args([PATIENCE, "sh", "-e", "-c", &script])
            .current_dir(self.folder.path())
            .env("PATH", path())
            .env("HOME", self.path("home"))
            .env("until", until.map(|it| self.inside(it)).unwrap_or_default())
            .envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC")])
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout);
        let said = said.replace(&*self.folder.path().to_string_lossy(), "");
        let status = output.status.code().map(|code| code.to_string());
        (said, status.unwrap_or_default())
    }
}

/// A text in which the machine's folders are within another folder.
pub(crate) fn inside(text: &str, folder: &Path) -> String {
    let folder = folder.to_string_lossy();
    let folder = folder.trim_end_matches('/');
    // The start of a text is that of a line too.
    let mut text = format!("\n{text}");
    for system in SYSTEM {
        for before in [" ", "\n", "=", ":", "|", "'", "\"", ">", "@"] {
            let from = format!("{before}{system}");
            text = text.replace(&from, &format!("{before}{folder}{system}"));
        }
    }
    text.split_off(1)
}

/// The path in which the program is found first.
pub(crate) fn path() -> String {
    let program = program();
    let folder = Path::new(program.get_program()).parent().expect("a folder");
    format!(
        "{}:{}",
        folder.display(),
        env::var("PATH").unwrap_or_default()
    )
}

/// Whether there is a program, or a package of one as `python3:pandas`.
pub(super) fn has(name: &str) -> bool {
    let script = match name.split_once(':') {
        Some((python, package)) => format!("{python} -c 'import {package}'"),
        None => format!("command -v {name}"),
    };
    let status = Command::new("sh")
        .args(["-c", &script])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.expect("a shell").success()
}

/// Where the line ends that is in the middle of a text.
fn half(text: &str) -> usize {
    let middle = text.len() / 2;
    text[middle..]
        .find('\n')
        .map_or(middle, |end| middle + end + 1)
}

/// The lines of the last day of the sample log.
pub(super) fn last_day() -> String {
    let log = repository().join("sample-logs/shop.log.1.gz");
    let lines = BufReader::new(MultiGzDecoder::new(File::open(log).expect("the log"))).lines();
    let mut day = String::new();
    for line in lines {
        let line = line.expect("text");
        if line.contains("[15/Nov/2026:") {
            day += &line;
            day += "\n";
        }
    }
    day
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copied file");
        }
    }
}

/// Whether lines are those shown, where a line `…` stands for any number of lines and `…` within a line for
/// any text.
fn answers(shown: &[String], said: &[&str]) -> bool {
    match shown.split_first() {
        None => said.is_empty(),
        Some((line, rest)) if line.trim() == "…" => {
            (0..=said.len()).any(|count| answers(rest, &said[count..]))
        }
        Some((line, rest)) => match said.split_first() {
            Some((first, others)) => fits(line.trim_end(), first) && answers(rest, others),
            None => false,
        },
    }
}

/// Whether a line is the one shown.
fn fits(shown: &str, said: &str) -> bool {
    match shown.split_once('…') {
        None => shown == said,
        Some((start, rest)) => said.strip_prefix(start).is_some_and(|said| {
            let places = said.char_indices().map(|(place, _)| place);
            places
                .chain([said.len()])
                .any(|place| fits(rest, &said[place..]))
        }),
    }
}

#[test]
fn answers_are_compared_but_for_ellipses() {
    let check = |shown: &str, said: &str, expected: bool| {
        let shown: Vec<String> = shown.split('|').map(str::to_owned).collect();
        let said: Vec<&str> = said.split('|').collect();
        assert_eq!(answers(&shown, &said), expected, "{shown:?} {said:?}");
    };
    check("a|b", "a|b", true);
    check("a|b", "a|b|c", false);
    check("a|…", "a|b|c", true);
    check("…|c", "a|b|c", true);
    check("…|b", "a|b|c", false);
    check("a … c|…|e", "a b c|e", true);
    check("a … c", "a b d", false);
    check("…c", "abc", true);
}
