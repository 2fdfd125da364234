//! What a configuration of Apache httpd says about logs: `LogFormat`, `CustomLog` and `TransferLog`.
//!
//! The grammar is that of `ap_getword_conf` and `ap_cfg_getline` in httpd's `server/util.c`.

use std::iter;

use super::{Declaration, Declarations, Log, Unreadable};
use crate::format::spec;

/// The format of `TransferLog` where no `LogFormat` without a nickname stands before it.
const TRANSFER_LOG: &str = "common";

/// Whether the text is a configuration of this server: it has one of the directives.
pub(super) fn is_of_server(text: &str) -> bool {
    let names = ["LogFormat", "CustomLog", "TransferLog"];
    let mut first_words = text
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    first_words.any(|word| names.iter().any(|name| name.eq_ignore_ascii_case(word)))
}

/// The formats and logs that a configuration declares.
pub(super) fn declarations(text: &str) -> Result<Declarations, Unreadable> {
    let mut declarations = Declarations::default();
    for (line, content) in directives(text) {
        let words = words(&content).ok_or(Unreadable {
            line,
            reason: "a quote is not closed",
        })?;
        let Some((name, arguments)) = words.split_first() else {
            continue;
        };
        match (&*name.to_ascii_lowercase(), arguments) {
            ("logformat", [spec, nickname @ ..]) => {
                let nickname = nickname.first().map_or("", |nickname| nickname);
                declarations.declare(line, nickname, spec);
            }
            ("customlog", [_, format, ..]) => {
                if format.contains('%') {
                    declarations.declare(line, format, format);
                }
                declarations.log(line, format);
            }
            ("transferlog", _) => {
                let is_set = declarations
                    .formats
                    .iter()
                    .any(|format| format.name.is_empty());
                declarations.log(line, if is_set { "" } else { TRANSFER_LOG });
            }
            _ => {}
        }
    }
    Ok(declarations)
}

impl Declarations {
    fn declare(&mut self, line: usize, name: &str, spec: &str) {
        self.formats.push(Declaration {
            line,
            name: name.to_owned(),
            template: spec::apache(spec),
        });
    }

    fn log(&mut self, line: usize, format: &str) {
        self.logs.push(Log {
            line,
            format: format.to_owned(),
        });
    }
}

/// The directives with their lines: a backslash at a line's end continues it, comments are left out.
fn directives(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut lines = (1..).zip(text.lines());
    let joined = iter::from_fn(move || {
        let (number, first) = lines.next()?;
        let mut whole = first.to_owned();
        while whole.ends_with('\\') {
            whole.pop();
            whole.push_str(lines.next().map_or("", |(_, line)| line));
        }
        Some((number, whole))
    });
    joined.filter(|(_, line)| !line.trim_start().starts_with('#'))
}

/// The words of a directive, their quotes undone; `None` where a quote is not closed.
fn words(directive: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = directive.trim();
    // Most directives have no need to be understood, and free text in some is no sequence of words.
    if !is_of_server(rest) {
        return Some(words);
    }
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            quote @ ('"' | '\'') => quoted(&rest[1..], quote)?,
            _ => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    Some(words)
}

/// What stands before the closing quote, its escapes of quotes and backslashes undone; and what comes
/// after it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            return Some((word, &text[at + 1..]));
        }
        let escaped =
            letters.next_if(|(_, next)| letter == '\\' && (*next == quote || *next == '\\'));
        word.push(escaped.map_or(letter, |(_, escaped)| escaped));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_their_quotes() {
        let check = |directive: &str, expected: &[&str]| {
            let directive = format!("LogFormat {directive}");
            assert_eq!(words(&directive).unwrap()[1..], *expected, "{directive}");
        };
        check(r#""%h \"%r\"" main"#, &[r#"%h "%r""#, "main"]);
        check(r#"'%h "%r"' main"#, &[r#"%h "%r""#, "main"]);
        check(r#""a\\b\tc""#, &[r"a\b\tc"]);
        check("%h  main", &["%h", "main"]);
        assert_eq!(words(r#"LogFormat "%h"#), None);
        assert_eq!(words("ServerSignature Don't"), Some(vec![]));
    }

    #[test]
    fn directives_may_go_on_over_lines() {
        let text = "a\\\nb\n# c\\\nd\ne\r\n  # f\n";
        let found: Vec<_> = directives(text).collect();
        assert_eq!(found, [(1, "ab".to_owned()), (5, "e".to_owned())]);
    }
}
