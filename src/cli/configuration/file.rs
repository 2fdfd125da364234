//! What a configuration file says, and on which line; what it cannot say is refused there.

use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use clap::Command;
use hushlog::error::{Error, Result};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    options::{self, Arity, COMMANDS},
    profiles,
};

/// The table that holds the sites.
const SITES: &str = "site";

/// A command that tells what another one does, and so has its settings.
const TOLD_OF: [(&str, &str); 1] = [("notice", "report")];

/// A file's settings: for all commands, for one, and for one site. A later one of these goes before.
#[derive(Debug)]
pub(super) struct ConfigurationFile {
    path: PathBuf,
    general: Vec<Setting>,
    commands: BTreeMap<String, Vec<Setting>>,
    sites: BTreeMap<String, Vec<Setting>>,
}

/// A setting, and where it is.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) value: Value,
    /// Counted from one.
    pub(super) line: usize,
}

/// What is given for an option.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Flag(bool),
    One(String),
    Many(Vec<String>),
}

impl ConfigurationFile {
    /// Reads a file for a program with these commands.
    ///
    /// # Errors
    /// If it cannot be read, is no TOML, or has what no command knows.
    pub(super) fn read(path: &Path, program: &Command) -> Result<Self> {
        if let Some(text) = profiles::named(path)? {
            return Self::parse(path, text, program);
        }
        let text = fs::read_to_string(path).map_err(|source| Error::Read {
            name: path.display().to_string(),
            source,
        })?;
        Self::parse(path, &text, program)
    }

    fn parse(path: &Path, text: &str, program: &Command) -> Result<Self> {
        let reading = Reading {
            path,
            text,
            program,
        };
        let table = DeTable::parse(text).map_err(|error| {
            let place = error.span().unwrap_or_default();
            reading.refused(place, error.message())
        })?;
        reading.file(table.get_ref())
    }

    /// Its sites, by name.
    pub(super) fn sites(&self) -> impl Iterator<Item = &str> {
        self.sites.keys().map(String::as_str)
    }

    /// Whether a command has a section.
    pub(super) fn has_section(&self, command: &str) -> bool {
        self.commands.contains_key(command)
    }

    /// The settings that a command has, for a site if one is named.
    pub(super) fn settings(&self, command: &Command, site: Option<&str>) -> Vec<&Setting> {
        let told_of = TOLD_OF.iter().find(|(by, _)| *by == command.get_name());
        let told_of = told_of.and_then(|(_, command)| self.commands.get(*command));
        let own = self.commands.get(command.get_name());
        let of_site = site.and_then(|site| self.sites.get(site));
        let mut settings = BTreeMap::new();
        for section in [Some(&self.general), told_of, own, of_site]
            .into_iter()
            .flatten()
        {
            for setting in section {
                settings.insert(setting.name.as_str(), setting);
            }
        }
        let known = |setting: &&Setting| options::option(command, &setting.name).is_some();
        settings.into_values().filter(known).collect()
    }

    /// Says what is wrong with a setting.
    pub(super) fn refused(&self, setting: &Setting, message: &str) -> Error {
        refused(&self.path, setting.line, message)
    }

    /// Where a setting is, in words.
    pub(super) fn place(&self, setting: &Setting) -> String {
        format!("{}:{}", self.path.display(), setting.line)
    }
}

fn refused(path: &Path, line: usize, message: &str) -> Error {
    Error::Setting(format!("{}:{line}: {message}", path.display()))
}

/// A text that is read for a program.
struct Reading<'r> {
    path: &'r Path,
    text: &'r str,
    program: &'r Command,
}

impl Reading<'_> {
    fn file(&self, table: &DeTable<'_>) -> Result<ConfigurationFile> {
        let mut file = ConfigurationFile {
            path: self.path.to_owned(),
            general: Vec::new(),
            commands: BTreeMap::new(),
            sites: BTreeMap::new(),
        };
        for (key, value) in table {
            let name: &str = key.get_ref();
            match value.get_ref() {
                DeValue::Table(sites) if name == SITES => file.sites = self.sites(sites)?,
                DeValue::Table(section) if COMMANDS.contains(&name) => {
                    let section = self.section(section, &[name])?;
                    file.commands.insert(name.to_owned(), section);
                }
                DeValue::Table(_) => return Err(self.unknown_section(key)),
                _ => file.general.push(self.setting(key, value, &COMMANDS)?),
            }
        }
        Ok(file)
    }

    fn sites(&self, sites: &DeTable<'_>) -> Result<BTreeMap<String, Vec<Setting>>> {
        let sites = sites.iter().map(|(name, section)| {
            let DeValue::Table(section) = section.get_ref() else {
                let message = format!("a site is a section, [{SITES}.NAME]");
                return Err(self.refused(name.span(), &message));
            };
            let section = self.section(section, &COMMANDS)?;
            Ok((name.get_ref().to_string(), section))
        });
        sites.collect()
    }

    fn section(&self, section: &DeTable<'_>, commands: &[&str]) -> Result<Vec<Setting>> {
        let settings = section.iter();
        settings
            .map(|(key, value)| self.setting(key, value, commands))
            .collect()
    }

    /// A setting that one of the commands has.
    fn setting(
        &self,
        key: &Spanned<impl AsRef<str>>,
        value: &Spanned<DeValue<'_>>,
        commands: &[&str],
    ) -> Result<Setting> {
        let name = key.get_ref().as_ref();
        let commands = || {
            commands
                .iter()
                .map(|name| options::command(self.program, name))
        };
        let option = commands().find_map(|command| options::option(command, name));
        let Some(option) = option else {
            let names = commands().flat_map(options::settable).map(|(name, _)| name);
            let message = format!("{name} is no setting here{}", meant(name, names));
            return Err(self.refused(key.span(), &message));
        };
        let value = value_for(Arity::of(option), value.get_ref());
        Ok(Setting {
            name: name.to_owned(),
            value: value.map_err(|what| self.refused(key.span(), &format!("{name} is {what}")))?,
            line: self.line(key.span()),
        })
    }

    fn unknown_section(&self, key: &Spanned<impl AsRef<str>>) -> Error {
        let name = key.get_ref().as_ref();
        let names = COMMANDS.into_iter().chain([SITES]);
        let message = format!("[{name}] is no section{}", meant(name, names));
        self.refused(key.span(), &message)
    }

    fn refused(&self, place: Range<usize>, message: &str) -> Error {
        refused(self.path, self.line(place), message)
    }

    fn line(&self, place: Range<usize>) -> usize {
        let before = &self.text.as_bytes()[..place.start.min(self.text.len())];
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}

/// What is given for an option of that arity, or what should be.
fn value_for(arity: Arity, value: &DeValue<'_>) -> std::result::Result<Value, &'static str> {
    match (arity, value) {
        (Arity::Flag, DeValue::Boolean(is_set)) => Ok(Value::Flag(*is_set)),
        (Arity::Flag, _) => Err("either true or false"),
        (Arity::Many, DeValue::Array(values)) => {
            let texts = values.iter().map(|value| text(value.get_ref()));
            let texts: Option<Vec<String>> = texts.collect();
            texts.map(Value::Many).ok_or("a list of texts")
        }
        (Arity::Many, value) => text(value)
            .map(Value::One)
            .ok_or("a text, or a list of texts"),
        (Arity::One, value) => text(value).map(Value::One).ok_or("one text or number"),
    }
}

/// A value as it would be written on the command line.
fn text(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => return None,
    })
}

/// A suggestion of the name that is most like an unknown one, if any is.
fn meant<'n>(unknown: &str, names: impl Iterator<Item = &'n str>) -> String {
    let unknown = unknown.replace('_', "-");
    let likeness = |name: &str| (strsim::jaro_winkler(&unknown, name) * 1000.0) as u32;
    let nearest = names.max_by_key(|name| likeness(name));
    let nearest = nearest.filter(|name| likeness(name) > 800);
    nearest.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::configuration;

    fn parse(text: &str) -> Result<ConfigurationFile> {
        ConfigurationFile::parse(Path::new("c.toml"), text, &configuration::program())
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, expected) in [
            ("tz = 'UTC'\n[report", "c.toml:2: "),
            (
                "tz = 'UTC'\ntzz = 1",
                "c.toml:2: tzz is no setting here; did you mean tz?",
            ),
            (
                "visit_timeout = '1h'",
                "c.toml:1: visit_timeout is no setting here; did you mean visit-timeout?",
            ),
            ("zzzzzz = 1", "c.toml:1: zzzzzz is no setting here"),
            (
                "[reports]\nk = 10",
                "c.toml:1: [reports] is no section; did you mean report?",
            ),
            ("[scrub]\nk = 10", "c.toml:2: k is no setting here"),
            (
                "[report]\n\nquiet = 'yes'",
                "c.toml:3: quiet is either true or false",
            ),
            ("k = [10, 11]", "c.toml:1: k is one text or number"),
            ("k = true", "c.toml:1: k is one text or number"),
            ("page = [true]", "c.toml:1: page is a list of texts"),
            (
                "config = 'other.toml'",
                "c.toml:1: config is no setting here",
            ),
            (
                "[site]\nshop = 3",
                "c.toml:2: a site is a section, [site.NAME]",
            ),
            ("[site.shop]\nkk = 3", "c.toml:2: kk is no setting here"),
        ] {
            let message = parse(text).expect_err(text).to_string();
            assert!(message.starts_with(expected), "{text:?}: {message}");
        }
    }

    #[test]
    fn the_nearest_section_says_what_holds() {
        let file = parse(
            "k = 10\ntop = 5\npage = '/a'\ninputs = ['x', 'y']\n[report]\nk = 11\nquiet = true\n\
             [site.shop]\nk = 12\nsince = 2026-01-01\n[scrub]\naddress = 'drop'",
        );
        let (file, program) = (file.expect("a file"), configuration::program());
        let settings = |command, site| {
            let settings = file.settings(options::command(&program, command), site);
            let settings = settings
                .iter()
                .map(|it| format!("{}={:?}", it.name, it.value));
            settings.collect::<Vec<_>>().join(" ")
        };
        let (inputs, page) = ("inputs=Many([\"x\", \"y\"])", "page=One(\"/a\")");
        assert_eq!(
            settings("report", Some("shop")),
            format!(
                "{inputs} k=One(\"12\") {page} quiet=Flag(true) since=One(\"2026-01-01\") top=One(\"5\")"
            )
        );
        assert_eq!(
            settings("watch", None),
            format!("{inputs} k=One(\"10\") {page} top=One(\"5\")")
        );
        assert_eq!(
            settings("scrub", None),
            format!("address=One(\"drop\") {inputs}")
        );
        assert_eq!(
            settings("notice", None),
            format!("{inputs} k=One(\"11\") {page} quiet=Flag(true) top=One(\"5\")")
        );
        assert_eq!(file.sites().collect::<Vec<_>>(), ["shop"]);
    }
}
