//! What an audit finds, in words that quote nothing of a log.

use serde::Serialize;

/// Most findings of one check that are told one by one.
const MOST_TOLD: u64 = 100;

/// Something that an audit tries, in the order of its report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Check {
    /// Files that no release writes.
    Stray,
    /// Private state that others can read, files that others can write.
    Permissions,
    /// The chain of the ledger.
    Ledger,
    /// Digests of manifests and tables.
    Digests,
    /// What manifests and the data package say.
    Description,
    /// Columns and cells of tables.
    Columns,
    /// The order of rows.
    Order,
    /// Keys outside their vocabulary.
    Vocabulary,
    /// Sums that must agree.
    Sums,
    /// Rows that cannot have k networks.
    Threshold,
    /// Empty cells that subtraction restores.
    Complement,
    /// Texts that look personal.
    Patterns,
    /// Texts that programs would run.
    Injection,
    /// Small groups between releases.
    Differencing,
    /// Identifiers of the log.
    Identifiers,
    /// Networks behind rows.
    Networks,
    /// Published numbers.
    Numbers,
    /// Cells in which one visitor stands out.
    Dominance,
}

impl Check {
    /// Every check.
    pub const ALL: [Self; 18] = [
        Self::Stray,
        Self::Permissions,
        Self::Ledger,
        Self::Digests,
        Self::Description,
        Self::Columns,
        Self::Order,
        Self::Vocabulary,
        Self::Sums,
        Self::Threshold,
        Self::Complement,
        Self::Patterns,
        Self::Injection,
        Self::Differencing,
        Self::Identifiers,
        Self::Networks,
        Self::Numbers,
        Self::Dominance,
    ];

    /// The name of the rule in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stray => "stray",
            Self::Permissions => "permissions",
            Self::Ledger => "ledger",
            Self::Digests => "digests",
            Self::Description => "description",
            Self::Columns => "columns",
            Self::Order => "order",
            Self::Vocabulary => "vocabulary",
            Self::Sums => "sums",
            Self::Threshold => "threshold",
            Self::Complement => "complement",
            Self::Patterns => "patterns",
            Self::Injection => "injection",
            Self::Identifiers => "identifiers",
            Self::Networks => "networks",
            Self::Numbers => "numbers",
            Self::Dominance => "dominance",
            Self::Differencing => "differencing",
        }
    }

    /// What is tried, in a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Stray => "Every file is one that a release writes; nothing was added.",
            Self::Permissions => {
                "The private state is closed to others, and nothing can be changed by everyone."
            }
            Self::Ledger => "The ledger is an unbroken chain, one entry for each period.",
            Self::Digests => "Manifests and tables are byte for byte those that were released.",
            Self::Description => {
                "Manifests and datapackage.json describe what is there, and nothing else."
            }
            Self::Columns => "Tables have the declared columns, and numbers where numbers belong.",
            Self::Order => "Rows stand in the declared order, each key once.",
            Self::Vocabulary => {
                "Keys are of their closed lists, or have the shape that scrubbing leaves."
            }
            Self::Sums => {
                "Numbers that describe the same visits agree between tables, rows and totals."
            }
            Self::Threshold => "No row is so small that it cannot come from k networks.",
            Self::Complement => "No empty cell is restored by subtracting a column from its total.",
            Self::Patterns => {
                "No text looks like an address, a mail address, a phone or card number, a token, \
                 a key, a digest or a pseudonym."
            }
            Self::Injection => {
                "No text is a formula to a spreadsheet, markup to a browser or a command to a terminal."
            }
            Self::Identifiers => {
                "No identifier of the log stands in any file, plain or in another spelling."
            }
            Self::Networks => "Every row was counted again: at least k networks are behind it.",
            Self::Numbers => "Every number that can be counted again comes out the same.",
            Self::Dominance => {
                "No published volume is mostly one visitor's, not even after subtracting others."
            }
            Self::Differencing => {
                "Subtracting one release from another leaves no group of fewer than k networks."
            }
        }
    }

    /// Whether it needs the log.
    #[must_use]
    pub const fn needs_log(self) -> bool {
        self as u8 >= Self::Identifiers as u8
    }
}

/// Where something was found. A row is told by its line in the file, never by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file within the audited folder; a name that may hold something personal is not shown.
    pub file: String,
    /// The line of the file, the first being 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column's name, for tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<&'static str>,
}

impl Place {
    /// A file as a whole.
    pub(super) fn file(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            column: None,
        }
    }

    /// A line of a file.
    pub(super) fn line(file: &str, line: usize) -> Self {
        Self {
            line: Some(line),
            ..Self::file(file)
        }
    }

    /// The same place, narrowed to a column.
    pub(super) fn column(self, column: &'static str) -> Self {
        Self {
            column: Some(column),
            ..self
        }
    }
}

/// Something that should not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: Check,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// How, without quoting the log.
    pub what: String,
}

/// How often something was tried, and how often it was found to be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Comparisons made.
    pub times: u64,
    /// Findings, those not told one by one included.
    pub found: u64,
}

/// Everything tried and found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    tried: [Tried; Check::ALL.len()],
    untested: Vec<String>,
}

impl Findings {
    /// The findings in the order of checks, at most a hundred of each.
    #[must_use]
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// What became of a check.
    #[must_use]
    pub const fn of(&self, check: Check) -> Tried {
        self.tried[check as usize]
    }

    /// What could not be tested, and why.
    #[must_use]
    pub fn untested(&self) -> &[String] {
        &self.untested
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.tried.iter().all(|tried| tried.found == 0)
    }

    /// Tries something: it is a finding unless it holds.
    pub(super) fn require(
        &mut self,
        check: Check,
        holds: bool,
        place: impl FnOnce() -> Place,
        what: impl FnOnce() -> String,
    ) {
        self.tried(check, 1);
        if !holds {
            self.add(check, place(), what());
        }
    }

    /// Notes so many tries that found nothing.
    pub(super) fn tried(&mut self, check: Check, times: u64) {
        self.tried[check as usize].times += times;
    }

    /// Notes a finding.
    pub(super) fn add(&mut self, rule: Check, place: Place, what: impl Into<String>) {
        let tried = &mut self.tried[rule as usize];
        tried.found += 1;
        if tried.found <= MOST_TOLD {
            let what = what.into();
            self.list.push(Finding { rule, place, what });
        }
    }

    /// Notes something that cannot be tested.
    pub(super) fn leave(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.untested.contains(&what) {
            self.untested.push(what);
        }
    }

    /// Puts the findings into the order of checks; those of one check stay as they were found.
    pub(super) fn sort(&mut self) {
        self.list.sort_by_key(|finding| finding.rule);
    }
}
