//! `hushlog scrub`: the log again, line by line, pseudonymised.

use std::{
    io::{IsTerminal, stdout},
    num::NonZeroUsize,
    os::{fd::OwnedFd, unix::fs::MetadataExt, unix::net::UnixStream},
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use clap::{Args, ValueEnum, builder::BoolishValueParser};
use hushlog::{
    error::{Error, Result},
    input::{NamedHosts, Source, Stop},
    output::LogOutput,
    pipeline::{self, Destinations, Inputs, Scrubbed, Scrubbing, random},
    privacy::{
        AddressRule, AgentRules, KeyFile, Keys, ReferrerRules, Regions, ScrubRules, UrlRules,
        UrlSettings,
    },
    stats::Accounts,
    time::{Calendar, Date, PeriodLength, Precision},
};
use signal_hook::{
    consts::{SIGHUP, SIGTERM},
    flag, low_level,
};

use super::{
    Exit,
    log_format::LogFormatArguments,
    opt_out::OptOutArguments,
    pool,
    progress::{self, ProgressArguments},
    say,
    sealing::{Originals, SealArguments},
    sources, zone,
};

/// The log again, line by line: pseudonymous, not anonymous
///
/// Addresses are replaced by pseudonyms, but each visitor's lines of a day still belong together, and may
/// tell who it was. What comes out is personal data, to be kept from the public and deleted like the log;
/// what may be published is what `hushlog report` writes.
///
/// Each line is written in the format that it was read in. Of a line are kept the time, the method, the
/// path without personal data, utm_ parameters, the protocol, the status, the bytes, the registrable domain
/// of the referrer, and an agent that names the same browser, system and device; all else is replaced by
/// what the format has for no value. Lines that cannot be read are left out, and so are those whose client
/// asked not to be tracked.
///
/// Beside that the lines can be kept as they were logged, encrypted to somebody who is not on this host.
#[derive(Args)]
pub(super) struct ScrubArguments {
    /// Log files, plain or compressed (gzip, zstd, bzip2, xz); folders, whose files are read except hidden
    /// ones; patterns such as 'access.log*'; named pipes; `-` is standard input, which is read if nothing
    /// is named
    inputs: Vec<PathBuf>,

    /// File that the lines are appended to: one's own that nobody else can read. It is opened anew at
    /// SIGHUP. Standard output if not given
    #[arg(short, long, env = "HUSHLOG_OUTPUT", value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    log: LogFormatArguments,

    /// What is written in the place of addresses
    #[arg(long, value_enum, default_value_t, env = "HUSHLOG_ADDRESS")]
    address: AddressArgument,

    /// How exact times are
    #[arg(long, value_enum, default_value_t, env = "HUSHLOG_TIME")]
    time: TimeArgument,

    /// Time zone whose days have pseudonyms, and sealed files, of their own, an IANA name
    #[arg(long, default_value = "UTC", env = "HUSHLOG_TZ", value_name = "ZONE")]
    tz: String,

    /// Host name of the site: it may be written, as the virtual host and in referrers
    #[arg(long, env = "HUSHLOG_SITE_HOST", value_name = "HOST")]
    site_host: Vec<String>,

    /// Further word after which a path segment is never written
    #[arg(long, env = "HUSHLOG_PATH_WORD", value_name = "WORD")]
    path_word: Vec<String>,

    /// Query parameter that is kept
    #[arg(long, env = "HUSHLOG_KEEP_QUERY", value_name = "KEY")]
    keep_query: Vec<String>,

    #[command(flatten)]
    opt_out: OptOutArguments,

    /// Region database (MaxMind DB format), or one for IPv4 and one for IPv6; one is built in
    #[arg(long, env = "HUSHLOG_GEO_DB", value_name = "FILE")]
    geo_db: Vec<PathBuf>,

    /// Key file, made by `hushlog key new`: runs and hosts that have it write the same pseudonyms. Without
    /// it the keys are random; they end with the run, those of a stream with the day
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// Threads; as many as there are processors if not given
    #[arg(short = 'j', long, env = "HUSHLOG_THREADS", value_name = "N")]
    threads: Option<NonZeroUsize>,

    /// Print nothing but errors
    #[arg(short, long, env = "HUSHLOG_QUIET", value_parser = BoolishValueParser::new())]
    quiet: bool,

    #[command(flatten)]
    progress: ProgressArguments,

    #[command(flatten)]
    seal: SealArguments,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum AddressArgument {
    /// The visitor's pseudonym of the day, as an address of `fd68:7573:686c::/64`
    #[default]
    Visitor,
    /// The same for all agents of an address, of `fd68:7573:686c:1::/64`
    Stable,
    /// The network, /24 of IPv4 and /48 of IPv6
    Truncate,
    /// The region, as the letters of its ISO 3166-2 code in an address of `fd68:7573:686c:2::/64`
    Region,
    /// `::`
    Drop,
}

impl From<AddressArgument> for AddressRule {
    fn from(argument: AddressArgument) -> Self {
        match argument {
            AddressArgument::Visitor => Self::Visitor,
            AddressArgument::Stable => Self::Stable,
            AddressArgument::Truncate => Self::Truncate,
            AddressArgument::Region => Self::Region,
            AddressArgument::Drop => Self::Drop,
        }
    }
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(super) enum TimeArgument {
    /// As logged
    #[default]
    Exact,
    /// Minutes and what is finer are zero
    Hour,
}

impl From<TimeArgument> for Precision {
    fn from(argument: TimeArgument) -> Self {
        match argument {
            TimeArgument::Exact => Self::Exact,
            TimeArgument::Hour => Self::Hour,
        }
    }
}

/// Scrubs, and tells how many lines were written and left out.
pub(super) fn run(arguments: &ScrubArguments) -> Result<Exit> {
    let inputs = arguments.inputs()?;
    let rules = arguments.rules()?;
    let mut originals = arguments.seal.sealer(&rules.calendar)?;
    let mut output = arguments.output(&inputs.sources)?;
    let stop = stop(&inputs.sources)?;
    let keys = |today| arguments.keys(today);
    let pool = pool(arguments.threads)?;
    let scrubbing = Scrubbing {
        rules: &rules,
        keys: &keys,
        stop: stop.as_ref(),
    };
    let destinations = Destinations {
        scrubbed: &mut output,
        originals: originals.as_mut(),
    };
    let total = progress::size(&inputs.sources);
    let is_hidden = arguments.quiet || arguments.is_on_terminal();
    let scrubbed = arguments.progress.shown(is_hidden, total, |progress| {
        pipeline::scrub(&pool, &inputs, scrubbing, destinations, progress)
    });
    let Scrubbed { accounts, failures } = scrubbed?;
    arguments.progress.accounts(&accounts);
    for failure in &failures {
        say(format_args!("{failure}"));
    }
    if !arguments.quiet {
        tell(&accounts);
    }
    Ok(if failures.is_empty() {
        Exit::Done
    } else {
        Exit::NotAllRead
    })
}

/// What is left of a log that is written again, for whoever tells of it instead of doing it.
pub(super) struct Rewritten {
    pub(super) address: AddressArgument,
    pub(super) time: TimeArgument,
    pub(super) has_key_file: bool,
    /// What becomes of the lines as they were logged.
    pub(super) originals: Originals,
}

impl ScrubArguments {
    /// What is in force with these arguments.
    pub(super) fn in_force(&self) -> Rewritten {
        Rewritten {
            address: self.address,
            time: self.time,
            has_key_file: self.key_file.is_some(),
            originals: self.seal.in_force(),
        }
    }

    /// Whether the settings can be used, as far as that shows without scrubbing.
    pub(super) fn check(&self) -> Result<()> {
        self.rules()?;
        self.seal.check()?;
        self.log.chosen()?;
        self.log.zone()?;
        Ok(())
    }

    /// Whether the lines go where a bar would be drawn.
    fn is_on_terminal(&self) -> bool {
        self.output.is_none() && stdout().is_terminal()
    }

    fn inputs(&self) -> Result<Inputs> {
        let sources = sources::named(&self.inputs, self.log.text() != "auto")?;
        Ok(Inputs {
            sources,
            format: self.log.chosen()?,
            opt_out_cookies: self.opt_out.cookies().to_vec(),
            log_tz: self.log.zone()?,
            hosts: NamedHosts::default(),
        })
    }

    fn rules(&self) -> Result<ScrubRules> {
        let urls = UrlSettings {
            path_words: self.path_word.clone(),
            keep_query: self.keep_query.clone(),
            ..UrlSettings::default()
        };
        Ok(ScrubRules {
            address: self.address.into(),
            calendar: Calendar::new(zone(&self.tz)?, PeriodLength::Day),
            urls: UrlRules::new(&urls)?,
            referrers: ReferrerRules::new(&self.site_host),
            agents: AgentRules::new(),
            hosts: ScrubRules::hosts(&self.site_host)?,
            regions: self.regions()?,
            opt_outs: self.opt_out.addresses()?,
            precision: self.time.into(),
        })
    }

    fn regions(&self) -> Result<Regions> {
        match self.geo_db.as_slice() {
            _ if self.address != AddressArgument::Region => Ok(Regions::none()),
            [] => Regions::embedded(),
            files => Regions::open(files),
        }
    }

    /// The keys of a day: random ones, and those of the key file as it is by then.
    fn keys(&self, today: Date) -> Result<Keys> {
        let root = random()?;
        match &self.key_file {
            Some(path) => {
                let days = KeyFile::shared_day_keys(path, today)?;
                Ok(Keys::with_day_keys(root, days))
            }
            None => Ok(Keys::new(root)),
        }
    }

    fn output(&self, sources: &[Source]) -> Result<LogOutput> {
        let Some(path) = &self.output else {
            return LogOutput::stdout();
        };
        let identity = |path: &PathBuf| path.metadata().map(|file| (file.dev(), file.ino())).ok();
        let is_output = |source: &Source| match source {
            Source::File(file) => identity(path).is_some_and(|own| identity(file) == Some(own)),
            Source::Stdin => false,
        };
        if sources.iter().any(is_output) {
            return Err(Error::Setting(format!(
                "{}: this is read, so that it cannot be written",
                path.display()
            )));
        }
        let moved = Arc::new(AtomicBool::new(false));
        flag::register(SIGHUP, Arc::clone(&moved)).map_err(not_watched)?;
        LogOutput::file(path, moved)
    }
}

/// Ends the reading of streams at SIGTERM; without streams that signal ends the program.
fn stop(sources: &[Source]) -> Result<Option<Stop>> {
    if sources.iter().all(Source::is_repeatable) {
        return Ok(None);
    }
    let (stop, end) = UnixStream::pair().map_err(not_watched)?;
    low_level::pipe::register(SIGTERM, end).map_err(not_watched)?;
    Ok(Some(OwnedFd::from(stop).into()))
}

fn not_watched(error: std::io::Error) -> Error {
    Error::Setting(format!("signals cannot be watched for: {error}"))
}

/// Says how many lines were read, written and left out, and why.
fn tell(accounts: &Accounts) {
    let left_out = [
        (accounts.malformed, "not of the format"),
        (accounts.ignored, "blank, comments or of other programs"),
        (accounts.opted_out, "of clients that opted out"),
        (accounts.excluded, "of days whose key is shredded"),
    ];
    let left_out = left_out.iter().filter(|(lines, _)| *lines > 0);
    let left_out: String = left_out
        .map(|(lines, why)| format!(", {lines} left out: {why}"))
        .collect();
    let (read, written) = (accounts.read(), accounts.parsed);
    say(format_args!(
        "{read} lines read, {written} written{left_out}"
    ));
}
