//! The field plan: what a format string of any dialect comes to, and how each field of a line ends.

use super::{
    cookies::{Cookies, OptOutCookie},
    draft::Entry,
    literal::Literal,
    rewrite::Manner,
    search::{closing_quote, position},
};
use crate::{record::Escape, stats::Rule, time::Pattern};

/// A compiled format: a line is the lead, then for each step a field and the literal after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// What stands before the first field.
    pub(super) lead: Literal,
    /// The fields in the order of the line.
    pub(super) steps: Box<[Step]>,
    /// How their values are written, one by one.
    pub(super) manners: Box<[Manner]>,
    /// How the server escapes what a client sent.
    pub(super) escape: Escape,
    /// Whether anything may follow the last field.
    pub(super) is_open: bool,
}

/// A field and the literal after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The field's name in the format string, for people.
    pub(super) name: Box<str>,
    /// What the field says.
    pub(super) field: Entry,
    /// How its end is found.
    pub(super) end: End,
    /// What follows it, exactly.
    pub(super) literal: Literal,
}

/// What a field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// Bytes sent.
    Bytes,
    /// The client's address or host name.
    Client,
    /// The same with a port behind a colon.
    ClientAndPort,
    /// Cookies, of use only where settings name one.
    Cookies(Cookies),
    /// The addresses that proxies forwarded, the one that the nearest proxy saw last.
    ForwardedFor,
    /// The virtual host, perhaps with a port.
    Host,
    /// Nothing that a record holds, in a list with `, ` or ` : ` between its members.
    List,
    /// The request's method.
    Method,
    /// When the request was received, in a syntax that can be told by its look.
    Moment,
    /// `1` where the client asks not to be counted.
    OptOut,
    /// A path that is read elsewhere in the line.
    OtherPath,
    /// A date that is not the time of the request, such as that of the end of the response.
    OtherTime(Pattern),
    /// The request's path, perhaps with the query string.
    Path,
    /// The server's port: nothing that a record holds, unless it belongs to the host.
    Port,
    /// The protocol: nothing that a record holds, unless it belongs to the request line.
    Protocol,
    /// The request line of a proxy: its target is an absolute URL, whose host is the virtual host.
    ProxyRequest,
    /// The query string, with or without its `?`.
    Query,
    /// The `Referer` header.
    Referrer,
    /// The request line.
    Request,
    /// What a cache did, a slash, and the status.
    ResultStatus,
    /// Any number of spaces.
    Spaces,
    /// The status.
    Status,
    /// Nothing that a record holds, in a value that may have spaces in it.
    Text,
    /// When the request was received, or a part of that.
    Time(Pattern),
    /// The same in the syntax of the Common Log Format, which is read faster.
    TimeClf,
    /// The target as an absolute URL, whose host is the virtual host.
    Url,
    /// The `User-Agent` header.
    UserAgent,
    /// Nothing that a record holds, in a value without spaces.
    Word,
}

/// How the end of a field is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Before the first place where the literal stands with a date of the Common Log Format behind it,
    /// or else where it stands: a user's name may have ` [` in it, but no colon (RFC 7617, section 2).
    Date,
    /// With the line, less the literal: the last field.
    Line,
    /// Before the first place where the literal stands outside of a list's `, ` and ` : `.
    List,
    /// Before the first place where the literal stands.
    Literal,
    /// Before the next quote that no backslash escapes; the literal begins with that quote.
    Quote,
    /// Before the next slash, with which the next field begins.
    Slash,
    /// Before what is no space.
    Spaces,
    /// Where its syntax says: dates.
    Syntax,
    /// Before the next space, or with the line: a field that no literal follows.
    Word,
}

impl Plan {
    /// The same plan where those cookies are heeded.
    pub(super) fn heeding(&self, cookies: &[OptOutCookie]) -> Self {
        let mut heeding = self.clone();
        for step in &mut heeding.steps {
            step.field = step.field.heeding(cookies).into();
        }
        heeding.manners = Manner::of_steps(&heeding.lead, &heeding.steps, heeding.escape);
        heeding
    }

    /// How many fields of a record the plan fills.
    pub(super) fn fields(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| step.field.is_used())
            .count()
    }

    /// Whether lines begin with so many words, each with a space behind it.
    pub(super) fn begins_with_words(&self, count: usize) -> bool {
        let is_word = |step: &Step| step.field.is_word() && *step.literal == *b" ";
        self.lead.is_empty() && self.steps[..count].iter().all(is_word)
    }
}

impl Field {
    /// Whether it says something that a record holds.
    pub(super) const fn is_used(&self) -> bool {
        match self {
            Self::Cookies(cookies) => cookies.is_heeded(),
            Self::List
            | Self::OtherPath
            | Self::OtherTime(_)
            | Self::Port
            | Self::Protocol
            | Self::Spaces
            | Self::Text
            | Self::Word => false,
            _ => true,
        }
    }

    /// The `Cookie` header.
    pub(super) const fn cookies() -> Self {
        Self::Cookies(Cookies::header())
    }

    /// The value of one cookie.
    pub(super) fn cookie(name: &str) -> Self {
        Self::Cookies(Cookies::of_name(name))
    }

    /// The same field where those cookies are heeded.
    pub(super) fn heeding(&self, cookies: &[OptOutCookie]) -> Self {
        match self {
            Self::Cookies(own) => Self::Cookies(own.heeding(cookies)),
            _ => self.clone(),
        }
    }

    /// Whether its values never have spaces in them.
    pub(super) const fn is_word(&self) -> bool {
        matches!(
            self,
            Self::Bytes
                | Self::Client
                | Self::ClientAndPort
                | Self::Host
                | Self::Method
                | Self::OptOut
                | Self::Port
                | Self::Protocol
                | Self::Status
                | Self::Word
        )
    }

    /// Whether its syntax tells where it ends.
    pub(super) const fn is_time(&self) -> bool {
        matches!(self, Self::OtherTime(_) | Self::Time(_) | Self::TimeClf)
    }
}

impl Step {
    /// The field's value at the start of `rest`, and what comes after the literal behind it.
    #[inline(always)]
    pub(super) fn split<'a>(&self, rest: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), Rule> {
        let literal = &self.literal;
        let end = match self.end {
            End::Literal | End::List | End::Date => {
                let first = literal.find(rest).ok_or(Rule::Incomplete)?;
                let end = match self.end {
                    End::List => after_list(rest, literal, first).ok_or(Rule::Incomplete)?,
                    End::Date => before_date(rest, literal, first),
                    _ => first,
                };
                return Ok((&rest[..end], &rest[end + literal.len()..]));
            }
            End::Quote => end_of_quoted(rest, literal).ok_or(Rule::Quote)?,
            End::Line => rest
                .len()
                .checked_sub(literal.len())
                .ok_or(Rule::Incomplete)?,
            End::Slash => position(rest, b'/').ok_or(Rule::Incomplete)?,
            End::Spaces => rest.iter().take_while(|&&byte| byte == b' ').count(),
            End::Syntax => rest.len(),
            End::Word => end_of_word(rest),
        };
        let (value, rest) = rest.split_at(end);
        Ok((value, literal.strip(rest)?))
    }
}

/// Where a field in quotes ends. Apache writes `""` for a user without a name, within the quotes of a
/// format string too (`log_remote_user` in httpd's `mod_log_config.c`).
#[inline(always)]
fn end_of_quoted(text: &[u8], literal: &Literal) -> Option<usize> {
    match closing_quote(text)? {
        0 if text.starts_with(b"\"\"") && literal.begins(&text[2..]) => Some(2),
        end => Some(end),
    }
}

/// Where the literal stands before what looks like `10/Oct/2000:13:55:36`, or else where it stands first.
#[inline(always)]
fn before_date(text: &[u8], literal: &Literal, first: usize) -> usize {
    let mut at = first;
    while !looks_like_date(&text[at + literal.len()..]) {
        match literal.find_after(text, at) {
            Some(next) => at = next,
            None => return first,
        }
    }
    at
}

/// Whether text begins as a date of the Common Log Format does, by its separators.
const fn looks_like_date(text: &[u8]) -> bool {
    matches!(text, [_, _, b'/', _, _, _, b'/', _, _, _, _, b':', ..])
}

/// Where the literal, which stands first at that place, is no part of what separates the members of a
/// list.
///
/// nginx writes a value of `$upstream_addr` and its like for every server that it asked, with `, `
/// between servers and ` : ` where it was redirected to another group of them.
#[inline(always)]
fn after_list(text: &[u8], literal: &Literal, first: usize) -> Option<usize> {
    let mut at = first;
    while let Some(separator) = separator_at(text, at)
        && !literal.starts_with(separator)
    {
        at = literal.find_after(text, at)?;
    }
    Some(at)
}

/// The separator of a list of which the byte at that place is.
#[inline(always)]
fn separator_at(text: &[u8], at: usize) -> Option<&'static [u8]> {
    let (before, from) = text.split_at(at);
    match (before, from) {
        ([.., b','], [b' ', ..]) | (_, [b',', b' ', ..]) => Some(b", "),
        ([.., b' ', b':'], [b' ', ..])
        | ([.., b' '], [b':', b' ', ..])
        | (_, [b' ', b':', b' ', ..]) => Some(b" : "),
        _ => None,
    }
}

/// Where the first space stands that does not follow a comma, or the end.
#[inline]
pub(super) fn end_of_word(text: &[u8]) -> usize {
    let mut from = 0;
    while let Some(space) = position(&text[from..], b' ') {
        if !text[..from + space].ends_with(b",") {
            return from + space;
        }
        from += space + 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_where_the_literal_is_none_of_its_separators() {
        let check = |text: &str, literal: &str, end: Option<usize>| {
            let literal = Literal::from(literal.as_bytes().to_vec());
            let text = text.as_bytes();
            let first = literal.find(text);
            let found = first.and_then(|first| after_list(text, &literal, first));
            assert_eq!(found, end, "{}", text.escape_ascii());
        };
        check("a b", " ", Some(1));
        check("a, b c", " ", Some(4));
        check("a, b : c, d e", " ", Some(11));
        check("a : b", " ", None);
        check("- : a, b c", " ", Some(8));
        check("a, b,c", ",", Some(4));
        check("a, b,, c", ",", Some(4));
        check("a, b", ", ", Some(1));
        check(" b", " ", Some(0));
        check(", b c", " ", Some(3));
    }

    #[test]
    fn what_stands_before_a_date_ends_where_the_date_begins() {
        let check = |text: &str, end: Option<usize>| {
            let (text, literal) = (text.as_bytes(), Literal::from(b" [".to_vec()));
            let first = literal.find(text);
            let found = first.map(|first| before_date(text, &literal, first));
            assert_eq!(found, end, "{}", text.escape_ascii());
        };
        check("jane [10/Oct/2000:13:55:36 -0700]", Some(4));
        check("jane [x [10/Oct/2000:13:55:36 -0700]", Some(7));
        check("jane [01/Jan/2020 [ [10/Oct/2000:13:55:36 -0700]", Some(19));
        check("jane [yesterday] [", Some(4));
        check("jane [", Some(4));
        check("jane", None);
    }
}
