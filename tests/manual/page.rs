//! The pages of the manual, and what stands in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A page in Markdown.
pub(crate) struct Page {
    /// Its path in the repository.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A fenced block of a page.
pub(crate) struct Block {
    /// Where it begins.
    pub(crate) line: usize,
    /// The first word after the fence.
    pub(crate) language: String,
    /// The others, `NAME=VALUE` each.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
}

/// The README and all pages of the manual.
pub(crate) fn pages() -> Vec<Page> {
    let mut names = vec!["README.md".to_owned()];
    let folder = fs::read_dir(repository().join("docs/manual")).expect("the manual");
    for entry in folder {
        let name = entry.expect("an entry").file_name();
        names.push(format!("docs/manual/{}", name.to_string_lossy()));
    }
    names.sort();
    names.iter().map(|name| Page::read(name)).collect()
}

/// Where the repository is.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

impl Page {
    pub(crate) fn read(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: fs::read_to_string(repository().join(name)).expect("a page"),
        }
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        for (line, text) in (1..).zip(self.text.lines()) {
            let fence = text.trim_start().strip_prefix("```");
            match (fence, &mut open) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(words), None) => open = Some(Block::new(line, words)),
                (None, Some(block)) => block.text += &format!("{text}\n"),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block without an end", self.name);
        blocks
    }

    /// The page without what is in blocks.
    pub(crate) fn prose(&self) -> String {
        let mut is_block = false;
        let mut prose = String::new();
        for line in self.text.lines() {
            if line.trim_start().starts_with("```") {
                is_block = !is_block;
            } else if !is_block {
                prose += line;
                prose += "\n";
            }
        }
        prose
    }
}

impl Block {
    fn new(line: usize, words: &str) -> Self {
        let mut words = words.split_whitespace();
        let language = words.next().unwrap_or_default().to_owned();
        let attribute = |word: &str| {
            let (name, value) = word.split_once('=').expect("NAME=VALUE after a language");
            (name.to_owned(), value.to_owned())
        };
        Self {
            line,
            language,
            attributes: words.map(attribute).collect(),
            text: String::new(),
        }
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What is run one after another, each with the lines that it is shown to answer.
    pub(crate) fn steps(&self) -> Vec<Step> {
        if self.language != "console" {
            return vec![Step {
                command: self.text.clone(),
                answer: Vec::new(),
            }];
        }
        let mut steps: Vec<Step> = Vec::new();
        for line in self.text.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step {
                    command: command.to_owned(),
                    answer: Vec::new(),
                });
            } else {
                let step = steps.last_mut().expect("a command before its answer");
                match line.strip_prefix("> ") {
                    Some(more) if step.answer.is_empty() => step.command += &format!("\n{more}"),
                    _ => step.answer.push(line.to_owned()),
                }
            }
        }
        steps
    }
}

/// A command and what it is shown to answer.
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) answer: Vec<String>,
}
