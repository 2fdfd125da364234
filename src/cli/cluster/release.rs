//! `hushlog release`: partials to a release.

use std::{fs, path::PathBuf};

use clap::{Args, builder::BoolishValueParser};
use hushlog::{
    error::{Error, Result},
    output,
    pipeline::{
        self, Outlet,
        cluster::{self, MergeSettings},
    },
    privacy::{KeyFile, Sites},
    stats::{Accounts, Progress},
    time::Timestamp,
};

use super::{ReleaseArguments, of_stages, seeds};
use crate::cli::{
    Exit, messages, pool,
    progress::ProgressArguments,
    release::{Places, keys},
    show,
};

/// For a cluster engine: partial counts of all tasks, or of several sites, to a release
///
/// Releases what `hushlog reduce` wrote as `hushlog report` would have released the logs. It takes the same
/// arguments. Partials of other settings, another key or another version of the program are refused.
#[derive(Args)]
#[command(
    mut_args(of_stages),
    mut_arg("key_file", |it| it.help(
        "Key file that the partials were made with: it is advanced past what is released. Without it the \
         release is made all the same, and whether a later run has the same lines cannot be told"
    )),
)]
pub(in crate::cli) struct MergeArguments {
    /// Files that `hushlog reduce` wrote; of a folder, those whose names end in .arrow
    #[arg(required = true)]
    partials: Vec<PathBuf>,

    #[command(flatten)]
    release: ReleaseArguments,

    /// Print nothing but errors
    #[arg(short, long, env = "HUSHLOG_QUIET", value_parser = BoolishValueParser::new())]
    quiet: bool,

    #[command(flatten)]
    progress: ProgressArguments,
}

/// Merges, releases and tells what was done.
pub(in crate::cli) fn run(arguments: &MergeArguments) -> Result<Exit> {
    let release = &arguments.release;
    let settings = release.stage_settings()?;
    let sites = Sites::default();
    let now = Timestamp(jiff::Timestamp::now().as_microsecond());
    let places = Places::of(release, &sites, false)?;
    places.permit(&settings.calendar, &sites, None)?;
    let key_file = release.key_file(settings.calendar.day(now).date, &places)?;
    let days = key_file.as_ref().map(KeyFile::day_keys);
    let own = keys(&sites, key_file.as_ref(), false)?;
    let key = own.first().filter(|_| key_file.is_some());
    let merge_settings = MergeSettings {
        contract: release.contract(&settings, days.as_ref())?,
        report: &settings,
        policy: &release.counted_policy()?,
        digest_key: &|period| Some(key?.line_digest_key(period)),
        seeds: seeds()?,
    };
    let files = files(&arguments.partials)?;
    let sizes = files.iter().map(|file| Some(file.metadata().ok()?.len()));
    let total: Option<u64> = sizes.sum();
    let merge = |progress: &Progress| cluster::merge(files, &merge_settings, progress);
    let merged = arguments.progress.shown(arguments.quiet, total, merge);
    let (material, accounts) = merged?;
    arguments.progress.accounts(&accounts);
    if let Some(period) = cluster::not_over(&material, &settings.calendar, now).first() {
        return Err(Error::Refused(format!(
            "{period} is not over yet by the clock of this machine: its partials were made too early"
        )));
    }
    let pool = pool(release.threads)?;
    let outlet = Outlet {
        folders: places.folders.unwrap_or_default(),
        key_file,
    };
    let (reports, outlet) = pipeline::report(&pool, material, &settings, outlet, None)?;
    release.expire(outlet.folders, now, arguments.quiet)?;
    release.load(arguments.quiet)?;
    let outcome = messages::outcome(&reports, settings.k);
    if !arguments.quiet {
        show(&summary(&reports, &accounts))?;
    }
    Ok(outcome.unwrap_or(Exit::Done))
}

fn summary(reports: &[pipeline::Report], accounts: &Accounts) -> String {
    let reports = reports.iter();
    let releases = reports.map(|report| (None, report.releases.as_slice()));
    output::summary(&releases.collect::<Vec<_>>(), accounts, &[])
}

/// The files named, and those of folders named, in order.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable = |source| Error::Read {
            name: path.display().to_string(),
            source,
        };
        let mut found = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            found.push(entry.map_err(unreadable)?.path());
        }
        found.retain(|path| path.extension().is_some_and(|it| it == "arrow"));
        if found.is_empty() {
            return Err(Error::Setting(format!(
                "{}: there are no partials in this folder",
                path.display()
            )));
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}
