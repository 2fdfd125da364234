//! How far a long operation has come: a bar for people, lines of JSON for programs, both on standard error.

use std::{
    io::{IsTerminal, Write, stderr},
    sync::{
        atomic::Ordering,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use clap::{Args, builder::BoolishValueParser};
use hushlog::{
    input::Source,
    stats::{Accounts, Progress},
};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

/// Time between redrawings of the bar.
const REDRAW: Duration = Duration::from_millis(100);

/// Time between lines of JSON.
const LINE: Duration = Duration::from_secs(1);

/// What is told of progress.
#[derive(Args)]
pub(super) struct ProgressArguments {
    /// No progress bar; there is none either where standard error is no terminal
    #[arg(long, env = "HUSHLOG_NO_PROGRESS", value_parser = BoolishValueParser::new())]
    no_progress: bool,

    /// Progress for programs: each second an object of JSON on a line of standard error
    #[arg(long, env = "HUSHLOG_JSON_PROGRESS", value_parser = BoolishValueParser::new())]
    json_progress: bool,
}

impl ProgressArguments {
    /// Does `work` while it is shown how far it has come. A bar is for those who are not `quiet`, and knows its
    /// end if the bytes are `total`.
    pub(super) fn shown<T>(
        &self,
        quiet: bool,
        total: Option<u64>,
        work: impl FnOnce(&Progress) -> T,
    ) -> T {
        let progress = Progress::default();
        let Some(display) = self.display(quiet, total) else {
            return work(&progress);
        };
        let (working, over) = mpsc::channel::<()>();
        let progress = &progress;
        thread::scope(|scope| {
            scope.spawn(move || {
                display.show(progress, false);
                while over.recv_timeout(display.pause()) == Err(RecvTimeoutError::Timeout) {
                    display.show(progress, false);
                }
                display.show(progress, true);
            });
            let result = work(progress);
            drop(working);
            result
        })
    }

    /// Tells programs exactly what became of all lines.
    pub(super) fn accounts(&self, accounts: &Accounts) {
        if self.json_progress {
            write(&json!({"accounts": {
                "read": accounts.read(),
                "parsed": accounts.parsed,
                "ignored": accounts.ignored,
                "excluded": accounts.excluded,
                "opted_out": accounts.opted_out,
                "already_released": accounts.already_released,
                "not_yet_over": accounts.not_yet_over,
                "malformed": accounts.malformed,
            }}));
        }
    }

    fn display(&self, quiet: bool, total: Option<u64>) -> Option<Display> {
        if self.json_progress {
            let begun = Instant::now();
            return Some(Display::Lines { begun, total });
        }
        let is_wanted = !self.no_progress && !quiet && stderr().is_terminal();
        is_wanted.then(|| Display::Bar(bar(total)))
    }
}

/// The bytes of sources, if they are known of all.
pub(super) fn size(sources: &[Source]) -> Option<u64> {
    sources.iter().map(Source::size).sum()
}

enum Display {
    Bar(ProgressBar),
    Lines { begun: Instant, total: Option<u64> },
}

impl Display {
    const fn pause(&self) -> Duration {
        match self {
            Self::Bar(_) => REDRAW,
            Self::Lines { .. } => LINE,
        }
    }

    fn show(&self, progress: &Progress, is_done: bool) {
        match self {
            Self::Bar(bar) if is_done => bar.finish_and_clear(),
            Self::Bar(bar) => draw(bar, progress),
            Self::Lines { begun, total } => {
                write(&line(progress, *total, begun.elapsed(), is_done));
            }
        }
    }
}

/// A bar over all bytes; a spinner where their number is not known.
fn bar(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {msg} ETA {eta}",
        ),
        None => (
            ProgressBar::no_length(),
            "{spinner} {bytes} {bytes_per_sec} {msg}",
        ),
    };
    bar.with_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    )
}

fn draw(bar: &ProgressBar, progress: &Progress) {
    let lines = progress.lines.load(Ordering::Relaxed);
    bar.set_position(progress.bytes.load(Ordering::Relaxed));
    let seconds = bar.elapsed().as_secs_f64().max(0.001);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate for people"
    )]
    let rate = (lines as f64 / seconds) as u64;
    bar.set_message(format!(
        "{} lines, {}/s",
        HumanCount(lines),
        HumanCount(rate)
    ));
}

/// How far it has come, as programs are told: times are in seconds, and `null` is what is not known.
fn line(progress: &Progress, total: Option<u64>, elapsed: Duration, is_done: bool) -> Value {
    let bytes = progress.bytes.load(Ordering::Relaxed);
    json!({
        "bytes": bytes,
        "total_bytes": total,
        "lines": progress.lines.load(Ordering::Relaxed),
        "seconds": rounded(elapsed),
        "eta_seconds": left(bytes, total, elapsed, is_done).map(rounded),
        "done": is_done,
    })
}

/// The time that is left, if all bytes take as long as those before.
fn left(bytes: u64, total: Option<u64>, elapsed: Duration, is_done: bool) -> Option<Duration> {
    if is_done {
        return Some(Duration::ZERO);
    }
    let rest = total?.saturating_sub(bytes);
    let milliseconds = elapsed.as_millis() * u128::from(rest);
    let milliseconds = milliseconds.checked_div(u128::from(bytes))?;
    Some(Duration::from_millis(u64::try_from(milliseconds).ok()?))
}

/// Seconds, to the millisecond.
fn rounded(time: Duration) -> f64 {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).as_secs_f64()
}

/// A reader that went away is not told.
fn write(value: &Value) {
    let _ = writeln!(stderr(), "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: u64, total: Option<u64>, seconds: u64, is_done: bool, expected: Value) {
        let progress = Progress::default();
        progress.add(bytes, 7);
        let line = line(&progress, total, Duration::from_secs(seconds), is_done);
        assert_eq!(line, expected);
    }

    #[test]
    fn the_time_left_is_known_once_there_is_a_rate_and_a_total() {
        let told = |bytes: u64, total: Option<u64>, seconds: f64, eta: Option<f64>, done: bool| {
            json!({
                "bytes": bytes,
                "total_bytes": total,
                "lines": 7,
                "seconds": seconds,
                "eta_seconds": eta,
                "done": done,
            })
        };
        check(0, Some(100), 0, false, told(0, Some(100), 0.0, None, false));
        check(
            25,
            Some(100),
            2,
            false,
            told(25, Some(100), 2.0, Some(6.0), false),
        );
        check(25, None, 2, false, told(25, None, 2.0, None, false));
        // A file that grows meanwhile.
        check(
            120,
            Some(100),
            2,
            false,
            told(120, Some(100), 2.0, Some(0.0), false),
        );
        check(
            100,
            Some(100),
            3,
            true,
            told(100, Some(100), 3.0, Some(0.0), true),
        );
    }
}
