//! Cookies by which clients ask not to be counted: which ones settings name, and whether a field has one.

use std::{fmt, str::FromStr, sync::Arc};

use crate::{
    error::{Error, Result},
    record::Text,
};

/// A cookie by which clients ask not to be counted: `NAME`, with any value, or `NAME=VALUE`.
///
/// Its name is compared in any case, as Apache and nginx do where a format string names a cookie. An
/// empty value is none, nor is the `-` that servers write for a cookie that was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOutCookie {
    name: Box<str>,
    value: Option<Box<str>>,
}

impl fmt::Display for OptOutCookie {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(formatter, "{}={value}", self.name),
            None => formatter.write_str(&self.name),
        }
    }
}

impl FromStr for OptOutCookie {
    type Err = Error;

    fn from_str(setting: &str) -> Result<Self> {
        let (name, value) = match setting.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (setting, None),
        };
        if ![Some(name), value].into_iter().flatten().all(is_plain) {
            return Err(Error::Setting(format!(
                "opt-out cookie {setting:?}: expected NAME or NAME=VALUE, both of letters, digits, '-', '_' \
                 and '.'"
            )));
        }
        Ok(Self {
            name: name.into(),
            value: value.map(Into::into),
        })
    }
}

/// Whether servers write the text as it was sent, whatever they escape.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

impl OptOutCookie {
    /// Whether a pair of the `Cookie` header (RFC 6265, section 4.2.1) is this cookie.
    fn is_pair(&self, pair: &[u8]) -> bool {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let name = parts.next().unwrap_or_default().trim_ascii();
        let value = parts.next().unwrap_or_default();
        name.eq_ignore_ascii_case(self.name.as_bytes()) && self.is_set_by(value)
    }

    fn is_set_by(&self, value: &[u8]) -> bool {
        let value = value.trim_ascii();
        let quoted = value.strip_prefix(b"\"");
        let value = quoted
            .and_then(|value| value.strip_suffix(b"\""))
            .unwrap_or(value);
        match &self.value {
            Some(own) => value == own.as_bytes(),
            None => !matches!(value, b"" | b"-"),
        }
    }
}

/// What a field tells of cookies: nothing, unless settings name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cookies {
    /// The only cookie whose value it is; none where it is the `Cookie` header.
    name: Option<Box<str>>,
    heeded: Option<Arc<[OptOutCookie]>>,
}

impl Cookies {
    /// The `Cookie` header.
    pub(super) const fn header() -> Self {
        Self {
            name: None,
            heeded: None,
        }
    }

    /// The value of one cookie.
    pub(super) fn of_name(name: &str) -> Self {
        Self {
            name: Some(name.into()),
            heeded: None,
        }
    }

    /// The same field where those of the cookies that it can tell of are heeded.
    pub(super) fn heeding(&self, cookies: &[OptOutCookie]) -> Self {
        let can_tell = |cookie: &&OptOutCookie| {
            let name = self.name.as_ref();
            name.is_none_or(|name| name.eq_ignore_ascii_case(&cookie.name))
        };
        let heeded: Arc<[_]> = cookies.iter().filter(can_tell).cloned().collect();
        Self {
            name: self.name.clone(),
            heeded: (!heeded.is_empty()).then_some(heeded),
        }
    }

    /// Whether it is of any use.
    pub(super) const fn is_heeded(&self) -> bool {
        self.heeded.is_some()
    }

    /// Whether the value has a cookie by which the client asks not to be counted.
    pub(super) fn opt_out(&self, value: Text<'_>) -> bool {
        let mut cookies = self.heeded.iter().flat_map(|cookies| cookies.iter());
        // Values without escapes, as most are, take no room here.
        let mut buffer = Vec::new();
        let value = value.decode(&mut buffer);
        match &self.name {
            Some(_) => cookies.any(|cookie| cookie.is_set_by(value)),
            None => cookies.any(|cookie| {
                let mut pairs = value.split(|byte| *byte == b';');
                pairs.any(|pair| cookie.is_pair(pair))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Escape;

    fn opts_out(field: &Cookies, settings: &[&str], raw: &str, escape: Escape) -> bool {
        let cookies: Vec<OptOutCookie> = settings.iter().map(|it| it.parse().unwrap()).collect();
        let raw = raw.as_bytes();
        field.heeding(&cookies).opt_out(Text { raw, escape })
    }

    #[test]
    fn the_header_has_the_cookie_wherever_it_stands() {
        for (setting, header, expected) in [
            ("optout", "optout=1", true),
            ("optout", "a=b; OptOut=yes; c=d", true),
            ("optout", "a=b;optout=x", true),
            ("optout", "a=optout=1", false),
            ("optout", "nooptout=1", false),
            ("optout", "optout2=1", false),
            ("optout", "optout", false),
            ("optout", "optout=", false),
            ("optout", "-", false),
            ("optout", "", false),
            ("optout=1", "optout=1", true),
            ("optout=1", "optout=\"1\"", true),
            ("optout=1", "optout=0", false),
            ("optout=1", "optout=11", false),
            ("optout=1", "optout=0; optout=1", true),
        ] {
            let found = opts_out(&Cookies::header(), &[setting], header, Escape::Literal);
            assert_eq!(found, expected, "{setting} in {header}");
        }
    }

    #[test]
    fn escapes_of_the_server_are_undone() {
        for (escape, header) in [
            (Escape::Backslash, r#"a=\"x\"; optout=\"1\""#),
            (Escape::Json, r#"a=\"x\"; optout=\"1\""#),
            (Escape::Plus, "a=x;+optout=1"),
            (Escape::Percent, "a=x;%20optout=1"),
            (Escape::Percent, "a=x;%2520optout=1"),
            (Escape::Hash, "a=x#3B optout=1"),
        ] {
            let found = opts_out(&Cookies::header(), &["optout=1"], header, escape);
            assert!(found, "{escape:?}");
        }
    }

    #[test]
    fn a_field_of_one_cookie_has_its_value_only() {
        let field = Cookies::of_name("OPTOUT");
        for (settings, value, expected) in [
            (&["optout"][..], "1", true),
            (&["optout"], "-", false),
            (&["optout"], "", false),
            (&["optout=yes"], "yes", true),
            (&["optout=yes"], "no", false),
            (&["other", "optout=yes"], "yes", true),
            (&["other"], "1", false),
        ] {
            let found = opts_out(&field, settings, value, Escape::Literal);
            assert_eq!(found, expected, "{settings:?} {value}");
        }
        assert!(!field.heeding(&["other".parse().unwrap()]).is_heeded());
        assert!(!field.is_heeded() && !Cookies::header().heeding(&[]).is_heeded());
    }

    #[test]
    fn settings_of_another_shape_are_refused() {
        for setting in [
            "", "=1", "a=", "a b", "a=b;c", "a=b=c", "a=%20", "naïve", "a\n",
        ] {
            assert!(setting.parse::<OptOutCookie>().is_err(), "{setting:?}");
        }
    }
}
