//! Format strings of `GoAccess`: specifiers read to the pieces of a field plan.
//!
//! The specifiers are those of `GoAccess`'s manual page, sections *LOG FORMAT* and *SPECIFIERS*. As
//! there, what follows the last field of a line is passed over, and `%x` is of the time's format. Other
//! than there, what stands between the fields must be as the string has it.

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{is_not, tag, take_till},
    character::complete::{anychar, char},
    combinator::{map, not, recognize},
    multi::many1,
    sequence::{delimited, preceded},
};

use super::{backslash, items};
use crate::{
    error::Result,
    format::{
        compile::refused,
        piece::{Piece, Template},
        plan::Field,
    },
    record::Escape,
    time::{Pattern, UnknownConversion},
};

/// How `%d`, `%t` and `%x` of a `GoAccess` format string are written: conversions of `strftime`, or
/// `%s`, `%*` or `%f` alone for seconds, milliseconds or microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DateFormats {
    /// The date; `%d/%b/%Y` where not given.
    pub date: Option<String>,
    /// The time of day; `%H:%M:%S` where not given.
    pub time: Option<String>,
}

/// An item of a format string.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item<'a> {
    Literal(String),
    Specifier(char),
    Forwarded(&'a str),
}

/// See [`Dialect::of`](super::Dialect::of).
pub(super) fn is_of_dialect(spec: &str) -> bool {
    let mut rest = spec;
    while let Some(at) = rest.find(['%', '~']) {
        rest = &rest[at..];
        if is_telling(rest) {
            return true;
        }
        rest = after_argument(&rest[1..]);
    }
    false
}

/// Whether the text begins with what Apache does not have.
fn is_telling(text: &str) -> bool {
    let of_apache = ["%^FB", "%^ti", "%^to"];
    ["%d", "%x", "%~", "%^", "~h{"]
        .iter()
        .any(|own| text.starts_with(own))
        && !of_apache.iter().any(|other| text.starts_with(other))
}

/// What follows the braces of an Apache directive, if these stand there.
fn after_argument(text: &str) -> &str {
    text.strip_prefix('{')
        .and_then(|argument| argument.split_once('}'))
        .map_or(text, |(_, rest)| rest)
}

/// What the format string says.
///
/// # Errors
///
/// A setting's error where the string or a date's format is not of the grammar.
pub(super) fn template(spec: &str, dates: &DateFormats) -> Result<Template> {
    if spec.trim_start().starts_with('{') {
        return Err(refused(
            "JSON is not read by GoAccess's specifiers here: name a known JSON format",
        ));
    }
    let mut pieces = Vec::new();
    for item in items(spec, item, "specifier")? {
        match item {
            Item::Literal(text) => pieces.push(Piece::Literal(text.into_bytes())),
            Item::Specifier(letter) => pieces.push(specifier(letter, dates)?),
            Item::Forwarded(delimiters) => push_forwarded(delimiters, &mut pieces),
        }
    }
    join_common_time(&mut pieces);
    name_port(&mut pieces);
    drop_unused_end(&mut pieces);
    Ok(Template {
        pieces,
        escape: Escape::Backslash,
        is_lenient: true,
    })
}

fn item(input: &str) -> IResult<&str, Item<'_>> {
    alt((
        map(forwarded, Item::Forwarded),
        map(literal, Item::Literal),
        map(preceded(char('%'), anychar), Item::Specifier),
    ))
    .parse(input)
}

/// `~h{…}`: a list of addresses, and the characters that separate them.
fn forwarded(input: &str) -> IResult<&str, &str> {
    delimited(tag("~h{"), take_till(|end| end == '}'), char('}')).parse(input)
}

/// Text up to the next specifier, its escapes undone.
fn literal(input: &str) -> IResult<&str, String> {
    map(
        many1(alt((
            is_not("%~\\"),
            recognize((not(forwarded), char('~'))),
            backslash,
        ))),
        |parts: Vec<&str>| parts.concat(),
    )
    .parse(input)
}

/// What a specifier stands for. Durations have no place in a record.
fn specifier(letter: char, dates: &DateFormats) -> Result<Piece> {
    let field = match letter {
        'b' => Field::Bytes,
        'C' | 'D' | 'k' | 'K' | 'L' | 'n' | 'T' => Field::Word,
        'd' => Field::Time(pattern(date_format(dates))?),
        'e' | 'M' | '^' => Field::Text,
        'h' => Field::Client,
        'H' => Field::Protocol,
        'm' => Field::Method,
        'q' => Field::Query,
        'r' => Field::Request,
        'R' => Field::Referrer,
        's' => Field::Status,
        't' => Field::Time(pattern(time_format(dates))?),
        'u' => Field::UserAgent,
        'U' => Field::Path,
        'v' => Field::Host,
        'x' => Field::Time(whole_date(dates)?),
        '~' => Field::Spaces,
        unknown => {
            return Err(refused(&format!(
                "`%{unknown}` is not a specifier of GoAccess"
            )));
        }
    };
    Ok(Piece::field(&format!("%{letter}"), field))
}

fn date_format(dates: &DateFormats) -> &str {
    dates.date.as_deref().unwrap_or("%d/%b/%Y")
}

fn time_format(dates: &DateFormats) -> &str {
    dates.time.as_deref().unwrap_or("%H:%M:%S")
}

/// The syntax of `%x`: the time's format, or the date's where only that says both.
fn whole_date(dates: &DateFormats) -> Result<Pattern> {
    let time = pattern(time_format(dates))?;
    if time.provides().is_complete() {
        return Ok(time);
    }
    let date = pattern(date_format(dates))?;
    Ok(if date.provides().is_complete() {
        date
    } else {
        time
    })
}

/// The syntax that a date's or a time's format describes.
fn pattern(format: &str) -> Result<Pattern> {
    match format {
        "%f" => Ok(Pattern::epoch_microseconds()),
        "%*" => Ok(Pattern::epoch_milliseconds()),
        _ => Pattern::strftime(format.as_bytes()).map_err(|UnknownConversion(letter)| {
            refused(&format!(
                "`%{letter}` is not a conversion that dates can be read by"
            ))
        }),
    }
}

/// Appends a list of addresses. Where quotes are among what separates them, they are around the list.
fn push_forwarded(delimiters: &str, pieces: &mut Vec<Piece>) {
    let name = format!("~h{{{delimiters}}}");
    let list = Piece::field(&name, Field::ForwardedFor);
    if delimiters.contains('"') {
        let quote = || Piece::Literal(b"\"".to_vec());
        pieces.extend([quote(), list, quote()]);
    } else {
        pieces.push(list);
    }
}

/// What `GoAccess` passes over behind a client and a colon is the client's port.
fn name_port(pieces: &mut [Piece]) {
    let is_port = |pieces: &[Piece]| {
        matches!(pieces, [client, Piece::Literal(colon), passed]
            if client.says(&Field::Client) && colon == b":" && passed.says(&Field::Text))
    };
    if let Some(place) = pieces.windows(3).position(is_port) {
        pieces[place + 2] = Piece::field("%^", Field::Port);
    }
}

/// Reads `[%d:%t %^]` as the one time of the Common Log Format that it is where date and time are of
/// that format: what `GoAccess` passes over there is the zone.
fn join_common_time(pieces: &mut Vec<Piece>) {
    let is_time = |piece: &Piece, format: &str| {
        pattern(format).is_ok_and(|pattern| piece.says(&Field::Time(pattern)))
    };
    let is_common = |pieces: &[Piece]| match pieces {
        [date, colon, time, space, zone, Piece::Literal(end)] => {
            is_time(date, "%d/%b/%Y")
                && *colon == Piece::Literal(b":".into())
                && is_time(time, "%H:%M:%S")
                && *space == Piece::Literal(b" ".into())
                && zone.says(&Field::Text)
                && end.starts_with(b"]")
        }
        _ => false,
    };
    if let Some(place) = pieces.windows(6).position(is_common) {
        let joined = Piece::field("%d:%t %^", Field::Time(Pattern::clf()));
        pieces.splice(place..place + 5, [joined]);
    }
}

/// Takes off what follows the last field that is used: a line may as well end there.
fn drop_unused_end(pieces: &mut Vec<Piece>) {
    let is_used = |piece: &Piece| matches!(piece, Piece::Field { field, .. } if field.is_used());
    let Some(last) = pieces.iter().rposition(is_used) else {
        return;
    };
    let needs_blank = matches!(&pieces[last], Piece::Field { field, .. } if !field.is_word());
    pieces.truncate(last + 2);
    match pieces.last_mut() {
        Some(Piece::Literal(literal)) if literal == b" " && !needs_blank => {
            pieces.pop();
        }
        Some(Piece::Literal(literal)) if !literal.trim_ascii().is_empty() => {
            literal.truncate(literal.trim_ascii_end().len());
        }
        Some(Piece::Field { field, .. }) if !field.is_used() => {
            pieces.pop();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(spec: &str) -> Vec<Piece> {
        template(spec, &DateFormats::default()).unwrap().pieces
    }

    #[test]
    fn each_specifier_says_what_it_says_to_goaccess() {
        let check = |letter: char, expected: Field| {
            let piece = specifier(letter, &DateFormats::default()).unwrap();
            assert!(piece.says(&expected), "%{letter}");
        };
        for (letter, field) in [
            ('b', Field::Bytes),
            ('D', Field::Word),
            ('e', Field::Text),
            ('h', Field::Client),
            ('m', Field::Method),
            ('q', Field::Query),
            ('R', Field::Referrer),
            ('u', Field::UserAgent),
            ('U', Field::Path),
            ('v', Field::Host),
            ('~', Field::Spaces),
        ] {
            check(letter, field);
        }
        let date = |format: &[u8]| Field::Time(Pattern::strftime(format).unwrap());
        check('d', date(b"%d/%b/%Y"));
        check('t', date(b"%T"));
    }

    #[test]
    fn a_whole_date_is_of_the_times_format_or_of_the_only_one_that_says_all() {
        let check = |date: Option<&str>, time: Option<&str>, expected: Pattern| {
            let dates = DateFormats {
                date: date.map(Into::into),
                time: time.map(Into::into),
            };
            assert_eq!(whole_date(&dates).unwrap(), expected, "{dates:?}");
        };
        let strftime = |format: &[u8]| Pattern::strftime(format).unwrap();
        check(Some("%s"), Some("%s"), Pattern::epoch_seconds());
        check(None, Some("%*"), Pattern::epoch_milliseconds());
        check(Some("%f"), None, Pattern::epoch_microseconds());
        check(Some("%F"), Some("%FT%T"), strftime(b"%FT%T"));
        check(Some("%FT%T"), Some("%T"), strftime(b"%FT%T"));
        check(Some("%s"), Some("%FT%T"), strftime(b"%FT%T"));
    }

    #[test]
    fn a_list_of_addresses_has_its_quotes_around_it() {
        let quote = || Piece::Literal(b"\"".to_vec());
        let list = |name: &str| Piece::field(name, Field::ForwardedFor);
        assert_eq!(pieces("~h{, }"), [list("~h{, }")]);
        assert_eq!(pieces(r#"~h{," }"#), [quote(), list(r#"~h{," }"#), quote()]);
        assert_eq!(pieces("~x ~"), [Piece::Literal(b"~x ~".to_vec())]);
    }

    #[test]
    fn what_follows_the_last_field_that_is_used_is_taken_off_the_end() {
        let check = |spec: &str, same: &str| assert_eq!(pieces(spec), pieces(same), "{spec}");
        check("%h %^", "%h");
        check("%h %^ %^ ", "%h");
        check("%h [%^]", "%h [");
        check(r#""%u" %k %K "%^""#, r#""%u""#);
        check("%h%~%^", "%h");
        assert_eq!(pieces(r"%R\t%^").len(), 2);
        assert_eq!(pieces("%h").len(), 1);
        assert_eq!(pieces("%^ %^").len(), 3);
    }

    #[test]
    fn what_goaccess_does_not_know_is_refused() {
        let check = |spec: &str, reason: &str| {
            let error = template(spec, &DateFormats::default()).unwrap_err();
            assert!(error.to_string().contains(reason), "{spec}: {error}");
        };
        check("%h %d %y", "`%y` is not a specifier");
        check("%h %d %", "`%` does not begin with");
        check("%h %d %%", "`%%` is not a specifier");
        check(r#"{"ts":"%x","ip":"%h"}"#, "JSON");
        let dates = DateFormats {
            date: Some("%Q".into()),
            time: None,
        };
        let error = template("%d", &dates).unwrap_err().to_string();
        assert!(error.contains("`%Q` is not a conversion"), "{error}");
    }
}
