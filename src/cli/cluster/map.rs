//! `hushlog map`: lines to hits.

use std::io::{BufWriter, stdin, stdout};

use clap::Args;
use hushlog::{
    error::{Error, Result},
    pipeline::{
        cluster::{self, MapSettings},
        random,
    },
    privacy::{KeyFile, Keys},
    time::Timestamp,
};

use super::{ReleaseArguments, of_tasks};
use crate::cli::{Exit, progress::ProgressArguments};

/// For a cluster engine: log lines on standard input to pseudonymous hits, as Arrow IPC streams
///
/// Reads lines as they are, or an Arrow IPC stream whose first column holds them. What it writes is for
/// `hushlog reduce`, with all rows of a visitor in one stream, sorted by all columns. It takes the arguments
/// of `report`; each task needs the same, the same key file, and the same --now.
#[derive(Args)]
#[command(
    mut_args(of_tasks),
    mut_arg("key_file", |it| it.required(true)),
    mut_arg("threads", |it| it.hide(true)),
)]
pub(in crate::cli) struct MapArguments {
    #[command(flatten)]
    release: ReleaseArguments,

    /// When the job began, such as 2026-11-22T01:00:00Z: periods that are not over by then are left out
    /// [default: now, which differs between tasks]
    #[arg(long, value_name = "INSTANT")]
    now: Option<jiff::Timestamp>,

    #[command(flatten)]
    progress: ProgressArguments,
}

/// Maps standard input to standard output.
pub(in crate::cli) fn run(arguments: &MapArguments) -> Result<Exit> {
    let release = &arguments.release;
    let settings = release.stage_settings()?;
    let policy = release.policy()?;
    let format = release.log.chosen()?.ok_or_else(|| {
        Error::Setting(
            "-f/--log-format: a task sees lines and no files, so that the format has to be given"
                .to_owned(),
        )
    })?;
    let now = arguments.now.unwrap_or_else(jiff::Timestamp::now);
    let now = Timestamp(now.as_microsecond());
    let path = release.key_file.as_deref().unwrap_or_else(|| "".as_ref());
    let days = KeyFile::shared_day_keys(path, settings.calendar.day(now).date)?;
    let contract = release.contract(&settings, Some(&days))?;
    let settings = MapSettings {
        contract,
        calendar: &settings.calendar,
        policy: &policy,
        keys: &Keys::with_day_keys(random()?, days),
        now,
        format: format.heeding(release.opt_out.cookies()),
        log_tz: release.log.zone()?,
    };
    arguments.progress.shown(false, None, |progress| {
        let output = BufWriter::new(stdout().lock());
        cluster::map(stdin(), output, &settings, progress)
    })?;
    Ok(Exit::Done)
}
