//! The log format that a user means: a name, a format string, or a server's configuration.

use std::{fs, path::Path};

use clap::Args;
use hushlog::{
    error::{Error, Result},
    format::{DateFormats, Dialect, Format},
    time::TimeZone,
};

use super::zone;

/// How the dates of a `GoAccess` format string are written.
#[derive(Args)]
pub(super) struct DateArguments {
    /// Format of %d in a GoAccess format string [default: %d/%b/%Y]
    #[arg(long, env = "HUSHLOG_DATE_FORMAT", value_name = "FORMAT")]
    date_format: Option<String>,

    /// Format of %t and %x in a GoAccess format string [default: %H:%M:%S]
    #[arg(long, env = "HUSHLOG_TIME_FORMAT", value_name = "FORMAT")]
    time_format: Option<String>,
}

/// The time zone of logs.
#[derive(Args)]
pub(super) struct LogZoneArguments {
    /// Time zone of logs whose times have none
    #[arg(
        long,
        default_value = "UTC",
        env = "HUSHLOG_LOG_TZ",
        value_name = "ZONE"
    )]
    log_tz: String,
}

/// The format of logs, and what it may leave open.
#[derive(Args)]
pub(super) struct LogFormatArguments {
    /// `auto`, `mixed`, a name such as combined, a format string of Apache, nginx or GoAccess, @FILE[:NAME] for
    /// one that a server's configuration declares, `w3c:FIELDS`, `json:MAP` or `haproxy:HEADERS`; all but
    /// `auto` and @FILE also in a wrapper, after `cri:`, `docker:`, `syslog:` or `compose:`
    #[arg(
        short = 'f',
        long,
        default_value = "auto",
        env = "HUSHLOG_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    log_format: String,

    #[command(flatten)]
    dates: DateArguments,

    #[command(flatten)]
    zone: LogZoneArguments,
}

impl LogFormatArguments {
    /// The format meant; `None` if it is to be found out.
    pub(super) fn chosen(&self) -> Result<Option<Format>> {
        chosen(&self.log_format, &self.dates)
    }

    /// The time zone of logs that have none of their own.
    pub(super) fn zone(&self) -> Result<TimeZone> {
        self.zone.zone()
    }

    /// What was said of the format.
    pub(super) fn text(&self) -> &str {
        &self.log_format
    }
}

/// The format meant; `None` if it is to be found out.
pub(super) fn chosen(text: &str, dates: &DateArguments) -> Result<Option<Format>> {
    if dates.is_given() && !is_goaccess(text) {
        return Err(Error::Setting(
            "--date-format and --time-format belong to GoAccess format strings, such as '%h %^[%d:%t \
             %^] \"%r\" %s %b'"
                .to_owned(),
        ));
    }
    if text == "auto" {
        return Ok(None);
    }
    if let Some(place) = text.strip_prefix('@') {
        return configured(place).map(Some);
    }
    Format::of_setting(text, &dates.formats()).map(Some)
}

/// The name of a known format, and of what its lines are wrapped in.
pub(super) fn described(format: &Format) -> Option<String> {
    let name = format.name()?;
    Some(match format.wrapper_name() {
        Some(wrapper) => format!("{name}, in the wrapper {wrapper}"),
        None => name.to_owned(),
    })
}

impl DateArguments {
    const fn is_given(&self) -> bool {
        self.date_format.is_some() || self.time_format.is_some()
    }

    fn formats(&self) -> DateFormats {
        DateFormats {
            date: self.date_format.clone(),
            time: self.time_format.clone(),
        }
    }
}

impl LogZoneArguments {
    /// The time zone of that name.
    pub(super) fn zone(&self) -> Result<TimeZone> {
        zone(&self.log_tz)
    }
}

/// Whether the text is a format string for `GoAccess`.
fn is_goaccess(text: &str) -> bool {
    !text.starts_with('@') && Dialect::of(text) == Dialect::GoAccess
}

/// The format of a configuration: `FILE`, or `FILE:NAME`.
fn configured(place: &str) -> Result<Format> {
    let (file, name) = match place.rsplit_once(':') {
        Some((file, name)) if !Path::new(place).exists() => (file, Some(name)),
        _ => (place, None),
    };
    let bytes = fs::read(file).map_err(|source| Error::Read {
        name: file.to_owned(),
        source,
    })?;
    Format::from_configuration(file, &String::from_utf8_lossy(&bytes), name)
}
