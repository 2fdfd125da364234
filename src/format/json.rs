//! JSON lines: which members of an object say what, and reading them without building the object.

use jiter::Jiter;

use super::{
    compile::refused,
    cookies::OptOutCookie,
    draft::{Draft, Entry},
    literal::Literal,
    object::{Reader, only_plain},
    outline::Meaning,
    plan::Field,
};
use crate::{
    error::Result,
    record::{Escape, Record, Text},
    stats::Rule,
    time::Clock,
};

/// Most members that a format may name.
const MOST_MEMBERS: usize = 24;

/// Most objects, one within the other, that a member may be in.
const DEEPEST: usize = 32;

/// What the members of an object say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Members {
    /// What each member that is named says. Of several that say the same, the later one is used.
    fields: Vec<Entry>,
    /// Where they stand in the object.
    tree: Vec<Member>,
    /// The member whose value begins so in lines that are requests, by its number: lines where it
    /// begins otherwise are of other programs.
    only: Option<(usize, &'static [u8])>,
}

/// A member of an object that is named, or that has such within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: Literal,
    pub(super) content: Content,
}

/// What a member has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The value of the field of that number.
    Value(usize),
    /// An object with members of its own.
    Object(Vec<Member>),
}

/// The values of one line: as they stand in the log, in the order of the fields.
pub(super) type Values<'a> = [Option<&'a [u8]>; MOST_MEMBERS];

impl Members {
    /// The members that a map such as `client=request.ip|ip,time=ts,path=uri` names: what it says, `=`,
    /// and its path in the object, or several, of which the first that a line has is used.
    ///
    /// # Errors
    ///
    /// A setting's error where the map is none, or tells no client or no time.
    pub(super) fn of_map(map: &str) -> Result<Self> {
        let mut members = Self {
            fields: Vec::new(),
            tree: Vec::new(),
            only: None,
        };
        for entry in map.split(',').map(str::trim) {
            let (name, paths) = entry
                .split_once('=')
                .ok_or_else(|| refused(&format!("`{entry}` is not `FIELD=MEMBER`")))?;
            for path in paths.rsplit('|').map(str::trim) {
                members.add(field(name.trim())?, path)?;
            }
        }
        let says = |field| members.fields.iter().any(|own| **own == field);
        if !says(Field::Client) && !says(Field::ForwardedFor) || !says(Field::Moment) {
            return Err(refused("a map of JSON members needs `client` and `time`"));
        }
        Ok(members)
    }

    /// The same members, of lines whose member at `path` begins with `start`; others are ignored.
    pub(super) fn only_where(mut self, path: &str, start: &'static [u8]) -> Result<Self> {
        self.only = Some((self.fields.len(), start));
        self.add(Field::Text, path)?;
        Ok(self)
    }

    /// The same members where those cookies are heeded.
    pub(super) fn heeding(&self, cookies: &[OptOutCookie]) -> Self {
        let heeding = |field: &Entry| field.heeding(cookies).into();
        Self {
            fields: self.fields.iter().map(heeding).collect(),
            ..self.clone()
        }
    }

    /// How many fields of a record the members fill at most.
    pub(super) fn fields(&self) -> usize {
        let is_first = |(place, field): &(usize, &Entry)| !self.fields[..*place].contains(field);
        self.fields
            .iter()
            .enumerate()
            .filter(is_first)
            .filter(|(_, field)| field.is_used())
            .count()
    }

    /// The paths of members of which each request has one: those that tell the client, or requests from
    /// other lines.
    pub(super) fn needed(&self) -> Vec<String> {
        let is_needed = |number: usize| match self.only {
            Some((only, _)) => number == only,
            None => matches!(*self.fields[number], Field::Client | Field::ForwardedFor),
        };
        let mut found = Vec::new();
        outline(&self.tree, "", &mut |path, number| {
            if is_needed(number) {
                found.push(path);
            }
        });
        found
    }

    /// The members by their paths.
    pub(super) fn outline(&self) -> Vec<(String, Meaning)> {
        let mut found = Vec::new();
        outline(&self.tree, "", &mut |path, number| {
            found.push((path, Meaning::of(&self.fields[number])));
        });
        found
    }

    /// What each member that is named says, by their numbers.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.fields
    }

    /// Where they stand in the object.
    pub(super) fn tree(&self) -> &[Member] {
        &self.tree
    }

    /// How the value of the member of that number begins in all requests, where that tells them apart.
    pub(super) fn start_of(&self, number: usize) -> Option<&'static [u8]> {
        self.only
            .filter(|(only, _)| *only == number)
            .map(|(_, start)| start)
    }

    /// Reads an object, and keeps the values of the members that are named.
    pub(super) fn values_of<'a>(
        &self,
        json: &mut Reader<'a>,
        values: &mut Values<'a>,
    ) -> std::result::Result<(), Rule> {
        values_of(&self.tree, json, values)?;
        json.finish()
    }

    /// Whether a line begins as those with an object may.
    pub(super) fn may_begin(line: &[u8]) -> bool {
        matches!(line, [b'{' | b'[' | b' ' | b'\t', ..])
    }

    /// The record of a line; none for another program's.
    pub(super) fn read<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
    ) -> std::result::Result<Option<Record<'a>>, Rule> {
        let mut values = Values::default();
        let mut json = Reader::of(element(line))?;
        self.values_of(&mut json, &mut values)?;
        if let Some((number, start)) = self.only {
            let program = values[number].ok_or(Rule::Member)?;
            if !scalar(program).is_some_and(|value| value.raw.starts_with(start)) {
                return Ok(None);
            }
        }
        self.record(&values, clock)
    }

    fn record<'a>(
        &self,
        values: &Values<'a>,
        clock: &mut Clock,
    ) -> std::result::Result<Option<Record<'a>>, Rule> {
        let mut draft = Draft::default();
        let (mut has_client, mut has_request) = (false, false);
        for (field, value) in self.fields.iter().zip(values) {
            let Some(value) = value else { continue };
            has_client |= matches!(**field, Field::Client | Field::ForwardedFor);
            has_request |= matches!(
                **field,
                Field::Method | Field::Path | Field::Request | Field::Url
            );
            if let Some(value) = scalar(value).filter(|value| !value.raw.is_empty()) {
                draft.enter(field, value, clock)?;
            }
        }
        if !has_client || !has_request || draft.time.is_none() {
            return Err(Rule::Member);
        }
        draft.finished(clock)
    }

    /// Adds the member at `path`.
    fn add(&mut self, field: Field, path: &str) -> Result<()> {
        let number = self.fields.len();
        if number == MOST_MEMBERS {
            return Err(refused(&format!(
                "a map may name {MOST_MEMBERS} JSON members at most"
            )));
        }
        if path.split('.').count() > DEEPEST {
            return Err(refused(&format!(
                "a JSON member may be in {DEEPEST} objects at most"
            )));
        }
        self.fields.push(field.into());
        insert(&mut self.tree, path, number)
    }
}

/// What a map's entry of that name says.
fn field(name: &str) -> Result<Field> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "agent" => Field::UserAgent,
        "bytes" => Field::Bytes,
        "client" => Field::Client,
        "cookies" => Field::cookies(),
        "forwarded" => Field::ForwardedFor,
        "host" => Field::Host,
        "method" => Field::Method,
        "opt-out" => Field::OptOut,
        "path" => Field::Path,
        "query" => Field::Query,
        "referrer" | "referer" => Field::Referrer,
        "request" => Field::Request,
        "status" => Field::Status,
        "time" => Field::Moment,
        "url" => Field::Url,
        _ => {
            return Err(refused(&format!(
                "`{name}` is none of client, forwarded, time, request, method, path, query, url, status, \
                 bytes, referrer, agent, host, opt-out, cookies"
            )));
        }
    })
}

/// Puts the member of that number at its path.
fn insert(members: &mut Vec<Member>, path: &str, number: usize) -> Result<()> {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let twice = || refused(&format!("the JSON member `{name}` is named twice"));
    let place = members
        .iter()
        .position(|member| *member.name == *name.as_bytes());
    match (place.map(|place| &mut members[place].content), rest) {
        (Some(Content::Object(within)), Some(rest)) => insert(within, rest, number)?,
        (Some(_), _) => return Err(twice()),
        (None, rest) => {
            let content = match rest {
                None => Content::Value(number),
                Some(rest) => {
                    let mut within = Vec::new();
                    insert(&mut within, rest, number)?;
                    Content::Object(within)
                }
            };
            members.push(Member {
                name: name.as_bytes().to_vec().into(),
                content,
            });
        }
    }
    Ok(())
}

/// Shows the paths of all members that are named, each with its number.
fn outline(members: &[Member], parent: &str, show: &mut impl FnMut(String, usize)) {
    for member in members {
        let path = format!("{parent}{}", String::from_utf8_lossy(&member.name));
        match &member.content {
            Content::Value(number) => show(path, *number),
            Content::Object(within) => outline(within, &(path + "."), show),
        }
    }
}

/// Reads the members of an object, and keeps the values of those that are named.
fn values_of<'a>(
    members: &[Member],
    json: &mut Reader<'a>,
    values: &mut Values<'a>,
) -> std::result::Result<(), Rule> {
    let mut name = json.first_name()?;
    while let Some(own) = name {
        let member = members.iter().find(|member| own.is(&member.name));
        match member.map(|member| &member.content) {
            Some(Content::Object(within)) if json.enter() => values_of(within, json, values)?,
            Some(Content::Value(number)) => values[*number] = Some(json.value()?),
            _ => {
                json.value()?;
            }
        }
        name = json.next_name()?;
    }
    Ok(())
}

/// The line without what makes it an element of an array that has one element a line.
pub(super) fn element(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"[").unwrap_or(line);
    let line = line.strip_suffix(b"]").unwrap_or(line);
    line.strip_suffix(b",").unwrap_or(line)
}

/// The text of a string or a number, or of the first element of an array; none for other values.
pub(super) fn scalar(value: &[u8]) -> Option<Text<'_>> {
    match value {
        [b'"', raw @ .., b'"'] => Some(Text {
            raw,
            escape: Escape::Json,
        }),
        [b'-' | b'0'..=b'9', ..] => Some(Text {
            raw: value,
            escape: Escape::Literal,
        }),
        [b'[', ..] if let Some(raw) = only_plain(value) => Some(Text {
            raw,
            escape: Escape::Json,
        }),
        [b'[', ..] => {
            let mut json = Jiter::new(value);
            let peek = json.next_array().ok()??;
            let start = json.current_index();
            json.known_skip(peek).ok()?;
            let first = json.slice_to_current(start);
            (!first.starts_with(b"[")).then(|| scalar(first))?
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        format::{Format, Parsed},
        record::Request,
        time::{TimeZone, Timestamp},
    };

    const MAP: &str = "client=request.ip|ip,time=ts,method=m,path=uri,status=status,bytes=bytes,\
        referrer=h.Referer,agent=h.User-Agent,host=host,opt-out=h.Dnt";

    fn members() -> Members {
        Members::of_map(MAP).unwrap()
    }

    /// Checks what a line comes to, or which rule it breaks.
    fn check(line: &[u8], expected: std::result::Result<&str, Rule>) {
        let mut clock = Clock::new(TimeZone::UTC);
        let found = members()
            .read(line, &mut clock)
            .map(|record| told(&record.unwrap()));
        assert_eq!(
            found.as_deref().map_err(|&rule| rule),
            expected,
            "{}",
            line.escape_ascii()
        );
    }

    fn told(record: &Record<'_>) -> String {
        let mut buffer = Vec::new();
        let mut text = |text: Text<'_>| text.decode(&mut buffer).escape_ascii().to_string();
        let parts = match record.request {
            Request::Line(line) => text(line),
            Request::Parts { method, path, .. } => text(method) + " " + &text(path),
        };
        let status = record
            .status
            .map_or("-".into(), |status| status.to_string());
        let Timestamp(time) = record.time;
        format!(
            "{}|{time}|{parts}|{status}|{}|{}|{}|{}|{}",
            record.client.escape_ascii(),
            record.bytes,
            text(record.referrer),
            text(record.agent),
            record.host.escape_ascii(),
            record.opted_out,
        )
    }

    #[test]
    fn members_are_read_wherever_they_stand() {
        check(
            br#"{"x":{"ts":1},"ts":1794297600.25,"m":"GET","uri":"/caf\u00e9","request":{"y":[1,{}],"ip":"::1"},"h":{"User-Agent":["A \"1\"","B"],"Referer":"r","Dnt":["1"]},"status":200,"bytes":"577","host":"example.com:443"}"#,
            Ok(r#"::1|1794297600250000|GET /caf\xc3\xa9|200|577|r|A \"1\"|example.com|true"#),
        );
        check(
            br#" { "ip" : "192.0.2.1" , "ts" : "2026-11-10T08:00:00Z" , "uri" : "/" , "status" : "404" } "#,
            Ok("192.0.2.1|1794297600000000| /|404|0||||false"),
        );
        check(
            br#"{"ip":"192.0.2.1","request":{"ip":"192.0.2.2"},"ts":1,"uri":"/"}"#,
            Ok("192.0.2.2|1000000| /|-|0||||false"),
        );
        check(
            br#"{"request":{"ip":null},"ts":1,"uri":"","status":null,"bytes":"","h":{"User-Agent":[],"Referer":[["a"]]}}"#,
            Ok("|1000000| |-|0||||false"),
        );
        check(
            b"{\"ip\":\"::1\",\"ts\":1,\"uri\":\"/\xff\xfe\",\"h\":7}",
            Ok(r"::1|1000000| /\xff\xfe|-|0||||false"),
        );
    }

    #[test]
    fn elements_of_an_array_are_lines() {
        for line in [
            &br#"[{"ip":"::1","ts":1,"uri":"/"},"#[..],
            br#"{"ip":"::1","ts":1,"uri":"/"},"#,
            br#"  {"ip":"::1","ts":1,"uri":"/"}]"#,
        ] {
            check(line, Ok("::1|1000000| /|-|0||||false"));
        }
    }

    #[test]
    fn a_malformed_line_breaks_one_rule() {
        check(br#"{"ip":"::1","ts":1,"uri":"/""#, Err(Rule::Json));
        check(br#"{"ip":"::1","ts":1,"uri":"/"} x"#, Err(Rule::Json));
        check(br#"{"ip":"::1","ts":1,"uri":"/","x":}"#, Err(Rule::Json));
        check(br#"{"ip":"::1","ts":1,"uri":"\x41"}"#, Err(Rule::Json));
        check(
            b"{\"ip\":\"::1\",\"ts\":1,\"uri\":\"\x00\"}",
            Err(Rule::Json),
        );
        check(b"GET / HTTP/1.1", Err(Rule::Json));
        check(b"", Err(Rule::Json));
        check(
            &[b"{\"a\":".as_slice(), &[b'['; 5000]].concat(),
            Err(Rule::Json),
        );
        check(b"7", Err(Rule::Member));
        check(b"\"a\"", Err(Rule::Member));
        check(b"{}", Err(Rule::Member));
        check(br#"{"ts":1,"uri":"/"}"#, Err(Rule::Member));
        check(br#"{"ip":"::1","uri":"/"}"#, Err(Rule::Member));
        check(br#"{"ip":"::1","ts":1}"#, Err(Rule::Member));
        check(br#"{"ip":"::1","ts":"today","uri":"/"}"#, Err(Rule::Time));
        check(
            br#"{"ip":"::1","ts":1,"uri":"/","status":20}"#,
            Err(Rule::Status),
        );
        check(
            br#"{"ip":"::1","ts":1,"uri":"/","bytes":-5}"#,
            Err(Rule::Bytes),
        );
    }

    #[test]
    fn a_map_that_is_none_is_refused() {
        let check = |map: &str, reason: &str| {
            let message = Members::of_map(map).unwrap_err().to_string();
            assert!(message.contains(reason), "{map}: {message}");
        };
        check("", "`` is not `FIELD=MEMBER`");
        check("client", "`client` is not `FIELD=MEMBER`");
        check("visitor=ip", "`visitor` is none of client,");
        check("client=ip", "needs `client` and `time`");
        check("time=ts,path=uri", "needs `client` and `time`");
        check("client=a,time=a", "`a` is named twice");
        check("client=a,time=a.b", "`a` is named twice");
        let many = (0..30)
            .map(|number| format!("path=p{number}"))
            .collect::<Vec<_>>()
            .join(",");
        check(&many, "24 JSON members at most");
        let deep = format!("client={}", "a.".repeat(100_000));
        check(&deep, "in 32 objects at most");
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "([\\[\\]{}\",:\\\\]|\"(ip|ts|uri|h|request)\":|\\\\u[dD]8|[0-9.eE-]|.){0,30}", byte in any::<u8>(), at in 0..100_usize) {
            let format: Format = format!("json:{MAP}").parse().unwrap();
            let mut parser = format.parser(TimeZone::UTC);
            let _ = parser.parse(line.as_bytes());
            let mut whole = br#"{"ts":17.25,"m":"GET","uri":"/\u00e9","request":{"ip":"::1"},"h":{"User-Agent":["A"]},"status":200}"#.to_vec();
            let length = whole.len();
            whole[at % length] = byte;
            let _ = parser.parse(&whole);
            let is_cut_malformed = matches!(parser.parse(&whole[..at % length]), Parsed::Malformed(_) | Parsed::Ignored);
            prop_assert!(is_cut_malformed);
        }
    }
}
