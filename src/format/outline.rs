//! What a format reads of a line, field by field, for people.

use std::borrow::Cow;

use super::{
    Format,
    layout::Layout,
    plan::{Field, Plan},
    wrapper::Wrapper,
};
use crate::time::Provides;

/// A part of a line, in the order of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'f> {
    /// Bytes that stand in every line.
    Literal(&'f [u8]),
    /// A field.
    Field {
        /// Its name: what the format string has for it, or the layout's word for it.
        name: Cow<'f, str>,
        /// What is made of it.
        meaning: Meaning,
    },
}

/// What is made of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// Bytes sent.
    Bytes,
    /// The client's address.
    Client,
    /// Cookies that nobody asked for.
    Cookies,
    /// The client's address as proxies forwarded it.
    ForwardedFor,
    /// The virtual host.
    Host,
    /// The request's method.
    Method,
    /// Whether the client asks not to be counted.
    OptOut,
    /// Cookies by which the client may ask not to be counted.
    OptOutCookies,
    /// The request's path.
    Path,
    /// The request line with the virtual host in it.
    ProxyRequest,
    /// The query string.
    Query,
    /// The `Referer` header.
    Referrer,
    /// The request line.
    Request,
    /// The status.
    Status,
    /// The time, or a part of it.
    Time,
    /// Nothing: it is read over.
    Unused,
    /// The target as an absolute URL, with the virtual host in it.
    Url,
    /// The `User-Agent` header.
    UserAgent,
}

impl Format {
    /// The parts of a line, in order. None where only the log itself tells them, by its directives or
    /// line by line.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let parts = match &self.layout {
            Layout::HaProxy(captures) => named(captures.outline()),
            Layout::Json(members) => named(members.outline()),
            Layout::Mixed(_) => Vec::new(),
            Layout::Plan(plan) => parts_of_plan(plan),
            Layout::Row(row) => named(row.outline()),
            Layout::W3c(directives) => named(directives.outline()),
        };
        parts.into_iter()
    }

    /// Whether its times say of which zone they are; those of other formats are taken to be of the
    /// parser's.
    #[must_use]
    pub fn has_zone(&self) -> bool {
        match &self.layout {
            Layout::HaProxy(_) | Layout::Mixed(_) => false,
            Layout::Json(_) | Layout::Row(_) => true,
            Layout::Plan(plan) => has_zone(plan),
            Layout::W3c(directives) => directives.have_zone(),
        }
    }

    /// Whether a format string, in any dialect, says how its lines are read.
    #[must_use]
    pub const fn is_of_string(&self) -> bool {
        matches!(self.layout, Layout::Plan(_))
    }

    /// The name of what its lines are wrapped in, where they are.
    #[must_use]
    pub fn wrapper_name(&self) -> Option<&'static str> {
        self.wrapper.map(Wrapper::name)
    }
}

fn parts_of_plan(plan: &Plan) -> Vec<Part<'_>> {
    let steps = plan.steps.iter().flat_map(|step| {
        let field = Part::Field {
            name: Cow::Borrowed(&*step.name),
            meaning: Meaning::of(&step.field),
        };
        [field, Part::Literal(&step.literal)]
    });
    [Part::Literal(&plan.lead)]
        .into_iter()
        .chain(steps)
        .filter(|part| *part != Part::Literal(b""))
        .collect()
}

/// The fields of a layout without literals.
fn named<'f>(fields: impl IntoIterator<Item = (String, Meaning)>) -> Vec<Part<'f>> {
    let part = |(name, meaning)| Part::Field {
        name: Cow::Owned(name),
        meaning,
    };
    fields.into_iter().map(part).collect()
}

fn has_zone(plan: &Plan) -> bool {
    let times = plan.steps.iter().map(|step| match &*step.field {
        Field::Time(pattern) => pattern.provides(),
        Field::TimeClf => Provides::ZONE,
        _ => Provides::default(),
    });
    times
        .fold(Provides::default(), |all, provides| all | provides)
        .is_absolute()
}

impl Meaning {
    /// What is made of a field that says so.
    pub(super) const fn of(field: &Field) -> Self {
        match field {
            Field::Bytes => Self::Bytes,
            Field::Client | Field::ClientAndPort => Self::Client,
            Field::Cookies(cookies) if cookies.is_heeded() => Self::OptOutCookies,
            Field::Cookies(_) => Self::Cookies,
            Field::ForwardedFor => Self::ForwardedFor,
            Field::Host => Self::Host,
            Field::Method => Self::Method,
            Field::OptOut => Self::OptOut,
            Field::Path => Self::Path,
            Field::ProxyRequest => Self::ProxyRequest,
            Field::Query => Self::Query,
            Field::Referrer => Self::Referrer,
            Field::Request => Self::Request,
            Field::ResultStatus | Field::Status => Self::Status,
            Field::Moment | Field::Time(_) | Field::TimeClf => Self::Time,
            Field::Url => Self::Url,
            Field::UserAgent => Self::UserAgent,
            Field::List
            | Field::OtherPath
            | Field::OtherTime(_)
            | Field::Port
            | Field::Protocol
            | Field::Spaces
            | Field::Text
            | Field::Word => Self::Unused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_line_have_the_names_of_the_format_string() {
        let field = |name: &'static str, meaning| Part::Field {
            name: name.into(),
            meaning,
        };
        let format = Format::from_spec(r#"%h %t "%m %U%q %H" %l%u"#).unwrap();
        let parts: Vec<_> = format.parts().collect();
        let expected = [
            field("%h", Meaning::Client),
            Part::Literal(b" ["),
            field("%t", Meaning::Time),
            Part::Literal(b"] \""),
            field("%m %U%q %H", Meaning::Request),
            Part::Literal(b"\" "),
            field("%l%u", Meaning::Unused),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn a_count_since_the_epoch_needs_no_zone() {
        let check = |spec: &str, has_zone: bool| {
            assert_eq!(
                Format::from_spec(spec).unwrap().has_zone(),
                has_zone,
                "{spec}"
            );
        };
        check("%h %t", true);
        check("%h %{sec}t", true);
        check("%h %{%F %T}t", false);
        check("%h %{%F %T %Z}t", false);
        check("$remote_addr $time_iso8601", true);
        check("%h [%d:%t %^]", true);
        check("%h [%d:%t]", false);
    }

    #[test]
    fn the_fields_of_other_layouts_have_names_too() {
        let check = |setting: &str, fields: &[(&str, Meaning)]| {
            let format: Format = setting.parse().unwrap();
            let parts: Vec<_> = format.parts().collect();
            let expected = named(
                fields
                    .iter()
                    .map(|(name, meaning)| ((*name).into(), *meaning)),
            );
            assert_eq!(parts, expected, "{setting}");
        };
        check(
            "json:client=a.ip|ip,time=ts,url=a.u",
            &[
                ("ip", Meaning::Client),
                ("a.ip", Meaning::Client),
                ("a.u", Meaning::Url),
                ("ts", Meaning::Time),
            ],
        );
        check(
            "docker:haproxy:host|-",
            &[
                ("client", Meaning::Client),
                ("accept date", Meaning::Time),
                ("status", Meaning::Status),
                ("bytes read", Meaning::Bytes),
                ("captured header 1", Meaning::Host),
                ("captured header 2", Meaning::Unused),
                ("request line", Meaning::Request),
            ],
        );
        check(
            "w3c:date time c-ip cs-version",
            &[
                ("date", Meaning::Time),
                ("time", Meaning::Time),
                ("c-ip", Meaning::Client),
                ("cs-version", Meaning::Unused),
            ],
        );
        check("w3c", &[]);
        check("mixed", &[]);
        let squid = Format::named("squid").unwrap();
        let host = Part::Field {
            name: "column 7".into(),
            meaning: Meaning::Url,
        };
        assert!(squid.parts().any(|part| part == host));
    }

    #[test]
    fn columns_of_the_servers_clock_have_no_zone() {
        for (setting, has_zone) in [
            ("w3c", true),
            ("w3c:date time c-ip", true),
            ("w3c:date-local time-local c-ip", false),
            ("haproxy", false),
            ("caddy", true),
        ] {
            assert_eq!(
                setting.parse::<Format>().unwrap().has_zone(),
                has_zone,
                "{setting}"
            );
        }
    }
}
