//! The W3C extended log format, in which directives among the lines say what the columns are: IIS,
//! Amazon `CloudFront` and others.
//!
//! Rules: W3C working draft WD-logfile-960323; Microsoft KB 194699 (IIS writes UTC).

use std::sync::Arc;

use memchr::{memchr, memchr_iter, memchr2};

use super::{
    compile::refused,
    draft::Draft,
    parser::{BYTE_ORDER_MARK, content},
    plan::Field,
    row::closing_quote,
};
use crate::{
    error::Result,
    record::{Escape, Record, Text},
    stats::Rule,
    time::{Clock, Fields, date, time_of_day},
};

/// What the directives read so far say. It changes along a log, so that lines can only be read by what
/// stood before them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Directives {
    /// What `#Fields` says.
    columns: Option<Arc<Columns>>,
    /// The day that `#Date` says, for lines with a time of day only.
    date: Fields,
}

/// What a `#Fields` directive says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Columns {
    columns: Box<[Column]>,
    /// Seconds east of Greenwich of all times; none for those of the server's clock.
    zone: Option<i32>,
}

/// What a column says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    /// The day.
    Date,
    /// The time of day.
    TimeOfDay,
    /// Something else.
    Value(Field, Escape),
}

impl Directives {
    /// The state of a log without directives whose columns are known.
    ///
    /// # Errors
    ///
    /// A setting's error where the columns tell no client or no time.
    pub(super) fn of_columns(names: &str) -> Result<Self> {
        let columns = Columns::named(names.as_bytes()).ok_or_else(|| {
            refused("the fields of a W3C log need `c-ip`, `time`, and `date` where there are no directives")
        })?;
        Ok(Self {
            columns: Some(Arc::new(columns)),
            date: Fields::default(),
        })
    }

    /// Whether the columns are known.
    pub(super) const fn are_complete(&self) -> bool {
        self.columns.is_some()
    }

    /// How many fields of a record the columns fill.
    pub(super) fn fields(&self) -> usize {
        let is_used = |column: &&Column| match column {
            Column::Value(field, _) => field.is_used(),
            Column::Date | Column::TimeOfDay => true,
        };
        self.columns
            .as_ref()
            .map_or(0, |columns| columns.columns.iter().filter(is_used).count())
    }

    /// Takes note of the directives among the lines of a chunk, which begins with a whole line.
    pub(super) fn pass(&mut self, chunk: &[u8], line_cap: usize) {
        for mark in memchr_iter(b'#', chunk) {
            let before = &chunk[..mark];
            let start = mark
                - if before.ends_with(BYTE_ORDER_MARK) {
                    BYTE_ORDER_MARK.len()
                } else {
                    0
                };
            if start > 0 && chunk[start - 1] != b'\n' {
                continue;
            }
            let line = &chunk[start..];
            let line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
            if line.len() <= line_cap {
                self.direct(content(line));
            }
        }
    }

    /// Takes note of a line that may be a directive.
    pub(super) fn direct(&mut self, line: &[u8]) {
        let Some((name, value)) = line.strip_prefix(b"#").and_then(|line| {
            let colon = memchr(b':', line)?;
            Some((line[..colon].trim_ascii(), line[colon + 1..].trim_ascii()))
        }) else {
            return;
        };
        if name.eq_ignore_ascii_case(b"Fields") {
            self.columns = Columns::named(value).map(Arc::new);
        } else if name.eq_ignore_ascii_case(b"Date") {
            let mut day = Fields::default();
            if date(value, &mut day).is_some() {
                self.date = day;
            }
        }
    }

    /// The record of a line that is no directive.
    pub(super) fn read<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
    ) -> std::result::Result<Record<'a>, Rule> {
        let Columns { columns, zone } = self.columns.as_deref().ok_or(Rule::Undeclared)?;
        let mut draft = Draft::default();
        draft.date = Fields {
            zone: *zone,
            ..self.date
        };
        let mut cells = Cells::of(line);
        for column in columns {
            let raw = cells.next().ok_or(Rule::Columns)?;
            match column {
                Column::Date => whole(date(raw, &mut draft.date))?,
                Column::TimeOfDay => whole(time_of_day(raw, &mut draft.date))?,
                Column::Value(field, escape) if field.is_used() && raw != b"-" => {
                    let escape = *escape;
                    draft.enter(field, Text { raw, escape }, clock)?;
                }
                Column::Value(..) => {}
            }
        }
        if cells.next().is_some() {
            return Err(Rule::Columns);
        }
        draft.finished(clock)
    }
}

fn whole(rest: Option<&[u8]>) -> std::result::Result<(), Rule> {
    rest.is_some_and(<[u8]>::is_empty)
        .then_some(())
        .ok_or(Rule::Time)
}

impl Columns {
    /// The columns of these names, which spaces or tabs separate; none where they tell no client or no
    /// time of day.
    fn named(names: &[u8]) -> Option<Self> {
        let names: Vec<String> = names
            .split(u8::is_ascii_whitespace)
            .filter(|name| !name.is_empty())
            .map(|name| String::from_utf8_lossy(name).to_ascii_lowercase())
            .collect();
        let has = |name: &str| names.iter().any(|own| own == name);
        let is_local = !has("time");
        let agent = if has("x-edge-location") {
            Escape::Percent
        } else {
            Escape::Plus
        };
        let columns: Vec<_> = names
            .iter()
            .map(|name| column(name, is_local, agent, &has))
            .collect();
        let says = |wanted: &[Field]| {
            columns
                .iter()
                .any(|column| matches!(column, Column::Value(field, _) if wanted.contains(field)))
        };
        let is_usable =
            columns.contains(&Column::TimeOfDay) && says(&[Field::Client, Field::ForwardedFor]);
        is_usable.then(|| Self {
            columns: columns.into(),
            zone: (!is_local).then_some(0),
        })
    }
}

/// What the column of that name says, next to others. Of several for the same thing the one is used that
/// is nearest to what the visitor sees: `CloudFront` has the site in `x-host-header`, its own name for it
/// in `cs(Host)`.
fn column(name: &str, is_local: bool, agent: Escape, has: &impl Fn(&str) -> bool) -> Column {
    let field = match name {
        "date" if !is_local => return Column::Date,
        "time" => return Column::TimeOfDay,
        "date-local" if is_local => return Column::Date,
        "time-local" if is_local => return Column::TimeOfDay,
        "c-ip" => Field::Client,
        "x-forwarded-for" if !has("c-ip") => Field::ForwardedFor,
        "cs-method" => Field::Method,
        "cs-uri" => Field::Url,
        "cs-uri-stem" if !has("cs-uri") => Field::Path,
        "cs-uri-query" if !has("cs-uri") => Field::Query,
        "sc-status" => Field::Status,
        "sc-bytes" => Field::Bytes,
        "cs(referer)" if agent == Escape::Percent => return Column::Value(Field::Referrer, agent),
        "cs(referer)" => Field::Referrer,
        "cs(user-agent)" => return Column::Value(Field::UserAgent, agent),
        "x-host-header" => Field::Host,
        "cs-host" | "cs(host)" if !has("x-host-header") => Field::Host,
        "cs(dnt)" | "cs(sec-gpc)" => Field::OptOut,
        _ => Field::Text,
    };
    Column::Value(field, Escape::Literal)
}

/// The cells of a line: between tabs where the first of them ends in one, else between spaces.
struct Cells<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
}

impl<'a> Cells<'a> {
    fn of(line: &'a [u8]) -> Self {
        let separator = memchr2(b' ', b'\t', line).map_or(b' ', |at| line[at]);
        let rest = Some(if separator == b' ' {
            line.trim_ascii_end()
        } else {
            line
        });
        Self { rest, separator }
    }

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let mut rest = self.rest?;
        if self.separator == b' ' {
            while let Some(fewer) = rest.strip_prefix(b" ") {
                rest = fewer;
            }
        }
        if let Some(quoted) = rest.strip_prefix(b"\"").filter(|_| self.separator == b' ')
            && let Some(end) = closing_quote(quoted)
        {
            self.rest = quoted.get(end + 2..);
            return Some(&quoted[..end]);
        }
        let end = memchr(self.separator, rest);
        self.rest = end.map(|end| &rest[end + 1..]);
        Some(&rest[..end.unwrap_or(rest.len())])
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::{
        format::{Format, Parsed, Parser},
        record::Request,
        time::{TimeZone, Timestamp},
    };

    /// What a line comes to: client, seconds, method, path, query, status, agent; or the rule it breaks.
    fn told(parsed: Parsed<'_>) -> String {
        let record = match parsed {
            Parsed::Record(record) => record,
            Parsed::Ignored => return "ignored".into(),
            Parsed::Malformed(rule) => return format!("{rule:?}"),
        };
        let mut buffer = Vec::new();
        let mut text =
            |text: Text<'_>| String::from_utf8_lossy(text.decode(&mut buffer)).into_owned();
        let Request::Parts {
            method,
            path,
            query,
        } = record.request
        else {
            panic!("a request line")
        };
        let parts = [method, path, query, record.agent, record.referrer]
            .map(&mut text)
            .join("|");
        let status = record
            .status
            .map_or("-".into(), |status| status.to_string());
        let bytes = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let Timestamp(time) = record.time;
        let time = jiff::Timestamp::from_microsecond(time).unwrap();
        format!(
            "{} {time} {status} {parts} {}",
            bytes(record.client),
            bytes(record.host)
        )
    }

    fn parser() -> Parser {
        Format::named("w3c")
            .unwrap()
            .parser(TimeZone::get("Asia/Tokyo").unwrap())
    }

    /// Checks what the lines after a `#Fields` directive come to.
    fn check(fields: &str, cases: &[(&str, &str)]) {
        let mut parser = parser();
        assert_eq!(
            told(parser.parse(format!("#Fields: {fields}").as_bytes())),
            "ignored"
        );
        for (line, expected) in cases {
            assert_eq!(
                told(parser.parse(line.as_bytes())),
                *expected,
                "{fields}: {line}"
            );
        }
    }

    #[test]
    fn columns_are_named_by_fields_in_any_case() {
        check(
            "date time s-ip CS-METHOD cs-uri-stem cs-uri-query s-port cs-username C-IP cs(User-Agent) cs(Referer) sc-status sc-bytes time-taken",
            &[
                (
                    r"2026-11-10 08:00:00 192.0.2.80 GET /a.aspx id=42 443 EX\jdoe 198.51.100.7 Mozilla/5.0+(X11;+Linux) https://a.example/?q=b+c 200 5 31",
                    "198.51.100.7 2026-11-10T08:00:00Z 200 GET|/a.aspx|id=42|Mozilla/5.0 (X11; Linux)|https://a.example/?q=b+c ",
                ),
                (
                    "2026-11-10 08:00:00 192.0.2.80 GET / - 443 - fe80::1%3 - - 404 - 0",
                    "fe80::1%3 2026-11-10T08:00:00Z 404 GET|/||| ",
                ),
                (
                    "2026-11-10 08:00:00 192.0.2.80 GET /too-few - 443",
                    "Columns",
                ),
                (
                    "2026-11-10 08:00:00 192.0.2.80 GET / - 443 - fe80::1%3 - - 404 - 0 1",
                    "Columns",
                ),
                (
                    "2026-11-31 08:00:00 192.0.2.80 GET / - 443 - fe80::1%3 - - 404 - 0",
                    "Time",
                ),
                (
                    "2026-11-10 08:00:00 192.0.2.80 GET / - 443 - fe80::1%3 - - 4x4 - 0",
                    "Status",
                ),
                ("", "ignored"),
                ("#Remark: anything", "ignored"),
            ],
        );
    }

    #[test]
    fn the_day_comes_from_the_last_date_where_lines_have_none() {
        let mut parser = parser();
        for (line, expected) in [
            ("09:30:00 198.51.100.8 /", "Undeclared"),
            ("#Fields: time c-ip cs-uri-stem", "ignored"),
            ("09:30:00 198.51.100.8 /", "Time"),
            ("#Date: 2026-11-10 09:00:00", "ignored"),
            (
                "09:30:00 198.51.100.8 /",
                "198.51.100.8 2026-11-10T09:30:00Z - |/||| ",
            ),
            ("#date:2026-11-11", "ignored"),
            (
                "09:30:00.250 198.51.100.8 /",
                "198.51.100.8 2026-11-11T09:30:00.25Z - |/||| ",
            ),
            ("#Date: yesterday", "ignored"),
            (
                "09:30:00 198.51.100.8 /",
                "198.51.100.8 2026-11-11T09:30:00Z - |/||| ",
            ),
            ("#Fields: date time cs-uri-stem", "ignored"),
            ("2026-11-10 09:30:00 /", "Undeclared"),
        ] {
            assert_eq!(told(parser.parse(line.as_bytes())), expected, "{line}");
        }
    }

    #[test]
    fn local_times_are_of_the_logs_time_zone_and_count_where_there_are_no_others() {
        check(
            "date-local time-local c-ip",
            &[(
                "2026-11-10 18:00:00 ::1",
                "::1 2026-11-10T09:00:00Z - |||| ",
            )],
        );
        check(
            "date-local time-local date time c-ip",
            &[(
                "2026-11-10 18:00:00 2026-11-10 09:00:00 ::1",
                "::1 2026-11-10T09:00:00Z - |||| ",
            )],
        );
    }

    #[test]
    fn cells_are_between_runs_of_spaces_or_single_tabs_and_may_be_quoted() {
        check(
            "date time c-ip cs(User-Agent) cs-uri-stem",
            &[
                (
                    "2026-11-10  08:00:00   ::1 A/1   /  ",
                    "::1 2026-11-10T08:00:00Z - |/||A/1| ",
                ),
                (
                    "2026-11-10\t08:00:00\t::1\tA 1\t/",
                    "::1 2026-11-10T08:00:00Z - |/||A 1| ",
                ),
                (
                    "2026-11-10\t08:00:00\t::1\t\t/",
                    "::1 2026-11-10T08:00:00Z - |/||| ",
                ),
                (
                    "2026-11-10 08:00:00 ::1 \"A 1\" /",
                    "::1 2026-11-10T08:00:00Z - |/||A 1| ",
                ),
                (
                    "2026-11-10 08:00:00 ::1 \"A+1 /",
                    "::1 2026-11-10T08:00:00Z - |/||\"A 1| ",
                ),
                (
                    "2026-11-10 08:00:00 ::1 A \"/\"",
                    "::1 2026-11-10T08:00:00Z - |/||A| ",
                ),
            ],
        );
    }

    #[test]
    fn cloudfront_has_tabs_encoded_headers_and_the_site_in_a_header_of_its_own() {
        let fields = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query x-host-header";
        check(
            fields,
            &[
                (
                    "2026-11-10\t08:00:00\tFRA56-P5\t5120\t198.51.100.7\tGET\td1.cloudfront.net\t/a\t200\thttps://a.example/%2520b\tMozilla/5.0%20(X11)\t-\texample.com",
                    "198.51.100.7 2026-11-10T08:00:00Z 200 GET|/a||Mozilla/5.0 (X11)|https://a.example/ b example.com",
                ),
                (
                    "2026-11-10\t08:00:00\tFRA56-P5\t0\t::1\tGET\td1.cloudfront.net\t/a\t000\t-\tMozilla/5.0%2520(X11)\ta=1\texample.com",
                    "::1 2026-11-10T08:00:00Z - GET|/a|a=1|Mozilla/5.0 (X11)| example.com",
                ),
            ],
        );
        let older = fields.strip_suffix(" x-host-header").unwrap();
        check(
            older,
            &[(
                "2014-05-23\t01:13:11\tFRA2\t182\t192.0.2.10\tGET\td1.cloudfront.net\t/v\t200\t-\tM%2520A\t-",
                "192.0.2.10 2014-05-23T01:13:11Z 200 GET|/v||M A| d1.cloudfront.net",
            )],
        );
    }

    #[test]
    fn a_log_without_directives_needs_its_columns_named() {
        let line = b"2026-11-10 08:00:00 ::1 /";
        let format: Format = "w3c:date time c-ip cs-uri-stem".parse().unwrap();
        let mut named = format.parser(TimeZone::UTC);
        assert_eq!(told(named.parse(line)), "::1 2026-11-10T08:00:00Z - |/||| ");
        assert_eq!(told(parser().parse(line)), "Undeclared");
        for unusable in ["w3c:date time", "w3c:date c-ip", "w3c:"] {
            assert!(unusable.parse::<Format>().is_err(), "{unusable}");
        }
    }

    /// Directives and lines that depend on them, in any order.
    fn log() -> impl Strategy<Value = Vec<String>> {
        const LINES: [&str; 12] = [
            "#Fields: date time c-ip cs-uri-stem",
            "#Fields: time c-ip cs-uri-stem sc-status",
            "#Fields: time s-ip",
            "#fields:\ttime\tc-ip",
            "#Date: 2026-11-10 09:00:00",
            "#Date: 2026-11-11",
            "#Software: Microsoft Internet Information Services 10.0\r",
            "2026-11-10 08:00:00 192.0.2.1 /a",
            "08:00:01 192.0.2.2 /b 200",
            "08:00:02 192.0.2.3",
            "",
            "\u{feff}#Date: 2026-11-12",
        ];
        prop::collection::vec(select(&LINES[..]).prop_map(String::from), 0..40)
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same(log in log(), cuts in prop::collection::vec(0..40_usize, 0..6)) {
            let mut whole = parser();
            let expected: Vec<_> = log.iter().map(|line| told(whole.parse(line.as_bytes()))).collect();
            let mut found = Vec::new();
            let mut format = Format::named("w3c").unwrap();
            // Two workers that take chunks in turn.
            let mut workers = [parser(), parser()];
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(log.len())).chain([0, log.len()]).collect();
            cuts.sort_unstable();
            for (turn, cut) in cuts.windows(2).enumerate() {
                let lines = &log[cut[0]..cut[1]];
                let worker = &mut workers[turn % 2];
                worker.resume(&format);
                found.extend(lines.iter().map(|line| told(worker.parse(line.as_bytes()))));
                format.pass((lines.join("\n") + "\n").as_bytes());
            }
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_line_panics(lines in prop::collection::vec("(#Fields: |#Date: |time|date|c-ip|[ \t\"+-]|2026-11-10 08:00:00|.){0,12}", 0..6)) {
            let mut parser = parser();
            for line in lines {
                let _ = parser.parse(line.as_bytes());
            }
        }
    }
}
