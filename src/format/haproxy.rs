//! The HTTP log format of `HAProxy`, whose captured headers stand in braces by their place.
//!
//! Rules: `HAProxy` configuration manual, section 8.2.3 "HTTP log format" and 8.8 "Captured headers".

use memchr::memrchr;

use super::{
    compile::refused,
    cookies::OptOutCookie,
    draft::{Draft, Entry},
    outline::Meaning,
    plan::Field,
    row::Cells,
    search::position,
};
use crate::{
    error::Result,
    record::{Escape, Record, Text},
    stats::Rule,
    time::{Clock, Pattern},
};

/// What every line has.
pub(super) static CLIENT: Entry = Entry::of(Field::Client);
pub(super) static STATUS: Entry = Entry::of(Field::Status);
pub(super) static BYTES: Entry = Entry::of(Field::Bytes);
pub(super) static REQUEST: Entry = Entry::of(Field::Request);

/// Words between the bytes read and the captured headers: captured cookies, the termination state, the
/// numbers of connections and the queues.
pub(super) const WORDS_BEFORE_CAPTURES: usize = 5;

/// The format with what the captured request headers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Captures {
    pub(super) headers: Box<[Entry]>,
    fraction: Pattern,
}

impl Captures {
    /// The format where request headers are captured in the order of `names`, such as
    /// `host|agent|referrer`; a `-` stands for one of no use.
    ///
    /// # Errors
    ///
    /// A setting's error where a name is not known.
    pub(super) fn of_names(names: &str) -> Result<Self> {
        let headers = names
            .split('|')
            .map(|name| header(name.trim()).map(Entry::from));
        Ok(Self {
            headers: headers.collect::<Result<_>>()?,
            fraction: Pattern::fraction(),
        })
    }

    /// The same format where those cookies are heeded.
    pub(super) fn heeding(&self, cookies: &[OptOutCookie]) -> Self {
        let heeding = |header: &Entry| header.heeding(cookies).into();
        Self {
            headers: self.headers.iter().map(heeding).collect(),
            fraction: self.fraction.clone(),
        }
    }

    /// How many fields of a record a line fills.
    pub(super) fn fields(&self) -> usize {
        5 + self
            .headers
            .iter()
            .filter(|header| header.is_used())
            .count()
    }

    /// The fields that a record holds, and the captured headers, in the order of the line.
    pub(super) fn outline(&self) -> impl Iterator<Item = (String, Meaning)> {
        let before = [
            ("client", Meaning::Client),
            ("accept date", Meaning::Time),
            ("status", Meaning::Status),
            ("bytes read", Meaning::Bytes),
        ];
        let headers = (1..).zip(&self.headers).map(|(place, field)| {
            let name = format!("captured header {place}");
            (name, Meaning::of(field))
        });
        let after = [("request line", Meaning::Request)];
        let owned = |(name, meaning): (&str, _)| (name.to_owned(), meaning);
        before
            .map(owned)
            .into_iter()
            .chain(headers)
            .chain(after.map(owned))
    }

    /// The record of a line without its syslog header.
    pub(super) fn read<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
    ) -> std::result::Result<Option<Record<'a>>, Rule> {
        let mut draft = Draft::default();
        let mut cells = Cells { rest: line };
        let client = without_port(word(&mut cells)?)?;
        let date = cells.next(true)?.ok_or(Rule::Incomplete)?;
        self.read_date(date, &mut draft, clock).ok_or(Rule::Time)?;
        let mut enter = |draft: &mut Draft<'a>, field: &Entry, raw| {
            let escape = Escape::Hash;
            draft.enter(field, Text { raw, escape }, clock)
        };
        enter(&mut draft, &CLIENT, client)?;
        for _frontend_backend_timers in 0..3 {
            word(&mut cells)?;
        }
        enter(&mut draft, &STATUS, word(&mut cells)?)?;
        let bytes = word(&mut cells)?;
        enter(
            &mut draft,
            &BYTES,
            bytes.strip_prefix(b"+").unwrap_or(bytes),
        )?;
        for _ in 0..WORDS_BEFORE_CAPTURES {
            word(&mut cells)?;
        }
        if let Some(headers) = captured(&mut cells)? {
            for (field, value) in self.headers.iter().zip(headers.split(|&byte| byte == b'|')) {
                enter(&mut draft, field, value)?;
            }
            let _of_response = captured(&mut cells)?;
        }
        enter(&mut draft, &REQUEST, request(&mut cells)?)?;
        draft.finished(clock)
    }

    /// The accept date, which has milliseconds and no zone.
    fn read_date(&self, text: &[u8], draft: &mut Draft<'_>, clock: &mut Clock) -> Option<()> {
        let (date, rest) = text.split_first_chunk()?;
        draft.time = Some(clock.local_clf(date)?);
        let fraction = rest.strip_prefix(b".")?;
        let rest = self.fraction.read(fraction, &mut draft.date)?;
        rest.is_empty().then_some(())
    }
}

/// What a captured header of that name says.
fn header(name: &str) -> Result<Field> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "host" => Field::Host,
        "agent" | "user-agent" => Field::UserAgent,
        "referrer" | "referer" => Field::Referrer,
        "forwarded" | "x-forwarded-for" => Field::ForwardedFor,
        "opt-out" => Field::OptOut,
        "cookie" | "cookies" => Field::cookies(),
        "-" | "" => Field::Text,
        _ => {
            return Err(refused(&format!(
                "`{name}` is none of host, agent, referrer, forwarded, opt-out, cookies, -"
            )));
        }
    })
}

#[inline]
pub(super) fn word<'a>(cells: &mut Cells<'a>) -> std::result::Result<&'a [u8], Rule> {
    cells.next_bare().ok_or(Rule::Incomplete)
}

/// What stands in the braces that come next, if they do. A closing brace in a header is escaped.
pub(super) fn captured<'a>(cells: &mut Cells<'a>) -> std::result::Result<Option<&'a [u8]>, Rule> {
    if cells.is_empty() {
        return Err(Rule::Incomplete);
    }
    let Some(inside) = cells.rest.strip_prefix(b"{") else {
        return Ok(None);
    };
    let end = position(inside, b'}').ok_or(Rule::Delimiter)?;
    cells.rest = &inside[end + 1..];
    Ok(Some(&inside[..end]))
}

/// The request line, to its quote at the end of the line. syslog-ng may put a backslash before both
/// quotes.
pub(super) fn request<'a>(cells: &mut Cells<'a>) -> std::result::Result<&'a [u8], Rule> {
    if cells.is_empty() {
        return Err(Rule::Incomplete);
    }
    let escaped = cells.rest.strip_prefix(b"\\\"");
    let quoted = escaped.or(cells.rest.strip_prefix(b"\""));
    let line = quoted.ok_or(Rule::Delimiter)?;
    let Some(end) = memrchr(b'"', line) else {
        return cut(line);
    };
    if !may_follow_request(&line[end + 1..]) {
        return Err(Rule::Trailing);
    }
    let request = &line[..end];
    let is_escaped = escaped.is_some();
    Ok(request
        .strip_suffix(b"\\")
        .filter(|_| is_escaped)
        .unwrap_or(request))
}

/// Whether nothing follows the request line but what `option httpslog` writes there: five codes of errors
/// and, in a second word, the name, version and cipher of TLS.
fn may_follow_request(rest: &[u8]) -> bool {
    let words = rest.split(|&byte| byte == b' ');
    let mut words = words.filter(|word| !word.is_empty());
    let slashes = |word: &[u8]| word.iter().filter(|&&byte| byte == b'/').count();
    match (words.next(), words.next(), words.next()) {
        (None, _, _) => true,
        (Some(errors), Some(tls), None) => slashes(errors) == 4 && slashes(tls) >= 2,
        _ => false,
    }
}

/// The request line of a log line that `HAProxy` cut, by default to 1,024 bytes (`len` of its `log`). It
/// is of use where the query is what was cut, and not the path.
fn cut(line: &[u8]) -> std::result::Result<&[u8], Rule> {
    position(line, b'?').map(|_| line).ok_or(Rule::Quote)
}

/// A client without the port that follows the last colon, which an IPv6 address is not told from.
pub(super) fn without_port(client: &[u8]) -> std::result::Result<&[u8], Rule> {
    let colon = memrchr(b':', client).ok_or(Rule::Delimiter)?;
    let port = &client[colon + 1..];
    if port.is_empty() || !port.iter().all(u8::is_ascii_digit) {
        return Err(Rule::Delimiter);
    }
    Ok(if client.starts_with(b"unix:") {
        client
    } else {
        &client[..colon]
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        record::Request,
        time::{TimeZone, Timestamp},
    };

    const LINE: &str = "198.51.100.7:50443 [10/Nov/2026:08:00:00.123] www~ site/web1 0/0/1/20/21 200 5120 - - ---- 5/5/0/0/0 0/0 {example.com:443|Mozilla/5.0 (X11#3B Linux x86_64)} {} \"GET /path?q=1 HTTP/1.1\"";

    /// Checks client, status, bytes, host, agent and request, or the rule that is broken.
    fn check(names: &str, line: &str, expected: std::result::Result<&str, Rule>) {
        let captures = Captures::of_names(names).unwrap();
        let mut clock = Clock::new(TimeZone::get("Asia/Tokyo").unwrap());
        let found = captures.read(line.as_bytes(), &mut clock).map(|record| {
            let record = record.unwrap();
            let mut buffer = Vec::new();
            let agent = record.agent.decode(&mut buffer).escape_ascii().to_string();
            let Request::Line(request) = record.request else {
                panic!("the request comes in parts")
            };
            assert_eq!(record.time, Timestamp(1_794_265_200_123_000));
            let [client, host, request] =
                [record.client, record.host, request.raw].map(<[u8]>::escape_ascii);
            format!(
                "{client} {:?} {} {host}|{agent}|{request}",
                record.status, record.bytes
            )
        });
        assert_eq!(found.as_deref().map_err(|&rule| rule), expected, "{line}");
    }

    #[test]
    fn captured_headers_are_told_by_their_place() {
        let with = |from: &str, to: &str| LINE.replace(from, to);
        check(
            "host|agent",
            LINE,
            Ok(
                "198.51.100.7 Some(200) 5120 example.com|Mozilla/5.0 (X11; Linux x86_64)|GET /path?q=1 HTTP/1.1",
            ),
        );
        check(
            "",
            LINE,
            Ok("198.51.100.7 Some(200) 5120 ||GET /path?q=1 HTTP/1.1"),
        );
        check(
            "-|agent|host",
            &with(" {}", ""),
            Ok(
                "198.51.100.7 Some(200) 5120 |Mozilla/5.0 (X11; Linux x86_64)|GET /path?q=1 HTTP/1.1",
            ),
        );
        check(
            "host|agent",
            &with(
                "{example.com:443|Mozilla/5.0 (X11#3B Linux x86_64)} {} ",
                "",
            ),
            Ok("198.51.100.7 Some(200) 5120 ||GET /path?q=1 HTTP/1.1"),
        );
        check(
            "agent",
            "2001:db8:1:2::7:50444 [10/Nov/2026:08:00:00.123] www www/<NOSRV> -1/-1/-1/-1/+0 -1 +187 - - PR-- 5/5/0/0/0 0/0 {} \"<BADREQ>\"",
            Ok("2001:db8:1:2::7 None 187 ||<BADREQ>"),
        );
        check(
            "",
            &with("198.51.100.7:50443", "unix:1"),
            Ok("unix:1 Some(200) 5120 ||GET /path?q=1 HTTP/1.1"),
        );
        check(
            "",
            &with("GET /path?q=1", "GET /\"a\""),
            Ok("198.51.100.7 Some(200) 5120 ||GET /\\\"a\\\" HTTP/1.1"),
        );
    }

    #[test]
    fn what_is_logged_of_tls_may_follow_the_request() {
        let read = Ok("198.51.100.7 Some(200) 5120 ||GET /path?q=1 HTTP/1.1");
        let with = |end: &str, expected| check("", &format!("{LINE}{end}"), expected);
        with(
            " 0/0/0/0/1 example.com/TLSv1.3/TLS_AES_256_GCM_SHA384",
            read,
        );
        with(" -/-/-/-/0 -/-/-", read);
        with(" 0/0/0/0/1", Err(Rule::Trailing));
        with(" 0/0/0/0/1 example.com", Err(Rule::Trailing));
        with(" 0/0/0/0/1 a/b/c d", Err(Rule::Trailing));
    }

    #[test]
    fn a_line_that_was_cut_in_the_query_is_read() {
        check(
            "host",
            LINE.strip_suffix(" HTTP/1.1\"").unwrap(),
            Ok("198.51.100.7 Some(200) 5120 example.com||GET /path?q=1"),
        );
    }

    #[test]
    fn a_malformed_line_breaks_one_rule() {
        let with = |from: &str, to: &str, rule| check("", &LINE.replace(from, to), Err(rule));
        with(":50443", "", Rule::Delimiter);
        with(":50443", ":", Rule::Delimiter);
        with(
            "10/Nov/2026:08:00:00.123",
            "10/Nov/2026:08:00:00",
            Rule::Time,
        );
        with(" 200 ", " 20 ", Rule::Status);
        with(" 5120 ", " x ", Rule::Bytes);
        with("} {}", "", Rule::Delimiter);
        with("\"GET", "GET", Rule::Delimiter);
        with("?q=1 HTTP/1.1\"", "", Rule::Quote);
        with("HTTP/1.1\"", "HTTP/1.1\" 1", Rule::Trailing);
        check("", "", Err(Rule::Incomplete));
        check("", "Proxy site started.", Err(Rule::Delimiter));
        check("", &LINE[..LINE.find(" {").unwrap()], Err(Rule::Incomplete));
    }

    #[test]
    fn quotes_may_have_been_escaped_on_the_way() {
        check(
            "",
            &LINE.replace('"', "\\\""),
            Ok("198.51.100.7 Some(200) 5120 ||GET /path?q=1 HTTP/1.1"),
        );
    }

    #[test]
    fn an_unknown_header_is_refused() {
        assert!(Captures::of_names("host|accept").is_err());
    }

    proptest! {
        #[test]
        fn no_line_panics(end in 0..400_usize, at in 0..400_usize, byte in any::<u8>()) {
            let mut line = LINE.as_bytes().to_vec();
            let length = line.len();
            line[at % length] = byte;
            let mut clock = Clock::new(TimeZone::UTC);
            let _ = Captures::of_names("host|agent").unwrap().read(&line[..end % (length + 1)], &mut clock);
        }
    }
}
