//! The setting that names a format: a name, a format string, a field list or map, in a wrapper or not.

use std::{str::FromStr, sync::Arc};

use super::{
    DateFormats, Format, compile::refused, haproxy::Captures, json::Members, layout::Layout,
    mixed::Mixed, predefined, w3c::Directives, wrapper::Wrapper,
};
use crate::error::{Error, Result};

impl FromStr for Format {
    type Err = Error;

    /// The format of a setting:
    ///
    /// - a name of [`Format::names`], or `mixed`, where each line is of any known format;
    /// - a format string of Apache, nginx or `GoAccess`;
    /// - `w3c:date time c-ip …`: a W3C log without directives;
    /// - `json:client=request.ip,time=ts,…`: which members of JSON objects say what;
    /// - `haproxy:host|agent|…`: which request headers are captured, in their order;
    /// - any of these after `cri:`, `docker:`, `syslog:` or `compose:`, by which its lines are wrapped.
    fn from_str(setting: &str) -> Result<Self> {
        Self::of_setting(setting, &DateFormats::default())
    }
}

impl Format {
    /// The format of a setting, as by [`from_str`](Self::from_str), where the dates of a string for
    /// `GoAccess` are of the formats given.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where the setting names none, or one that cannot be used.
    pub fn of_setting(setting: &str, dates: &DateFormats) -> Result<Self> {
        match Wrapper::split(setting) {
            Some((wrapper, setting)) => bare(setting, dates)?
                .wrapped(Some(wrapper))
                .ok_or_else(|| refused("W3C logs cannot be read from within a wrapper")),
            None => bare(setting, dates),
        }
    }

    /// The setting by which a format that was found out is found again; `None` for one without a name.
    #[must_use]
    pub fn setting(&self) -> Option<String> {
        let name = self.name()?;
        Some(match self.wrapper_name() {
            Some(wrapper) => format!("{wrapper}:{name}"),
            None => name.to_owned(),
        })
    }
}

/// The format of a setting without a wrapper.
fn bare(setting: &str, dates: &DateFormats) -> Result<Format> {
    if let Some((kind, rest)) = setting.split_once(':') {
        let layout = match kind.to_ascii_lowercase().as_str() {
            "haproxy" => Some(Layout::HaProxy(Arc::new(Captures::of_names(rest)?))),
            "json" => Some(Layout::Json(Arc::new(Members::of_map(rest)?))),
            "w3c" => Some(Layout::W3c(Box::new(Directives::of_columns(rest)?))),
            _ => None,
        };
        if let Some(layout) = layout {
            return Ok(Format::of(layout));
        }
    }
    if setting.eq_ignore_ascii_case("mixed") {
        return Ok(mixed());
    }
    Format::named(setting).map_or_else(|| Format::from_dated_spec(setting, dates), Ok)
}

/// All known formats but those with directives, from the most specific to the least.
pub(super) fn mixed() -> Format {
    let layouts = predefined::FORMATS
        .iter()
        .map(|known| known.format().layout)
        .filter(|layout| !matches!(layout, Layout::W3c(_)));
    Format {
        name: Some("mixed"),
        ..Format::of(Layout::Mixed(Arc::new(Mixed::of(layouts.collect()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{format::Parsed, time::TimeZone};

    const COMBINED: &str =
        r#"203.0.113.7 - - [21/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "A/1""#;

    #[test]
    fn a_setting_may_have_a_wrapper() {
        let check = |setting: &str, line: &str| {
            let format: Format = setting.parse().unwrap();
            let mut buffer = Vec::new();
            let line = format.unwrapped(line.as_bytes(), &mut buffer);
            let parsed = format.parser(TimeZone::UTC).parse(line);
            assert!(matches!(parsed, Parsed::Record(_)), "{setting}: {parsed:?}");
        };
        check("combined", COMBINED);
        check("compose:combined", &format!("web-1  | {COMBINED}"));
        check("compose:combined", COMBINED);
        check(
            "CRI:Combined",
            &format!("2026-11-21T09:00:00Z stdout F {COMBINED}"),
        );
        check(
            "docker:combined",
            &serde_json::json!({ "log": format!("{COMBINED}\n") }).to_string(),
        );
        check(
            r#"syslog:%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
            &format!("Nov 21 09:00:00 web httpd[1]: {COMBINED}"),
        );
        check(
            "docker:json:client=ip,time=ts,path=p",
            r#"{"log":"{\"ip\":\"::1\",\"ts\":1,\"p\":\"/\"}\n"}"#,
        );
    }

    #[test]
    fn what_is_no_format_is_refused() {
        for setting in [
            "docker:w3c",
            "cri:w3c:date time c-ip",
            "docker:",
            "cri:nothing",
            "json:",
            "haproxy:x",
            "iis2",
            "",
        ] {
            assert!(setting.parse::<Format>().is_err(), "{setting}");
        }
    }
}
