//! What a format reads of a line, field by field, for people.

use super::{Format, plan::Field};
use crate::time::Provides;

/// A part of a line, in the order of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'f> {
    /// Bytes that stand in every line.
    Literal(&'f [u8]),
    /// A field.
    Field {
        /// Its name in the format string.
        name: &'f str,
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
    /// The client's address as proxies forwarded it.
    ForwardedFor,
    /// The virtual host.
    Host,
    /// The request's method.
    Method,
    /// Whether the client asks not to be counted.
    OptOut,
    /// The request's path.
    Path,
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
    /// The `User-Agent` header.
    UserAgent,
}

impl Format {
    /// The parts of a line, in order.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let lead = Some(Part::Literal(&self.plan.lead));
        let steps = self.plan.steps.iter().flat_map(|step| {
            let field = Part::Field {
                name: &step.name,
                meaning: Meaning::of(&step.field),
            };
            [field, Part::Literal(&step.literal)]
        });
        lead.into_iter()
            .chain(steps)
            .filter(|part| *part != Part::Literal(b""))
    }

    /// Whether its times say of which zone they are; those of other formats are taken to be of the
    /// parser's.
    #[must_use]
    pub fn has_zone(&self) -> bool {
        let times = self.plan.steps.iter().map(|step| match &step.field {
            Field::Time(pattern) => pattern.provides(),
            Field::TimeClf => Provides::ZONE,
            _ => Provides::default(),
        });
        times
            .fold(Provides::default(), |all, provides| all | provides)
            .is_absolute()
    }
}

impl Meaning {
    const fn of(field: &Field) -> Self {
        match field {
            Field::Bytes => Self::Bytes,
            Field::Client => Self::Client,
            Field::ForwardedFor => Self::ForwardedFor,
            Field::Host => Self::Host,
            Field::Method => Self::Method,
            Field::OptOut => Self::OptOut,
            Field::Path => Self::Path,
            Field::Query => Self::Query,
            Field::Referrer => Self::Referrer,
            Field::Request => Self::Request,
            Field::Status => Self::Status,
            Field::Time(_) | Field::TimeClf => Self::Time,
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
        let field = |name, meaning| Part::Field { name, meaning };
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
}
