//! Format strings: which dialect one is in, and what it says in any of them.

mod apache;
mod goaccess;
mod nginx;

use std::fmt;

use nom::{
    IResult, Parser, branch::alt, bytes::complete::tag, character::complete::char,
    combinator::value, multi::many0, sequence::preceded,
};

use super::{compile::refused, piece::Template};
use crate::error::Result;

pub(super) use apache::template as apache;
pub use goaccess::DateFormats;
pub(super) use nginx::{template as nginx, template_of as nginx_of_words};

/// The notation of a format string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `LogFormat` of Apache httpd, which other servers took over.
    Apache,
    /// The specifiers of `GoAccess`.
    GoAccess,
    /// `log_format` of nginx.
    Nginx,
}

impl Dialect {
    /// The dialect of a format string.
    ///
    /// It is nginx's where it has a `$variable`, begins with `log_format` or `escape=`, or is in
    /// single quotes. It is `GoAccess`'s where it has one of the specifiers that Apache does not have:
    /// `%d` or a bare `%x`, of which no string for `GoAccess` can do without one, `%^` (Apache's `%^FB`,
    /// `%^ti` and `%^to` excepted), `%~` or `~h{…}`. All else is Apache's.
    #[must_use]
    pub fn of(spec: &str) -> Self {
        if nginx::is_of_dialect(spec) {
            Self::Nginx
        } else if goaccess::is_of_dialect(spec) {
            Self::GoAccess
        } else {
            Self::Apache
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Apache => "Apache LogFormat",
            Self::GoAccess => "GoAccess specifiers",
            Self::Nginx => "nginx log_format",
        })
    }
}

/// What a format string says, in whichever dialect; `dates` are for that of `GoAccess`.
///
/// # Errors
///
/// A setting's error where the string is not of its dialect's grammar.
pub(super) fn template(spec: &str, dates: &DateFormats) -> Result<Template> {
    match Dialect::of(spec) {
        Dialect::Apache => apache::template(spec),
        Dialect::GoAccess => goaccess::template(spec, dates),
        Dialect::Nginx => nginx::template(spec),
    }
}

/// All of a format string by a grammar's parser of one item; `unit` is what items other than text are
/// called.
fn items<'s, T>(
    spec: &'s str,
    item: impl FnMut(&'s str) -> IResult<&'s str, T>,
    unit: &str,
) -> Result<Vec<T>> {
    let (rest, items) = many0(item)
        .parse(spec)
        .map_err(|_| refused("it is not a format string"))?;
    if rest.is_empty() {
        Ok(items)
    } else {
        Err(refused(&format!(
            "`{rest}` does not begin with a whole {unit}"
        )))
    }
}

/// A backslash, with the character that it escapes in a configuration's string where it escapes one; a
/// backslash before anything else stands for itself.
fn backslash(input: &str) -> IResult<&str, &str> {
    let escaped = alt((
        tag("\\"),
        tag("\""),
        value("\n", char('n')),
        value("\r", char('r')),
        value("\t", char('t')),
    ));
    alt((preceded(char('\\'), escaped), tag("\\"))).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_are_told_apart_by_what_only_one_of_them_has() {
        let check = |spec: &str, dialect: Dialect| assert_eq!(Dialect::of(spec), dialect, "{spec}");
        check(r#"%h %l %u %t "%r" %>s %b"#, Dialect::Apache);
        check("%h %{%d/%b/%Y}t %{%x}t", Dialect::Apache);
        check("%h %{SSL_PROTOCOL}x %t", Dialect::Apache);
        check("%h %t %^FB %{X}^ti %{X}^to", Dialect::Apache);
        check("%a %t US$ 5", Dialect::Apache);
        check("combined", Dialect::Apache);
        check("", Dialect::Apache);
        check("%", Dialect::Apache);
        check(r#"%h %^[%d:%t %^] "%r" %s %b"#, Dialect::GoAccess);
        check("%x %h %r", Dialect::GoAccess);
        check("%h %^", Dialect::GoAccess);
        check("%~%h", Dialect::GoAccess);
        check("~h{, } %t", Dialect::GoAccess);
        check("$remote_addr [$time_local]", Dialect::Nginx);
        check("${remote_addr}", Dialect::Nginx);
        check("'$remote_addr' '[$time_local]'", Dialect::Nginx);
        check("log_format main '$remote_addr';", Dialect::Nginx);
        check("escape=json '$remote_addr'", Dialect::Nginx);
        check("load=50%d $remote_addr", Dialect::Nginx);
    }
}
