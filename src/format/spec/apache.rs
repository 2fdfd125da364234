//! Format strings of Apache: `LogFormat` and its directives, read to the pieces of a field plan.
//!
//! The grammar is that of `parse_log_string` in Apache httpd's `mod_log_config.c`; the directives are
//! those of `mod_log_config`, `mod_logio` and `mod_ssl`.

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{is_not, tag, take, take_till},
    character::complete::{char, one_of, satisfy},
    combinator::{map, recognize, value},
    multi::{fold_many0, many1},
    sequence::delimited,
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

/// An item of a format string.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item<'a> {
    Literal(String),
    Directive(Directive<'a>),
}

/// A `%` directive with its modifiers.
///
/// Status lists such as `%!200,304` are read over: where they do not hold the server writes `-`,
/// which every field may be anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Directive<'a> {
    /// All of it, from the `%` on.
    source: &'a str,
    name: &'a str,
    argument: &'a str,
    of_final_request: bool,
}

/// One modifier between the `%` and the name.
#[derive(Clone, Copy)]
enum Modifier<'a> {
    Argument(&'a str),
    FinalRequest,
    OriginalRequest,
    StatusList,
}

/// What the format string says.
///
/// # Errors
///
/// A setting's error where the string is not of the grammar or has an unknown directive.
pub(in crate::format) fn template(spec: &str) -> Result<Template> {
    Ok(Template {
        pieces: pieces(spec)?,
        escape: Escape::Backslash,
        is_lenient: false,
    })
}

fn pieces(spec: &str) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for item in items(spec, item, "directive")? {
        match item {
            Item::Literal(text) => pieces.push(Piece::Literal(text.into_bytes())),
            Item::Directive(directive) => push_pieces(directive, &mut pieces)?,
        }
    }
    Ok(pieces)
}

fn item(input: &str) -> IResult<&str, Item<'_>> {
    alt((map(literal, Item::Literal), map(directive, Item::Directive))).parse(input)
}

/// Text up to the next directive, its escapes undone. `\"` is of the configuration file's syntax.
fn literal(input: &str) -> IResult<&str, String> {
    map(
        many1(alt((is_not("%\\"), value("%", tag("%%")), backslash))),
        |parts: Vec<&str>| parts.concat(),
    )
    .parse(input)
}

fn directive(start: &str) -> IResult<&str, Directive<'_>> {
    let (input, _) = char('%').parse(start)?;
    let (input, directive) =
        fold_many0(modifier, Directive::default, Directive::modified).parse(input)?;
    let (rest, name) = name(input)?;
    let source = &start[..start.len() - rest.len()];
    let directive = Directive {
        source,
        name,
        ..directive
    };
    Ok((rest, directive))
}

fn modifier(input: &str) -> IResult<&str, Modifier<'_>> {
    alt((
        map(
            delimited(char('{'), take_till(|end| end == '}'), char('}')),
            Modifier::Argument,
        ),
        value(Modifier::FinalRequest, char('>')),
        value(Modifier::OriginalRequest, char('<')),
        value(Modifier::StatusList, one_of("!,0123456789")),
    ))
    .parse(input)
}

/// One letter, or `^` and two letters.
fn name(input: &str) -> IResult<&str, &str> {
    alt((
        recognize((char('^'), take(2_usize))),
        recognize(satisfy(char::is_alphabetic)),
    ))
    .parse(input)
}

impl<'a> Directive<'a> {
    const fn modified(self, modifier: Modifier<'a>) -> Self {
        match modifier {
            Modifier::Argument(argument) => Self { argument, ..self },
            Modifier::FinalRequest => Self {
                of_final_request: true,
                ..self
            },
            Modifier::OriginalRequest => Self {
                of_final_request: false,
                ..self
            },
            Modifier::StatusList => self,
        }
    }
}

/// Appends what a directive writes. Preferences: the address that the server takes for the client's
/// before its name, and both before those of a peer that is a proxy (`%{c}a`) and of headers that
/// anybody can send; the final status; bytes of the body, which most formats count; the configured
/// host name.
fn push_pieces(directive: Directive<'_>, pieces: &mut Vec<Piece>) -> Result<()> {
    let (field, preference) = match (directive.name, directive.argument) {
        ("a" | "h", "c") => (Field::Client, 2),
        ("a", _) => (Field::Client, 0),
        ("h", _) => (Field::Client, 1),
        ("b" | "B", _) => (Field::Bytes, 0),
        ("O", _) => (Field::Bytes, 1),
        ("s", _) => (Field::Status, u8::from(!directive.of_final_request)),
        ("v", _) => (Field::Host, 0),
        ("V", _) => (Field::Host, 1),
        ("i", header) => request_header(header),
        ("t", _) => return push_time(directive, pieces),
        ("r", _) => (Field::Request, 0),
        ("m", _) => (Field::Method, 0),
        ("U", _) => (Field::Path, 0),
        ("q", _) => (Field::Query, 0),
        ("H", _) => (Field::Protocol, 0),
        ("p", _) => (Field::Port, 0),
        ("A" | "D" | "I" | "k" | "l" | "L" | "P" | "R" | "S" | "T" | "X" | "^FB", _) => {
            (Field::Word, 0)
        }
        ("C", name) => (Field::cookie(name), 0),
        ("c" | "e" | "f" | "n" | "o" | "u" | "x" | "^ti" | "^to", _) => (Field::Text, 0),
        (unknown, _) => {
            return Err(refused(&format!(
                "`%{unknown}` is not a directive of Apache's LogFormat"
            )));
        }
    };
    pieces.push(Piece::Field {
        name: directive.source.to_owned(),
        field,
        preference,
    });
    Ok(())
}

/// What a request header says, with its preference.
fn request_header(name: &str) -> (Field, u8) {
    match name.to_ascii_lowercase().as_str() {
        "referer" => (Field::Referrer, 0),
        "user-agent" => (Field::UserAgent, 0),
        "host" => (Field::Host, 2),
        "cookie" => (Field::cookies(), 0),
        "dnt" | "sec-gpc" => (Field::OptOut, 0),
        "x-forwarded-for" | "x-real-ip" => (Field::ForwardedFor, 3),
        _ => (Field::Text, 0),
    }
}

/// Appends a time: in brackets where it has no format of its own.
fn push_time(directive: Directive<'_>, pieces: &mut Vec<Piece>) -> Result<()> {
    let argument = directive.argument;
    let (format, is_end) = match argument.strip_prefix("end:") {
        Some(format) => (format, true),
        None => (argument.strip_prefix("begin:").unwrap_or(argument), false),
    };
    let field = |pattern| {
        let field = if is_end {
            Field::OtherTime(pattern)
        } else {
            Field::Time(pattern)
        };
        Piece::field(directive.source, field)
    };
    let pattern = match format {
        "" => {
            let bracket = |text: &str| Piece::Literal(text.into());
            pieces.extend([bracket("["), field(Pattern::clf()), bracket("]")]);
            return Ok(());
        }
        "sec" => Pattern::epoch_seconds(),
        "msec" => Pattern::epoch_milliseconds(),
        "usec" => Pattern::epoch_microseconds(),
        "msec_frac" | "usec_frac" => Pattern::fraction(),
        format => Pattern::strftime(format.as_bytes()).map_err(|UnknownConversion(letter)| {
            refused(&format!(
                "`%{letter}` is not a conversion that dates can be read by"
            ))
        })?,
    };
    pieces.push(field(pattern));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Piece {
        Piece::Literal(text.into())
    }

    /// Takes the literals off both ends; empty where there are none.
    fn literals_around(pieces: &mut Vec<Piece>) -> [String; 2] {
        let is_literal = |piece: &Piece| matches!(piece, Piece::Literal(_));
        let text = |piece: Piece| match piece {
            Piece::Literal(literal) => String::from_utf8(literal).unwrap(),
            Piece::Field { .. } => String::new(),
        };
        let before = pieces
            .first()
            .is_some_and(is_literal)
            .then(|| pieces.remove(0));
        let after = pieces.pop_if(|piece| is_literal(piece));
        [before, after].map(|literal| literal.map_or_else(String::new, text))
    }

    #[test]
    fn literals_lose_their_escapes() {
        let check = |spec: &str, text: &str| {
            assert_eq!(pieces(spec).unwrap(), [literal(text)], "{spec}");
        };
        check("a b", "a b");
        check("100%%", "100%");
        check("%%h", "%h");
        check(r#"\"a\""#, r#""a""#);
        check(r"a\tb\nc\rd\\e", "a\tb\nc\rd\\e");
        check(r"a\qb\", r"a\qb\");
        check("für – 日", "für – 日");
    }

    #[test]
    fn directives_say_what_they_say_whatever_their_modifiers() {
        let check = |spec: &str, field: Field, preference: u8| {
            let name = spec.to_owned();
            let expected = Piece::Field {
                name,
                field,
                preference,
            };
            assert_eq!(pieces(spec).unwrap(), [expected], "{spec}");
        };
        check("%a", Field::Client, 0);
        check("%h", Field::Client, 1);
        check("%{c}a", Field::Client, 2);
        check("%s", Field::Status, 1);
        check("%<s", Field::Status, 1);
        check("%>s", Field::Status, 0);
        check("%!200,304,302{Referer}i", Field::Referrer, 0);
        check("%400,501{User-agent}i", Field::UserAgent, 0);
        check("%{USER-AGENT}>i", Field::UserAgent, 0);
        check("%{Accept-Language}i", Field::Text, 0);
        check("%{DNT}i", Field::OptOut, 0);
        check("%{sec-gpc}i", Field::OptOut, 0);
        check("%{Referer}o", Field::Text, 0);
        check("%{ms}T", Field::Word, 0);
        check("%{remote}p", Field::Port, 0);
        check("%^FB", Field::Word, 0);
        check("%{X-Trailer}^ti", Field::Text, 0);
        check("%{SSL_PROTOCOL}x", Field::Text, 0);
    }

    #[test]
    fn times_have_a_format_of_their_own_or_brackets() {
        let check = |spec: &str, before: &str, expected: Field, after: &str| {
            let mut pieces = pieces(spec).unwrap();
            assert_eq!(literals_around(&mut pieces), [before, after], "{spec}");
            assert_eq!(pieces, [Piece::field(spec, expected)], "{spec}");
        };
        let begin = Field::Time;
        let end = Field::OtherTime;
        let date = Pattern::strftime(b"%Y-%m-%d").unwrap();
        check("%t", "[", begin(Pattern::clf()), "]");
        check("%{end:}t", "[", end(Pattern::clf()), "]");
        check("%{%d/%b/%Y:%T %z}t", "", begin(Pattern::clf()), "");
        check("%{%F}t", "", begin(date.clone()), "");
        check("%{begin:%F}t", "", begin(date.clone()), "");
        check("%{end:%F}t", "", end(date), "");
        check("%{sec}t", "", begin(Pattern::epoch_seconds()), "");
        check("%{msec}t", "", begin(Pattern::epoch_milliseconds()), "");
        check(
            "%{begin:usec}t",
            "",
            begin(Pattern::epoch_microseconds()),
            "",
        );
        check("%{usec_frac}t", "", begin(Pattern::fraction()), "");
    }

    #[test]
    fn what_is_no_format_string_is_refused() {
        let check = |spec: &str, reason: &str| {
            let message = pieces(spec).unwrap_err().to_string();
            assert!(message.contains(reason), "{spec}: {message}");
        };
        check("%h %", "`%` does not begin with");
        check("%h %{Referer", "`%{Referer` does not begin with");
        check("%h %200", "`%200` does not begin with");
        check("%h %^F", "`%^F` does not begin with");
        check("%h %Y", "`%Y` is not a directive");
        check("%{%Q}t", "`%Q` is not a conversion");
        check("%{%Y-%}t", "`%%` is not a conversion");
    }
}
