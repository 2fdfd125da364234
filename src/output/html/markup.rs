//! Markup in which nothing but what stands in this program can be a tag: all else is escaped on its way in.

use std::fmt::{self, Display, Write};

use super::super::hygiene::is_hazardous;

/// Names of attributes, which are the program's, with their values, which may be anything.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a dyn Display)];

/// Tags after whose end a new line begins, so that places in the page can be told by line.
const BLOCKS: [&str; 20] = [
    "details", "div", "figure", "footer", "g", "h1", "h2", "h3", "header", "label", "li", "ol",
    "p", "path", "section", "svg", "table", "title", "tr", "ul",
];

/// A page, or a part of it, as it is written.
#[derive(Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Begins an element.
    pub(super) fn open(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.text(value);
            self.0.push('"');
        }
        self.0.push('>');
    }

    /// Ends an element.
    pub(super) fn close(&mut self, tag: &'static str) {
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
        if BLOCKS.contains(&tag) {
            self.0.push('\n');
        }
    }

    /// Text within an element.
    pub(super) fn text(&mut self, text: impl Display) {
        write!(Escaping(&mut self.0), "{text}").expect("a string takes what is written");
    }

    /// An element that holds only text.
    pub(super) fn element(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        text: impl Display,
    ) {
        self.open(tag, attributes);
        self.text(text);
        self.close(tag);
    }

    /// An element that holds nothing.
    pub(super) fn empty(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.open(tag, attributes);
        self.close(tag);
    }

    /// Markup that stands in the program.
    pub(super) fn fixed(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Everything written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// Takes text and writes it so that it is nothing but text, within an element and within quotes.
struct Escaping<'m>(&'m mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                it if is_hazardous(it) => self.0.push('\u{25a1}'),
                it => self.0.push(it),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_text_comes_of_text() {
        for (text, expected) in [
            ("/a?b=1&c", "/a?b=1&amp;c"),
            (
                "</td><script>alert(1)</script>",
                "&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;",
            ),
            ("\" onload='x'", "&quot; onload=&#39;x&#39;"),
            ("a\u{202e}b\nc\u{1b}[2J", "a□b□c□[2J"),
            ("/straße/数据", "/straße/数据"),
        ] {
            let mut markup = Markup::default();
            markup.element("b", &[("title", &text)], text);
            let markup = String::from_utf8(markup.into_bytes()).unwrap();
            assert_eq!(markup, format!("<b title=\"{expected}\">{expected}</b>"));
        }
    }
}
