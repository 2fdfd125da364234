//! What a configuration of nginx says about logs: `log_format` and `access_log`.
//!
//! The grammar is that of `ngx_conf_read_token` in nginx's `ngx_conf_file.c`.

use super::{Declaration, Declarations, Log, Unreadable};
use crate::format::spec;

/// A word of a configuration, its quotes and escapes undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::format) struct Word {
    /// What it says.
    pub(in crate::format) text: String,
    line: usize,
    is_quoted: bool,
}

impl Word {
    /// Whether it is one of the signs that end directives and enclose blocks.
    pub(in crate::format) fn is_mark(&self) -> bool {
        !self.is_quoted && matches!(&*self.text, ";" | "{" | "}")
    }
}

/// The formats and logs that a configuration declares.
pub(super) fn declarations(text: &str) -> Result<Declarations, Unreadable> {
    let mut declarations = Declarations::default();
    for directive in words(text)?.split(Word::is_mark) {
        let Some((first, rest)) = directive.split_first() else {
            continue;
        };
        let arguments: Vec<_> = rest.iter().map(|word| word.text.clone()).collect();
        match (&*first.text, &*arguments) {
            ("log_format", [name, parameters @ ..]) => declarations.formats.push(Declaration {
                line: first.line,
                name: name.clone(),
                template: spec::nginx_of_words(parameters),
            }),
            ("access_log", [path, parameters @ ..]) if path != "off" => {
                let format = parameters.first().filter(|format| !format.contains('='));
                declarations.logs.push(Log {
                    line: first.line,
                    format: format.map_or("combined", |format| format).to_owned(),
                });
            }
            _ => {}
        }
    }
    Ok(declarations)
}

/// The words of a configuration, comments left out.
///
/// # Errors
///
/// The line of a quote that is not closed.
pub(in crate::format) fn words(text: &str) -> Result<Vec<Word>, Unreadable> {
    let mut words = Vec::new();
    let (mut rest, mut line) = (text, 1);
    loop {
        let start = past_blanks(rest);
        line += line_feeds(&rest[..rest.len() - start.len()]);
        let Some((end, is_quoted)) = extent(start) else {
            return Ok(words);
        };
        let (word, after) = start.split_at_checked(end).ok_or(Unreadable {
            line,
            reason: "a quote is not closed",
        })?;
        let content = if is_quoted {
            &word[1..word.len() - 1]
        } else {
            word
        };
        words.push(Word {
            text: unescaped(content),
            line,
            is_quoted,
        });
        line += line_feeds(word);
        rest = after;
    }
}

/// The text without the blanks and comments at its start.
fn past_blanks(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest
            .split_once('\n')
            .map_or("", |(_, next)| next.trim_start());
    }
    rest
}

/// How many bytes the word at the start has, and whether it is in quotes; more than there are where a
/// quote is not closed. `None` at the end of the text.
fn extent(text: &str) -> Option<(usize, bool)> {
    match text.chars().next()? {
        ';' | '{' | '}' => Some((1, false)),
        quote @ ('"' | '\'') => Some((closing(text, quote).unwrap_or(usize::MAX), true)),
        _ => Some((bare_extent(text), false)),
    }
}

/// The bytes up to and with the closing quote.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    let closes = |(_, letter): &(usize, char)| {
        let closes = *letter == quote && !is_escaped;
        is_escaped = *letter == '\\' && !is_escaped;
        closes
    };
    text.char_indices()
        .skip(1)
        .find(closes)
        .map(|(at, _)| at + 1)
}

/// The bytes of a word without quotes; `${` begins no block.
fn bare_extent(text: &str) -> usize {
    let mut before = '\0';
    let ends = |letter: char| {
        let ends = letter.is_whitespace() || letter == ';' || letter == '{' && before != '$';
        before = letter;
        ends
    };
    text.find(ends).unwrap_or(text.len())
}

fn line_feeds(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count()
}

/// The text without the escapes that a configuration has.
pub(in crate::format) fn unescaped(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        unescaped.push_str(before);
        let (letter, length) = match after.bytes().next() {
            Some(quoted @ (b'"' | b'\'' | b'\\')) => (char::from(quoted), 1),
            Some(b't') => ('\t', 1),
            Some(b'r') => ('\r', 1),
            Some(b'n') => ('\n', 1),
            _ => ('\\', 0),
        };
        unescaped.push(letter);
        rest = &after[length..];
    }
    unescaped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_bare_or_quoted_and_know_their_lines() {
        let check = |text: &str, expected: &[(usize, &str)]| {
            let words = words(text).unwrap();
            let found: Vec<_> = words.iter().map(|word| (word.line, &*word.text)).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("a b;c", &[(1, "a"), (1, "b"), (1, ";"), (1, "c")]);
        check("a\n 'b c'\n\"d\"", &[(1, "a"), (2, "b c"), (3, "d")]);
        check("# x 'y\na # z\nb#c", &[(2, "a"), (3, "b#c")]);
        check("'a\nb' c", &[(1, "a\nb"), (2, "c")]);
        check(
            r#"'a"b' "c'd" 'e\'f' "g\"h\\""#,
            &[(1, "a\"b"), (1, "c'd"), (1, "e'f"), (1, "g\"h\\")],
        );
        check(
            "http{a${b}c;}",
            &[(1, "http"), (1, "{"), (1, "a${b}c"), (1, ";"), (1, "}")],
        );
        check(r"a\tb\x\", &[(1, "a\tb\\x\\")]);
        check("';' ''", &[(1, ";"), (1, "")]);
        check("  \n", &[]);
    }

    #[test]
    fn a_quote_that_is_not_closed_is_told_by_its_line() {
        assert_eq!(words("a\n\n'b\nc").unwrap_err().line, 3);
        assert_eq!(words("\"a\\\"").unwrap_err().line, 1);
    }
}
