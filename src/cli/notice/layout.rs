//! Sections of a notice, as plain text or Markdown.

/// A heading and what stands below it.
pub(super) struct Section {
    pub(super) heading: &'static str,
    pub(super) blocks: Vec<Block>,
}

/// A paragraph, or a list.
pub(super) enum Block {
    Paragraph(String),
    Items(Vec<String>),
}

/// How a notice is written down.
#[derive(Clone, Copy)]
pub(super) enum Layout {
    Text,
    Markdown,
}

/// Characters of a line of text at most, unless a word is longer.
const WIDTH: usize = 80;

impl Section {
    /// A section of paragraphs only.
    pub(super) fn of(heading: &'static str, paragraphs: impl IntoIterator<Item = String>) -> Self {
        Self {
            heading,
            blocks: paragraphs.into_iter().map(Block::Paragraph).collect(),
        }
    }

    /// The same with a list after it.
    pub(super) fn with_items(mut self, items: Vec<String>) -> Self {
        self.blocks.push(Block::Items(items));
        self
    }

    /// The same with a paragraph after it.
    pub(super) fn then(mut self, paragraph: String) -> Self {
        self.blocks.push(Block::Paragraph(paragraph));
        self
    }
}

impl Layout {
    /// A notice of sections.
    pub(super) fn of(self, title: &str, sections: &[Section]) -> String {
        let mut notice = self.heading(1, title);
        for section in sections {
            notice += &self.heading(2, section.heading);
            for block in &section.blocks {
                notice += &self.block(block);
            }
        }
        notice
    }

    fn heading(self, level: usize, text: &str) -> String {
        match self {
            Self::Text => {
                let line = if level == 1 { "=" } else { "-" };
                let before = if level == 1 { "" } else { "\n" };
                format!("{before}{text}\n{}\n", line.repeat(text.chars().count()))
            }
            Self::Markdown if level == 1 => format!("# {text}\n"),
            Self::Markdown => format!("\n## {text}\n"),
        }
    }

    fn block(self, block: &Block) -> String {
        match block {
            Block::Paragraph(text) => format!("\n{}", wrapped("", text)),
            Block::Items(items) => {
                let items = items.iter().map(|item| wrapped("- ", item));
                format!("\n{}", items.collect::<String>())
            }
        }
    }
}

/// The words of a text in lines, the first of which begins with a mark; the others are indented by as much.
fn wrapped(mark: &str, text: &str) -> String {
    let mut lines = mark.to_owned();
    let mut length = mark.len();
    let mut is_first = true;
    for word in text.split(' ') {
        let width = word.chars().count();
        if !is_first && length + 1 + width > WIDTH {
            lines.push('\n');
            lines.extend(mark.chars().map(|_| ' '));
            length = mark.len();
        } else if !is_first {
            lines.push(' ');
            length += 1;
        }
        lines += word;
        length += width;
        is_first = false;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_between_words() {
        let text = "one two three ".repeat(10);
        for line in wrapped("- ", text.trim()).lines().enumerate() {
            let (number, line) = line;
            assert!(line.chars().count() <= WIDTH, "{line}");
            assert_eq!(line.starts_with("- "), number == 0, "{line}");
            assert!(number == 0 || line.starts_with("  "), "{line}");
        }
        let long = "x".repeat(200);
        assert_eq!(wrapped("", &long), long.clone() + "\n");
        let joined = wrapped("", text.trim()).replace('\n', " ");
        assert_eq!(joined.trim(), text.trim());
    }

    #[test]
    fn sections_are_laid_out() {
        let sections = [Section::of("One", ["a b".to_owned()]).with_items(vec!["c".to_owned()])];
        let text = Layout::Text.of("All", &sections);
        assert_eq!(text, "All\n===\n\nOne\n---\n\na b\n\n- c\n");
        let markdown = Layout::Markdown.of("All", &sections);
        assert_eq!(markdown, "# All\n\n## One\n\na b\n\n- c\n");
    }
}
