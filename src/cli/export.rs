//! `hushlog export`: what is released, with less in it, for a partner.

use std::path::{Path, PathBuf, absolute};

use clap::Args;
use hushlog::{
    aggregate::Table,
    audit::Audit,
    error::{Error, Result},
    output::Folder,
    pipeline::{self, Exported},
    privacy::SiteName,
    release::{Partner, Restriction},
    stats::Progress,
    time::Period,
};

use super::{Exit, removal::PlaceArguments, show};

/// Share what is released with a partner, who gets less of it
///
/// The partner's folder has some tables, and of these the rows whose counts (requests, pageviews, visits,
/// visitors …) are all at least k; others are added up into `(other)`. Since networks are not published,
/// that is no promise of k networks: of these each row has as many as in the release. All rows are rows of the
/// release or sums of them, so nobody can learn more from release and exports together than from the release
/// alone.
///
/// Run again, it adds what has been released since, and removes what was withdrawn or has expired. The ledger
/// of the release records each export. Nothing is exported of a folder in which `hushlog audit` finds
/// something.
#[derive(Args)]
pub(super) struct ExportArguments {
    #[command(flatten)]
    place: PlaceArguments,

    /// Who gets it: a name of lower-case letters, digits and hyphens, always with the same tables and k
    #[arg(long, value_name = "PARTNER")]
    to: Partner,

    /// The tables that the partner gets, with commas between them
    #[arg(long, required = true, value_delimiter = ',', value_parser = table, value_name = "TABLE")]
    tables: Vec<Table>,

    /// Fewest of each count in a row that is given by itself; no less than the k of the release
    #[arg(long, default_value_t = 20, value_name = "N")]
    k: u64,

    /// Folder for the partner, which can be given away as it is, but for `.state` in it
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
}

/// Exports and tells.
pub(super) fn run(arguments: &ExportArguments) -> Result<Exit> {
    let tables = arguments.tables.iter().copied();
    let restriction = Restriction::new(arguments.to.clone(), tables, arguments.k)?;
    let (source, target) = (arguments.place.folder(), &arguments.output);
    check_apart(source, target)?;
    let folders = arguments.place.open()?;
    check_audit(source, arguments.place.ledger())?;
    let sites = Folder::released_sites(source)?;
    for (source, target) in folders.into_iter().zip(targets(target, &sites)?) {
        let site = source.site().cloned();
        let outcomes = pipeline::export(source, target, &restriction)?;
        tell(site.as_ref(), &outcomes)?;
    }
    Ok(Exit::Done)
}

/// The partner's folder, or those of the sites in it.
fn targets(folder: &Path, sites: &[SiteName]) -> Result<Vec<Folder>> {
    if sites.is_empty() {
        Folder::open(folder, None, None).map(|folder| vec![folder])
    } else {
        Folder::open_sites(folder, None, sites)
    }
}

/// An export within the release, or the other way round, would be taken for a part of it.
fn check_apart(source: &Path, target: &Path) -> Result<()> {
    let (from, to) = (place(source)?, place(target)?);
    if from.starts_with(&to) || to.starts_with(&from) {
        return Err(Error::Refused(format!(
            "{}: an export lies apart from {}",
            target.display(),
            source.display()
        )));
    }
    Ok(())
}

/// The absolute path of a folder that need not be there yet.
fn place(folder: &Path) -> Result<PathBuf> {
    let parent = || folder.parent().filter(|it| *it != Path::new(""));
    let beside = |name| {
        Some(
            parent()
                .unwrap_or(Path::new("."))
                .canonicalize()
                .ok()?
                .join(name),
        )
    };
    let there = folder.canonicalize().ok();
    let place = there.or_else(|| folder.file_name().and_then(beside));
    let place = place.map_or_else(|| absolute(folder), Ok);
    place.map_err(|source| Error::Read {
        name: folder.display().to_string(),
        source,
    })
}

fn check_audit(folder: &Path, ledger: Option<&Path>) -> Result<()> {
    let audit = Audit::of(&[folder.to_owned()], ledger, None, &Progress::default())?;
    if audit.is_clean() {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{}: hushlog audit finds something here, so nothing is exported",
        folder.display()
    )))
}

fn tell(site: Option<&SiteName>, outcomes: &[(Period, Exported)]) -> Result<()> {
    let site = site.map_or_else(String::new, |site| format!("{site}: "));
    let lines = outcomes.iter().map(|(period, outcome)| {
        let outcome = match outcome {
            Exported::Added => "exported",
            Exported::Removed => "removed",
            Exported::Nothing => "not exported: nothing is large enough",
        };
        format!("{site}{period} {outcome}\n")
    });
    show(&lines.collect::<String>())
}

fn table(name: &str) -> std::result::Result<Table, String> {
    Table::named(name).ok_or_else(|| {
        let names = Table::ALL.map(Table::name).join(", ");
        format!("the tables are {names}")
    })
}
