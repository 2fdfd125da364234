//! A trial of a format: what the lines of a source come to, and which rules malformed ones break.

use std::collections::BTreeMap;

use super::{Format, Parsed, Parser};
use crate::{stats::Rule, time::TimeZone};

/// Lines counted by outcome.
#[derive(Clone, Debug)]
pub struct Trial {
    format: Format,
    parser: Parser,
    /// Room for lines out of their wrapper.
    unwrapped: Vec<u8>,
    most_examples: usize,
    lines: u64,
    /// Lines that are requests.
    pub requests: u64,
    /// Blank lines and `#` directives.
    pub ignored: u64,
    /// Lines that are not of the format, by the rule they break.
    pub malformed: BTreeMap<Rule, Broken>,
}

/// Lines that break a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    /// How many there are.
    pub lines: u64,
    /// The numbers of the first of them, from 1.
    pub examples: Vec<u64>,
}

impl Trial {
    /// A trial that remembers where up to so many malformed lines of each rule are.
    #[must_use]
    pub fn new(format: &Format, log_tz: TimeZone, most_examples: usize) -> Self {
        Self {
            format: format.clone(),
            parser: format.parser(log_tz),
            unwrapped: Vec::new(),
            most_examples,
            lines: 0,
            requests: 0,
            ignored: 0,
            malformed: BTreeMap::new(),
        }
    }

    /// Tries the next line of the source.
    pub fn take(&mut self, line: &[u8]) {
        self.lines += 1;
        let line = self.format.unwrapped(line, &mut self.unwrapped);
        match self.parser.parse(line) {
            Parsed::Record(_) => self.requests += 1,
            Parsed::Ignored => self.ignored += 1,
            Parsed::Malformed(rule) => {
                let broken = self.malformed.entry(rule).or_default();
                broken.lines += 1;
                if broken.examples.len() < self.most_examples {
                    broken.examples.push(self.lines);
                }
            }
        }
    }

    /// How many lines were tried.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_outcome_and_the_first_of_each_rule_numbered() {
        let format = Format::from_spec("%h %t %>s").unwrap();
        let mut trial = Trial::new(&format, TimeZone::UTC, 2);
        let line = |status: &str| format!("203.0.113.7 [10/Oct/2000:13:55:36 -0700] {status}");
        for line in [
            &*line("200"),
            "",
            "x",
            &line("2"),
            "# y",
            "203.0.113.7 [z",
            &line("3"),
            &line("4"),
        ] {
            trial.take(line.as_bytes());
        }
        assert_eq!((trial.lines(), trial.requests, trial.ignored), (8, 1, 2));
        let broken = |rule, lines, examples: &[u64]| {
            let examples = examples.to_vec();
            (rule, Broken { lines, examples })
        };
        let expected = [
            broken(Rule::Incomplete, 1, &[3]),
            broken(Rule::Status, 3, &[4, 7]),
            broken(Rule::Time, 1, &[6]),
        ];
        assert_eq!(trial.malformed, BTreeMap::from(expected));
    }
}
