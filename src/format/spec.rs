//! Format strings: the grammar of Apache's `LogFormat`, read to the pieces of a field plan.
//!
//! The grammar is that of `parse_log_string` in Apache httpd's `mod_log_config.c`; the directives are
//! those of `mod_log_config`, `mod_logio` and `mod_ssl`.

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{is_not, tag, take, take_till},
    character::complete::{char, one_of, satisfy},
    combinator::{map, recognize, value},
    multi::{fold_many0, many0, many1},
    sequence::{delimited, preceded},
};

use super::{
    compile::{Piece, refused},
    plan::Field,
};
use crate::{
    error::Result,
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

/// The pieces of an Apache `LogFormat` string.
///
/// # Errors
///
/// A setting's error where the string is not of the grammar or has an unknown directive.
pub(super) fn pieces(spec: &str) -> Result<Vec<Piece>> {
    let (rest, items) = many0(item)
        .parse(spec)
        .map_err(|_| refused("it is not a format string"))?;
    if !rest.is_empty() {
        return Err(refused(&format!(
            "`{rest}` does not begin with a whole directive"
        )));
    }
    let mut pieces = Vec::new();
    for item in items {
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
        many1(alt((
            is_not("%\\"),
            value("%", tag("%%")),
            preceded(char('\\'), escaped),
            tag("\\"),
        ))),
        |parts: Vec<&str>| parts.concat(),
    )
    .parse(input)
}

fn escaped(input: &str) -> IResult<&str, &str> {
    alt((
        tag("\\"),
        tag("\""),
        value("\n", char('n')),
        value("\r", char('r')),
        value("\t", char('t')),
    ))
    .parse(input)
}

fn directive(input: &str) -> IResult<&str, Directive<'_>> {
    let (input, _) = char('%').parse(input)?;
    let (input, directive) =
        fold_many0(modifier, Directive::default, Directive::modified).parse(input)?;
    let (input, name) = name(input)?;
    Ok((input, Directive { name, ..directive }))
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
        ("t", argument) => return push_time(argument, pieces),
        ("r", _) => (Field::Request, 0),
        ("m", _) => (Field::Method, 0),
        ("U", _) => (Field::Path, 0),
        ("q", _) => (Field::Query, 0),
        ("H", _) => (Field::Protocol, 0),
        ("p", _) => (Field::Port, 0),
        ("A" | "D" | "I" | "k" | "l" | "L" | "P" | "R" | "S" | "T" | "X" | "^FB", _) => {
            (Field::Word, 0)
        }
        ("c" | "C" | "e" | "f" | "n" | "o" | "u" | "x" | "^ti" | "^to", _) => (Field::Text, 0),
        (unknown, _) => {
            return Err(refused(&format!(
                "`%{unknown}` is not a directive of Apache's LogFormat"
            )));
        }
    };
    pieces.push(Piece::Field { field, preference });
    Ok(())
}

/// What a request header says, with its preference.
fn request_header(name: &str) -> (Field, u8) {
    match name.to_ascii_lowercase().as_str() {
        "referer" => (Field::Referrer, 0),
        "user-agent" => (Field::UserAgent, 0),
        "host" => (Field::Host, 2),
        "dnt" | "sec-gpc" => (Field::OptOut, 0),
        "x-forwarded-for" | "x-real-ip" => (Field::ForwardedFor, 3),
        _ => (Field::Text, 0),
    }
}

/// Appends a time: in brackets where it has no format of its own.
fn push_time(argument: &str, pieces: &mut Vec<Piece>) -> Result<()> {
    let (format, is_end) = match argument.strip_prefix("end:") {
        Some(format) => (format, true),
        None => (argument.strip_prefix("begin:").unwrap_or(argument), false),
    };
    let field = |pattern| {
        Piece::field(if is_end {
            Field::OtherTime(pattern)
        } else {
            Field::Time(pattern)
        })
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
