//! Format strings of nginx: `log_format` and its variables, read to the pieces of a field plan.
//!
//! The grammar is that of `ngx_http_log_set_format` and `ngx_http_log_compile_format` in nginx's
//! `ngx_http_log_module.c`; the variables are those of its HTTP modules.

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{is_not, take_while1},
    character::complete::char,
    combinator::map,
    sequence::{delimited, preceded},
};

use super::items;
use crate::{
    error::Result,
    format::{
        compile::refused,
        configuration::nginx::{unescaped, words},
        piece::{Piece, Template},
        plan::Field,
    },
    record::Escape,
    time::Pattern,
};

/// An item of a format string.
#[derive(Clone, Copy, Debug)]
enum Item<'a> {
    Literal(&'a str),
    Variable(&'a str),
}

/// See [`Dialect::of`](super::Dialect::of).
pub(super) fn is_of_dialect(spec: &str) -> bool {
    let is_configuration = [
        "log_format ",
        "log_format\t",
        "log_format\n",
        "escape=",
        "'",
    ]
    .iter()
    .any(|start| spec.trim_start().starts_with(start));
    let mut places = spec.match_indices('$');
    is_configuration || places.any(|(at, _)| is_variable(&spec[at + 1..]))
}

/// Whether the text after a dollar sign names a variable.
fn is_variable(text: &str) -> bool {
    text.starts_with(|first: char| first == '{' || first == '_' || first.is_ascii_alphabetic())
}

/// What a format string says: the directive `log_format` as it stands in a configuration, the
/// parameters of it, or one string without the quotes that it has there.
///
/// # Errors
///
/// A setting's error where the string is not of the grammar.
pub(in crate::format) fn template(spec: &str) -> Result<Template> {
    let spec = spec.trim();
    let (is_directive, parameters) = match spec.strip_prefix("log_format") {
        Some(parameters) => (true, parameters),
        None => (false, spec),
    };
    if !is_directive && !parameters.starts_with("escape=") && !parameters.starts_with('\'') {
        return of_string(&unescaped(parameters), Escape::Backslash);
    }
    if let Some((escape, string)) = bare_string(parameters) {
        return of_string(&unescaped(string.trim()), escape_named(escape)?);
    }
    let words = words(parameters).map_err(|_| refused("a quote is not closed"))?;
    let words = words.into_iter().filter(|word| !word.is_mark());
    let words: Vec<_> = words.map(|word| word.text).collect();
    template_of(words.get(usize::from(is_directive)..).unwrap_or_default())
}

/// What the parameters of `log_format` say that follow its name: the kind of escape, and the parts of
/// the string.
///
/// # Errors
///
/// As [`template`].
pub(in crate::format) fn template_of(parameters: &[String]) -> Result<Template> {
    match parameters.split_first() {
        Some((first, parts)) if first.starts_with("escape=") => {
            of_string(&parts.concat(), escape_named(&first["escape=".len()..])?)
        }
        _ => of_string(&parameters.concat(), Escape::Backslash),
    }
}

/// `escape=` and a string without quotes, as nobody writes it in a configuration.
fn bare_string(parameters: &str) -> Option<(&str, &str)> {
    let parameters = parameters.strip_prefix("escape=")?;
    let (escape, string) = parameters.split_once(char::is_whitespace)?;
    let is_quoted = string.trim_start().starts_with(['\'', '"']);
    (!is_quoted).then_some((escape, string))
}

fn escape_named(name: &str) -> Result<Escape> {
    match name {
        "default" => Ok(Escape::Backslash),
        "json" => Ok(Escape::Json),
        "none" => Ok(Escape::Literal),
        _ => Err(refused(&format!(
            "`escape={name}` is not default, json or none"
        ))),
    }
}

fn of_string(string: &str, escape: Escape) -> Result<Template> {
    let mut pieces = Vec::new();
    for item in items(string, item, "variable")? {
        match item {
            Item::Literal(text) => pieces.push(Piece::Literal(text.into())),
            Item::Variable(name) => push_variable(name, &mut pieces),
        }
    }
    Ok(Template {
        pieces,
        escape,
        is_lenient: false,
    })
}

fn item(input: &str) -> IResult<&str, Item<'_>> {
    alt((
        map(is_not("$"), Item::Literal),
        map(preceded(char('$'), variable), Item::Variable),
    ))
    .parse(input)
}

fn variable(input: &str) -> IResult<&str, &str> {
    alt((delimited(char('{'), name, char('}')), name)).parse(input)
}

fn name(input: &str) -> IResult<&str, &str> {
    take_while1(|letter: char| letter == '_' || letter.is_ascii_alphanumeric()).parse(input)
}

/// Appends what a variable writes; `$is_args$args` is one thing, the query string with its `?`.
fn push_variable(name: &str, pieces: &mut Vec<Piece>) {
    let (field, preference) = meaning(name);
    let mut name = format!("${name}");
    if let (Field::Query, Some(Piece::Field { name: before, .. })) = (&field, pieces.last())
        && before == "$is_args"
    {
        name = format!("{before}{name}");
        pieces.pop();
    }
    pieces.push(Piece::Field {
        name,
        field,
        preference,
    });
}

/// What a variable says, with its preference: the address that the server takes for the client's
/// before that of the peer which is a proxy, and both before headers that anybody can send; bytes of
/// the body; the host that was asked for; the target as it was sent. Variables of other modules and
/// of the site's own may hold anything.
fn meaning(name: &str) -> (Field, u8) {
    match name {
        "args" | "query_string" => (Field::Query, 0),
        "body_bytes_sent" => (Field::Bytes, 0),
        "bytes_sent" => (Field::Bytes, 1),
        "host" => (Field::Host, 0),
        "server_name" => (Field::Host, 1),
        "http_host" => (Field::Host, 2),
        "http_cookie" => (Field::cookies(), 0),
        "http_dnt" | "http_sec_gpc" => (Field::OptOut, 0),
        "http_referer" => (Field::Referrer, 0),
        "http_user_agent" => (Field::UserAgent, 0),
        "remote_addr" => (Field::Client, 0),
        "proxy_protocol_addr" => (Field::Client, 1),
        "realip_remote_addr" => (Field::Client, 2),
        "http_x_forwarded_for" | "http_x_real_ip" | "proxy_add_x_forwarded_for" => {
            (Field::ForwardedFor, 3)
        }
        "request" => (Field::Request, 0),
        "request_method" => (Field::Method, 0),
        "request_uri" => (Field::Path, 0),
        "uri" | "document_uri" => (Field::Path, 1),
        "proxy_protocol_port" | "realip_remote_port" | "remote_port" | "server_port" => {
            (Field::Port, 0)
        }
        "server_protocol" => (Field::Protocol, 0),
        "status" => (Field::Status, 0),
        "msec" => (Field::Time(Pattern::epoch_with_fraction()), 0),
        "time_iso8601" => (Field::Time(Pattern::iso8601()), 0),
        "time_local" => (Field::Time(Pattern::clf()), 0),
        _ if is_list(name) => (Field::List, 0),
        _ if WORDS.contains(&name) => (Field::Word, 0),
        _ => {
            let cookie = name.strip_prefix("cookie_");
            (cookie.map_or(Field::Text, Field::cookie), 0)
        }
    }
}

/// Whether the variable has a value for every upstream server that was asked.
fn is_list(name: &str) -> bool {
    name.strip_prefix("upstream_").is_some_and(|name| {
        !["http_", "cookie_", "trailer_"]
            .iter()
            .any(|header| name.starts_with(header))
    })
}

/// Variables without spaces in them that say nothing a record holds.
const WORDS: [&str; 20] = [
    "connection",
    "connection_requests",
    "connection_time",
    "content_length",
    "gzip_ratio",
    "hostname",
    "http2",
    "http3",
    "https",
    "is_args",
    "limit_rate",
    "pid",
    "pipe",
    "request_id",
    "request_length",
    "request_time",
    "scheme",
    "server_addr",
    "ssl_cipher",
    "ssl_protocol",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Piece {
        Piece::Literal(text.into())
    }

    #[test]
    fn a_string_is_given_as_in_a_configuration_or_without_its_quotes() {
        let expected = [
            Piece::field("$remote_addr", Field::Client),
            literal(" \""),
            Piece::field("$request", Field::Request),
            literal("\""),
        ];
        let check = |spec: &str, escape: Escape| {
            let template = template(spec).unwrap();
            assert_eq!(template.pieces, expected, "{spec}");
            assert_eq!(template.escape, escape, "{spec}");
        };
        check(r#"$remote_addr "$request""#, Escape::Backslash);
        check(r#"$remote_addr \"$request\""#, Escape::Backslash);
        check(r#"${remote_addr} "${request}""#, Escape::Backslash);
        check(r#"'$remote_addr "$request"'"#, Escape::Backslash);
        check(r#"'$remote_addr ' '"$request"'"#, Escape::Backslash);
        check("  '$remote_addr '\n  '\"$request\"';", Escape::Backslash);
        check(
            r#"log_format main '$remote_addr "$request"';"#,
            Escape::Backslash,
        );
        check(
            r#"log_format main escape=json '$remote_addr ' "\"$request\"";"#,
            Escape::Json,
        );
        check(r#"escape=json '$remote_addr "$request"'"#, Escape::Json);
        check(r#"escape=none $remote_addr "$request""#, Escape::Literal);
        check(
            r#"escape=default '$remote_addr "$request"'"#,
            Escape::Backslash,
        );
    }

    #[test]
    fn variables_say_what_they_say() {
        let check = |name: &str, field: Field, preference: u8| {
            assert_eq!(meaning(name), (field, preference), "{name}");
        };
        check("remote_addr", Field::Client, 0);
        check("realip_remote_addr", Field::Client, 2);
        check("http_x_forwarded_for", Field::ForwardedFor, 3);
        check("remote_user", Field::Text, 0);
        check("bytes_sent", Field::Bytes, 1);
        check("host", Field::Host, 0);
        check("http_host", Field::Host, 2);
        check("request_uri", Field::Path, 0);
        check("uri", Field::Path, 1);
        check("query_string", Field::Query, 0);
        check("http_sec_gpc", Field::OptOut, 0);
        check("upstream_response_time", Field::List, 0);
        check("upstream_http_server", Field::Text, 0);
        check("request_time", Field::Word, 0);
        check("of_my_own", Field::Text, 0);
    }

    #[test]
    fn a_query_string_is_one_with_its_question_mark() {
        let pieces = template("$is_args$args").unwrap().pieces;
        assert_eq!(pieces, [Piece::field("$is_args$args", Field::Query)]);
        let pieces = template("$is_args $args").unwrap().pieces;
        assert_eq!(pieces.len(), 3);
    }

    #[test]
    fn what_nginx_would_not_load_is_refused() {
        let check = |spec: &str, reason: &str| {
            let message = template(spec).unwrap_err().to_string();
            assert!(message.contains(reason), "{spec}: {message}");
        };
        check("$remote_addr $", "`$` does not begin with");
        check("$remote_addr ${status", "`${status` does not begin with");
        check("$remote_addr $-", "`$-` does not begin with");
        check("'$remote_addr", "not closed");
        check("escape=xml '$remote_addr'", "`escape=xml`");
        check("escape=xml $remote_addr", "`escape=xml`");
    }
}
