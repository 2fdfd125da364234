//! The progress bar while reading.

use std::{
    io::{IsTerminal, stderr},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use hushlog::{input::Source, pipeline::Progress};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

/// Time between redrawings.
const REDRAW: Duration = Duration::from_millis(100);

/// Does `work` while a progress bar shows how far it has come, if `wanted` and stderr is a terminal.
pub(super) fn shown<T>(wanted: bool, sources: &[Source], work: impl FnOnce(&Progress) -> T) -> T {
    let progress = Progress::default();
    if !wanted || !stderr().is_terminal() {
        return work(&progress);
    }
    let bar = bar(sources);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                draw(&bar, &progress);
                thread::sleep(REDRAW);
            }
            bar.finish_and_clear();
        });
        let result = work(&progress);
        done.store(true, Ordering::Relaxed);
        result
    })
}

/// A bar over the bytes of all sources; a spinner where their size is not known.
fn bar(sources: &[Source]) -> ProgressBar {
    let size: Option<u64> = sources.iter().map(Source::size).sum();
    let (bar, template) = match size {
        Some(size) => (
            ProgressBar::new(size),
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
    bar.set_message(format!("{} lines/s", HumanCount(rate)));
}
