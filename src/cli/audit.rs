//! `hushlog audit`: tries to find anything personal in what was released.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hushlog::{
    audit::{AgainstLog, Audit},
    error::Result,
    input::{NamedHosts, Selection},
};

use super::{
    Exit,
    log_format::LogFormatArguments,
    messages,
    opt_out::OptOutArguments,
    progress::{self, ProgressArguments},
    show,
};

/// The motivated intruder: tries to find anything personal in what was released
///
/// Without the log it re-checks all that a stranger sees: the ledger and all digests, columns, order and
/// arithmetic of the tables, the threshold as far as it shows, and every byte for what looks personal or
/// would run. With --against it searches every file for every identifier of the log in all spellings,
/// and counts each row again. Several folders are also subtracted from each other.
///
/// Exits with 0 if nothing was found, with 3 if something was. No finding quotes the log.
#[derive(Args)]
pub(super) struct AuditArguments {
    /// Output folders of `report`; the folders of sites in them are audited one by one
    #[arg(required = true)]
    folders: Vec<PathBuf>,

    /// Ledger of all releases, if not in the output folder
    #[arg(long, env = "HUSHLOG_LEDGER", value_name = "FILE")]
    ledger: Option<PathBuf>,

    /// How the result is told
    #[arg(long, value_enum, default_value_t)]
    format: FormatArgument,

    #[command(flatten)]
    progress: ProgressArguments,

    #[command(flatten)]
    log: LogArguments,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum FormatArgument {
    /// In words: what was tried, what was found, what cannot be tested
    #[default]
    Text,
    /// For programs
    Json,
}

/// The log, and what manifests do not tell of the settings that it was released under.
#[derive(Args)]
#[command(next_help_heading = "Against the log, as `report` was told")]
struct LogArguments {
    /// The log files that the releases were made from
    #[arg(long, num_args = 1.., value_name = "INPUT")]
    against: Vec<PathBuf>,

    #[command(flatten)]
    log: LogFormatArguments,

    #[command(flatten)]
    opt_out: OptOutArguments,

    /// Host name of the site
    #[arg(long, env = "HUSHLOG_SITE_HOST", value_name = "HOST")]
    site_host: Vec<String>,

    /// Where names of log files have the host
    #[arg(long, env = "HUSHLOG_HOST_FROM_FILE", value_name = "PATTERN")]
    host_from_file: Vec<String>,

    /// Clients that were left out
    #[arg(long, env = "HUSHLOG_EXCLUDE_IP", value_name = "CIDR")]
    exclude_ip: Vec<String>,

    /// Paths that were left out
    #[arg(long, env = "HUSHLOG_EXCLUDE_PATH", value_name = "GLOB")]
    exclude_path: Vec<String>,

    /// Virtual hosts that were left out
    #[arg(long, env = "HUSHLOG_EXCLUDE_HOST", value_name = "GLOB")]
    exclude_host: Vec<String>,

    /// Virtual hosts that alone were let in
    #[arg(long, env = "HUSHLOG_INCLUDE_HOST", value_name = "GLOB")]
    include_host: Vec<String>,

    /// Region database
    #[arg(long, env = "HUSHLOG_GEO_DB", value_name = "FILE")]
    geo_db: Vec<PathBuf>,
}

/// Audits and tells.
pub(super) fn run(arguments: &AuditArguments) -> Result<Exit> {
    let log = arguments.log.settings()?;
    let total = log.as_ref().and_then(|log| progress::size(&log.sources));
    let audit = arguments.progress.shown(log.is_none(), total, |progress| {
        let ledger = arguments.ledger.as_deref();
        Audit::of(&arguments.folders, ledger, log.as_ref(), progress)
    })?;
    let told = match arguments.format {
        FormatArgument::Text => audit.text(),
        FormatArgument::Json => format!("{:#}\n", audit.json()),
    };
    show(&told)?;
    Ok(if audit.is_clean() {
        Exit::Done
    } else {
        Exit::Refused
    })
}

impl LogArguments {
    /// The log to audit against, if one is named.
    fn settings(&self) -> Result<Option<AgainstLog>> {
        if self.against.is_empty() {
            return Ok(None);
        }
        let Selection {
            sources, repeated, ..
        } = Selection::new(&self.against)?;
        messages::named_twice(&repeated);
        let hosts = NamedHosts::new(&self.host_from_file)?;
        hosts.check(&sources)?;
        Ok(Some(AgainstLog {
            format: self.log.chosen()?,
            opt_out_cookies: self.opt_out.cookies().to_vec(),
            with_opt_out_addresses: self.opt_out.have_addresses(),
            opt_outs: self.opt_out.addresses()?,
            log_tz: self.log.zone()?,
            hosts,
            sources,
            site_hosts: self.site_host.clone(),
            exclude_ip: self.exclude_ip.clone(),
            exclude_path: self.exclude_path.clone(),
            exclude_host: self.exclude_host.clone(),
            include_host: self.include_host.clone(),
            geo_db: self.geo_db.clone(),
        }))
    }
}
