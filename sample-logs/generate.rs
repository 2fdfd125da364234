//! Writes a realistic access log of an invented site: seeded, without a clock, in time order.
//!
//! ```text
//! cargo run --release --example generate-log -- --visits-per-day 3000 --days 7 -o week.log
//! ```
//!
//! The same arguments give the same bytes on every machine: only integer arithmetic and exact
//! floating-point operations are used, and the random numbers are the generator's own.

mod generator;

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Parser;
use jiff::civil::Date;

use generator::{
    line::{Format, Log},
    traffic::{Plan, Traffic},
};

/// Requests that a visit brings about on average, those of crawlers included (measured).
const LINES_PER_VISIT: f64 = 12.8;

/// How much more than needed is planned, so that a log of `--lines` ends within its last day.
const MARGIN: f64 = 1.02;

/// Writes the access log of an invented site, the same one for the same arguments.
#[derive(Parser)]
#[command(name = "generate-log")]
struct Arguments {
    /// What the random numbers start from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stop after this many lines; without --visits-per-day they are spread over the days.
    #[arg(long)]
    lines: Option<u64>,
    /// Visits on an average day; the number of pages grows with its square root.
    #[arg(long)]
    visits_per_day: Option<u32>,
    /// How many whole days (UTC) the log covers.
    #[arg(long, default_value_t = 1)]
    days: u32,
    /// The first day.
    #[arg(long, default_value = "2026-10-01")]
    start: Date,
    /// How a line is written.
    #[arg(long, value_enum, default_value_t = Format::Combined)]
    format: Format,
    /// The site's host name.
    #[arg(long, default_value = "example.com")]
    site: String,
    /// Where to; `-` is the standard output.
    #[arg(short, long, default_value = "-")]
    output: PathBuf,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let output = open(&arguments.output)?;
    let log = Log::new(output, arguments.format, &arguments.site, arguments.lines);
    match Traffic::new(plan(&arguments), log).write() {
        // Whoever reads may have enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn open(path: &Path) -> io::Result<Box<dyn Write>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdout().lock()));
    }
    Ok(Box::new(File::create(path)?))
}

fn plan(arguments: &Arguments) -> Plan {
    Plan {
        seed: arguments.seed,
        visits_per_day: visits_per_day(arguments),
        // With --lines the log ends with its last line, whatever the day.
        days: if arguments.lines.is_some() {
            u32::MAX
        } else {
            arguments.days
        },
        start: arguments.start,
    }
}

fn visits_per_day(arguments: &Arguments) -> u32 {
    match (arguments.visits_per_day, arguments.lines) {
        (Some(visits), _) => visits,
        (None, None) => 1000,
        (None, Some(lines)) => {
            let a_day = lines as f64 / f64::from(arguments.days.max(1));
            (a_day / LINES_PER_VISIT * MARGIN) as u32 + 1
        }
    }
}
