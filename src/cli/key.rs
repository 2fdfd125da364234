//! `hushlog key`: key files, by which several runs and hosts know the same visitors for a time.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hushlog::{
    error::Result,
    pipeline::random,
    privacy::KeyFile,
    time::{Calendar, Date, PeriodLength, Timestamp},
};

use super::{Exit, release::PeriodArgument, zone};

/// Key files: what lets several runs and hosts know the same visitors, until it is advanced
#[derive(Subcommand)]
pub(super) enum KeyCommand {
    New(NewArguments),
    Info(InfoArguments),
    Advance(AdvanceArguments),
    Shred(ShredArguments),
}

/// Make a key file of random bytes, for its owner alone, in a folder that nobody else can write to
#[derive(Args)]
pub(super) struct NewArguments {
    /// File to make; there must be none of that name
    file: PathBuf,

    /// First day that it is for, YYYY-MM-DD in --tz, not after today; today if not given
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,

    #[command(flatten)]
    clock: ClockArguments,
}

/// Tell from which day on a key file has keys, and whether it may be used
#[derive(Args)]
pub(super) struct InfoArguments {
    /// Key file
    file: PathBuf,

    #[command(flatten)]
    clock: ClockArguments,
}

/// Give up the keys of earlier days, for good: nobody can tell their visitors any more
#[derive(Args)]
pub(super) struct AdvanceArguments {
    /// Key file
    file: PathBuf,

    /// First day whose keys are kept, YYYY-MM-DD in --tz, not after today; the first of today's period if
    /// not given
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,

    /// What is released at once
    #[arg(long, value_enum, default_value_t, env = "HUSHLOG_PERIOD")]
    period: PeriodArgument,

    #[command(flatten)]
    clock: ClockArguments,
}

/// Overwrite and remove a key file: nobody can tell any visitor of its days any more
#[derive(Args)]
pub(super) struct ShredArguments {
    /// Key file
    file: PathBuf,
}

#[derive(Args)]
struct ClockArguments {
    /// Time zone whose days these are, an IANA name
    #[arg(long, default_value = "UTC", env = "HUSHLOG_TZ", value_name = "ZONE")]
    tz: String,
}

/// Does what the subcommand says.
pub(super) fn run(command: &KeyCommand) -> Result<Exit> {
    match command {
        KeyCommand::New(arguments) => new(arguments)?,
        KeyCommand::Info(arguments) => info(arguments)?,
        KeyCommand::Advance(arguments) => advance(arguments)?,
        KeyCommand::Shred(arguments) => KeyFile::shred(&arguments.file)?,
    }
    Ok(Exit::Done)
}

fn new(arguments: &NewArguments) -> Result<()> {
    let today = arguments.clock.today()?;
    let first = arguments.from.unwrap_or(today);
    KeyFile::create(&arguments.file, random()?, first, today)?;
    println!("keys of {first} and later");
    Ok(())
}

fn info(arguments: &InfoArguments) -> Result<()> {
    let info = KeyFile::info(&arguments.file, arguments.clock.today()?)?;
    println!("keys of {} and later", info.first_day);
    if let Some(day) = info.announced {
        println!("a run that was to advance it to {day} is under way, or was interrupted");
    }
    Ok(())
}

fn advance(arguments: &AdvanceArguments) -> Result<()> {
    let today = arguments.clock.today()?;
    let calendar = arguments.clock.calendar(arguments.period.into())?;
    let mut file = KeyFile::open(&arguments.file, today)?;
    let current = calendar.period(today).start.max(file.first_day());
    let day = arguments.to.unwrap_or(current);
    file.advance(day)?;
    println!("keys of {day} and later");
    Ok(())
}

impl ClockArguments {
    fn calendar(&self, length: PeriodLength) -> Result<Calendar> {
        Ok(Calendar::new(zone(&self.tz)?, length))
    }

    /// Today by the wall clock.
    fn today(&self) -> Result<Date> {
        let now = Timestamp(jiff::Timestamp::now().as_microsecond());
        Ok(self.calendar(PeriodLength::Day)?.day(now).date)
    }
}
