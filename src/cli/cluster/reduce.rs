//! `hushlog reduce`: hits of whole visitors to partials.

use std::{
    io::{BufWriter, stdin, stdout},
    num::NonZeroUsize,
};

use clap::Args;
use hushlog::{
    error::Result,
    pipeline::cluster::{self, ReduceSettings},
};

use super::{ReleaseArguments, of_tasks, seeds};
use crate::cli::{Exit, pool, progress::ProgressArguments};

/// For a cluster engine: sorted hits of whole visitors to partial counts, as Arrow IPC streams
///
/// Reads what `hushlog map` wrote: all rows of a visitor in one stream, sorted by all columns. It takes the
/// same arguments, and needs no key.
#[derive(Args)]
#[command(
    mut_args(of_tasks),
    mut_arg("key_file", |it| it.hide(true)),
    mut_arg("threads", |it| it.help("Threads; one if not given")),
)]
pub(in crate::cli) struct ReduceArguments {
    #[command(flatten)]
    release: ReleaseArguments,

    #[command(flatten)]
    progress: ProgressArguments,
}

/// Reduces standard input to standard output.
pub(in crate::cli) fn run(arguments: &ReduceArguments) -> Result<Exit> {
    let release = &arguments.release;
    let report = release.stage_settings()?;
    let settings = ReduceSettings {
        contract: release.contract(&report, None)?,
        policy: &release.counted_policy()?,
        report: &report,
        seeds: seeds()?,
    };
    let pool = pool(release.threads.or(Some(NonZeroUsize::MIN)))?;
    arguments.progress.shown(false, None, |progress| {
        let output = BufWriter::new(stdout().lock());
        cluster::reduce(&pool, stdin().lock(), output, &settings, progress)
    })?;
    Ok(Exit::Done)
}
