//! Mixed logs: each line is read as the known format that fits it, told apart by how lines begin.

use memchr::memmem::Finder;

use super::{
    cookies::OptOutCookie,
    json::Members,
    layout::{Layout, is_address},
    plan::{Field, Plan, end_of_word},
    row::Row,
};
use crate::{record::Record, stats::Rule, time::Clock};

/// How many words of a line tell what it may be.
const WORDS: usize = 4;

/// Layouts of which each line has one, from the most specific to the least.
///
/// What other lines were is not considered: then the result would depend on where chunks begin.
#[derive(Clone, Debug)]
pub(super) struct Mixed {
    candidates: Box<[Candidate]>,
}

/// A layout that a line may have.
#[derive(Clone, Debug)]
struct Candidate {
    layout: Layout,
    sign: Sign,
}

/// What all lines of a layout have, and many others have not; cheaper to look for than the rest.
#[derive(Clone, Debug)]
enum Sign {
    /// The client in the word of that number: an address, or the line is not read so while another
    /// layout takes an address from it.
    Client(usize),
    /// A date in the word of that number.
    Date(usize),
    /// One of these names of members, in an object.
    Member(Box<[Finder<'static>]>),
    /// None.
    Unknown,
}

impl Mixed {
    pub(super) fn of(mut layouts: Vec<Layout>) -> Self {
        layouts.sort_by_key(|layout| std::cmp::Reverse(layout.fields()));
        let candidates = layouts.into_iter().map(|layout| Candidate {
            sign: Sign::of(&layout),
            layout,
        });
        Self {
            candidates: candidates.collect(),
        }
    }

    /// The same where those cookies are heeded.
    pub(super) fn heeding(&self, cookies: &[OptOutCookie]) -> Self {
        let candidates = self.candidates.iter().map(|candidate| Candidate {
            layout: candidate.layout.heeding(cookies),
            sign: candidate.sign.clone(),
        });
        Self {
            candidates: candidates.collect(),
        }
    }

    /// How many fields of a record a line fills at most.
    pub(super) fn fields(&self) -> usize {
        let fields = self.layouts().map(Layout::fields);
        fields.max().unwrap_or(0)
    }

    /// The record of a line.
    pub(super) fn read<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
    ) -> Result<Option<Record<'a>>, Rule> {
        let found = self.layout_of(line, clock)?;
        Ok(found.map(|(_, record)| record))
    }

    /// The first layout that takes an address for the client, else the first that fits, and the record by
    /// it.
    pub(super) fn layout_of<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
    ) -> Result<Option<(&Layout, Record<'a>)>, Rule> {
        let mut opening = Opening::of(line);
        for Candidate { layout, sign } in &self.candidates {
            if opening.shows(sign)
                && let Ok(Some(record)) = layout.read(line, clock)
                && (matches!(sign, Sign::Client(_)) || is_address(record.client))
            {
                return Ok(Some((layout, record)));
            }
        }
        self.read_without_address(line, clock)
    }

    /// The record of a line that no layout takes an address from: by the first layout that fits and takes
    /// no number for the client, as columns of another log would be.
    #[cold]
    fn read_without_address<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
    ) -> Result<Option<(&Layout, Record<'a>)>, Rule> {
        let (mut is_ignored, mut first_broken) = (false, None);
        let may_begin =
            |layout: &&Layout| !matches!(layout, Layout::Json(_)) || Members::may_begin(line);
        for layout in self.layouts().filter(may_begin) {
            match layout.read(line, clock) {
                Ok(Some(record)) if is_number(record.client) => {}
                Ok(Some(record)) => return Ok(Some((layout, record))),
                Ok(None) => is_ignored = true,
                Err(rule) => first_broken = first_broken.or(Some(rule)),
            }
        }
        match first_broken {
            Some(rule) if !is_ignored => Err(rule),
            _ => Ok(None),
        }
    }

    fn layouts(&self) -> impl Iterator<Item = &Layout> {
        self.candidates.iter().map(|candidate| &candidate.layout)
    }
}

/// Whether a client is a bare number.
fn is_number(client: &[u8]) -> bool {
    !client.is_empty() && client.iter().all(u8::is_ascii_digit)
}

impl Sign {
    fn of(layout: &Layout) -> Self {
        match layout {
            Layout::Json(members) => Self::of_members(members),
            Layout::Plan(plan) => Self::of_plan(plan),
            Layout::Row(row) => Self::of_row(row),
            Layout::HaProxy(_) | Layout::Mixed(_) | Layout::W3c(_) => Self::Unknown,
        }
    }

    fn of_members(members: &Members) -> Self {
        let finder = |path: &String| {
            let name = path.rsplit('.').next().unwrap_or(path);
            Finder::new(&format!("\"{name}\"")).into_owned()
        };
        Self::Member(members.needed().iter().map(finder).collect())
    }

    fn of_plan(plan: &Plan) -> Self {
        let is_client = |field: &Field| matches!(field, Field::Client);
        match plan.steps.iter().position(|step| is_client(&step.field)) {
            Some(place) if place < WORDS && plan.begins_with_words(place) => Self::Client(place),
            _ => Self::Unknown,
        }
    }

    fn of_row(row: &Row) -> Self {
        let place = row.columns.iter().position(|field| **field != Field::Word);
        match place.map(|place| (place, &*row.columns[place])) {
            Some((place, Field::Moment)) if place < WORDS => Self::Date(place),
            _ => Self::Unknown,
        }
    }
}

/// The beginning of a line, of which each word is looked at once.
struct Opening<'a> {
    line: &'a [u8],
    words: [&'a [u8]; WORDS],
    /// What was found out of each word, whether it is an address.
    addresses: [Option<bool>; WORDS],
}

impl<'a> Opening<'a> {
    #[inline]
    fn of(line: &'a [u8]) -> Self {
        let mut rest = line;
        let words = [(); WORDS].map(|()| {
            let (word, after) = rest.split_at(end_of_word(rest));
            rest = after.get(1..).unwrap_or_default();
            word
        });
        Self {
            line,
            words,
            addresses: [None; WORDS],
        }
    }

    /// Whether the line may be of the layout that has the sign.
    #[inline]
    fn shows(&mut self, sign: &Sign) -> bool {
        match sign {
            Sign::Client(place) => {
                let word = self.words[*place];
                *self.addresses[*place].get_or_insert_with(|| is_address(word))
            }
            Sign::Date(place) => matches!(self.words[*place], [b'[' | b'0'..=b'9', ..]),
            Sign::Member(names) => {
                Members::may_begin(self.line)
                    && names.iter().any(|name| name.find(self.line).is_some())
            }
            Sign::Unknown => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        format::{Format, Parsed},
        time::TimeZone,
    };

    const COMBINED: &str =
        r#"203.0.113.7 - - [21/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "A/1""#;

    #[test]
    fn in_a_mixed_log_each_line_is_of_any_known_format() {
        let mut parser = "mixed".parse::<Format>().unwrap().parser(TimeZone::UTC);
        let mut check = |line: &str, client: Option<&str>| {
            let found = match parser.parse(line.as_bytes()) {
                Parsed::Record(record) => Some(record.client.escape_ascii().to_string()),
                Parsed::Ignored => Some("ignored".into()),
                Parsed::Malformed(_) => None,
            };
            assert_eq!(found.as_deref(), client, "{line}");
        };
        check(COMBINED, Some("203.0.113.7"));
        check(&COMBINED.replace("- -", "- john doe"), Some("203.0.113.7"));
        check(
            &COMBINED.replace("203.0.113.7", "host.example.net"),
            Some("host.example.net"),
        );
        check(&format!("example.org:443 {COMBINED}"), Some("203.0.113.7"));
        check(
            r#"{"remote_addr":"::1","msec":"1794297600.250","request":"GET / HTTP/1.1"}"#,
            Some("::1"),
        );
        check(
            r#"{"level":"info","ts":1,"logger":"tls","msg":"started"}"#,
            Some("ignored"),
        );
        check(r#"{"level":"info","ts":1,"msg":"started"}"#, None);
        check("Proxy site started.", None);
        check("", Some("ignored"));
        // A load balancer's log of connections: a port where that of requests has the client.
        let connection =
            r#"2026-11-21T09:00:00.000000Z 203.0.113.7 58206 443 - - - "-" - - - TID_1"#;
        check(connection, None);
        check(
            "a 58206 - - [21/Nov/2026:09:00:00 +0000] \"GET /\" 200 5",
            Some("a"),
        );
    }
}
