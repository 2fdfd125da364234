//! Settings out of a configuration file: what a command line becomes where it names one.
//!
//! What is given on the command line goes before the environment, and that before the file. A setting of
//! the file is put on the command line that is then parsed, so that it is held to the same rules.

mod check;
mod command;
mod example;
mod file;
mod options;
mod profiles;
mod shown;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{
    Arg, ArgMatches, Command, CommandFactory, FromArgMatches, error::ContextKind,
    parser::ValueSource, value_parser,
};
use hushlog::error::{Error, Result};

pub(super) use self::command::{ConfigCommand, run};
use self::{
    file::{ConfigurationFile, Setting, Value},
    options::{COMMANDS, FILE, SITE},
};
use super::{CommandLine, scrub::ScrubArguments};

/// Commands that run for one site at a time.
const OF_ONE_SITE: [&str; 2] = ["watch", "scrub"];

/// The command that writes a log again, of which a notice tells.
const SCRUB: &str = "scrub";

/// A command line that is meant, and for which site of the configuration file.
pub(super) struct Meant {
    pub(super) site: Option<String>,
    pub(super) command_line: CommandLine,
}

/// Why there is no command line.
pub(super) enum Unusable {
    /// The arguments are wrong, or ask for help.
    Arguments(clap::Error),
    Configuration(Error),
}

impl From<clap::Error> for Unusable {
    fn from(error: clap::Error) -> Self {
        Self::Arguments(error)
    }
}

impl From<Error> for Unusable {
    fn from(error: Error) -> Self {
        Self::Configuration(error)
    }
}

/// The program's commands, those that may be configured with the options that say by what.
pub(super) fn program() -> Command {
    COMMANDS
        .iter()
        .fold(CommandLine::command(), |program, name| {
            program.mut_subcommand(name, |command| command.args([file_option(), site_option()]))
        })
}

fn file_option() -> Arg {
    Arg::new(FILE)
        .long(FILE)
        .env("HUSHLOG_CONFIG")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help(
            "Configuration file, or profile:NAME for one that ships with the program; what is given here \
             goes before it (hushlog config example)",
        )
}

fn site_option() -> Arg {
    Arg::new(SITE)
        .long(SITE)
        .env("HUSHLOG_SITE")
        .value_name("NAME")
        .requires(FILE)
        .help("The site of the configuration file that is meant, if not all")
}

/// The command lines that arguments mean: one, or one for each site of the configuration file.
pub(super) fn meant(arguments: Vec<OsString>) -> std::result::Result<Vec<Meant>, Unusable> {
    let program = program();
    let Some(configured) = Configured::of(&program, &arguments)? else {
        let command_line = parsed(program, arguments)?;
        return Ok(vec![Meant {
            site: None,
            command_line,
        }]);
    };
    let sites = configured.sites()?.into_iter();
    sites
        .map(|site| {
            let command_line = configured.command_line(&arguments, site)?;
            Ok(Meant {
                site: site.map(str::to_owned),
                command_line,
            })
        })
        .collect()
}

/// Arguments that name a command, a file, and a site of it.
fn arguments(command: &str, file: &Path, site: Option<&str>) -> Vec<OsString> {
    let mut arguments = vec![
        "hushlog".into(),
        command.into(),
        format!("--{FILE}").into(),
        file.into(),
    ];
    arguments.extend(site.map(|site| format!("--{SITE}={site}").into()));
    arguments
}

fn parsed(
    program: Command,
    arguments: Vec<OsString>,
) -> std::result::Result<CommandLine, clap::Error> {
    CommandLine::from_arg_matches(&program.try_get_matches_from(arguments)?)
}

/// The same where nothing is required yet, as a file may give it.
fn lenient(program: Command) -> Command {
    COMMANDS.iter().fold(program, |program, name| {
        program.mut_subcommand(name, |command| {
            command.mut_args(|argument| argument.required(false))
        })
    })
}

/// Arguments of a command that name a configuration file.
struct Configured<'p> {
    program: &'p Command,
    command: &'p Command,
    /// What the arguments and the environment say.
    said: ArgMatches,
    file: ConfigurationFile,
}

impl<'p> Configured<'p> {
    /// `None` if the arguments name no file, or cannot be parsed whatever a file says.
    fn of(program: &'p Command, arguments: &[OsString]) -> Result<Option<Self>> {
        let Ok(mut matches) = lenient(program.clone()).try_get_matches_from(arguments) else {
            return Ok(None);
        };
        let Some((name, said)) = matches.remove_subcommand() else {
            return Ok(None);
        };
        let path = COMMANDS
            .contains(&name.as_str())
            .then(|| said.get_one::<PathBuf>(FILE));
        let Some(path) = path.flatten() else {
            return Ok(None);
        };
        let file = ConfigurationFile::read(path, program)?;
        let command = options::command(program, &name);
        Ok(Some(Self {
            program,
            command,
            said,
            file,
        }))
    }

    /// The sites that are meant, by name; one without a name where the file has none.
    fn sites(&self) -> Result<Vec<Option<&str>>> {
        let sites: Vec<&str> = self.file.sites().collect();
        let known = || sites.join(", ");
        if let Some(wanted) = self.said.get_one::<String>(SITE) {
            let site = sites.iter().find(|site| *site == wanted);
            let site = site.ok_or_else(|| {
                Error::Setting(format!(
                    "--site {wanted}: the configuration file has {}",
                    match known() {
                        none if none.is_empty() => "no sites".to_owned(),
                        names => format!("the sites {names}"),
                    }
                ))
            })?;
            return Ok(vec![Some(site)]);
        }
        if sites.len() > 1 && OF_ONE_SITE.contains(&self.command.get_name()) {
            return Err(Error::Setting(format!(
                "the configuration file has the sites {}: name one with --site",
                known()
            )));
        }
        Ok(self.all_sites())
    }

    /// All sites of the file; one without a name where it has none.
    fn all_sites(&self) -> Vec<Option<&str>> {
        let sites: Vec<Option<&str>> = self.file.sites().map(Some).collect();
        if sites.is_empty() { vec![None] } else { sites }
    }

    /// The arguments, and what the file adds to them for a site.
    fn command_line(
        &self,
        arguments: &[OsString],
        site: Option<&str>,
    ) -> std::result::Result<CommandLine, Unusable> {
        let added = self.added(site);
        let arguments = with_settings(self.command, arguments, &added);
        let mut command_line = self.parsed(self.command, arguments, &added)?;
        if let super::Command::Notice(notice) = &mut command_line.command {
            notice.tell_of(self.scrubbing(site)?);
        }
        Ok(command_line)
    }

    /// How the log is written again by the file's section for it, if there is one.
    fn scrubbing(
        &self,
        site: Option<&str>,
    ) -> std::result::Result<Option<Box<ScrubArguments>>, Unusable> {
        if !self.file.has_section(SCRUB) {
            return Ok(None);
        }
        let command = options::command(self.program, SCRUB);
        let settings = self.file.settings(command, site);
        let arguments = with_settings(command, &["hushlog".into(), SCRUB.into()], &settings);
        let command_line = self.parsed(command, arguments, &settings)?;
        Ok(match command_line.command {
            super::Command::Scrub(arguments) => Some(arguments),
            _ => None,
        })
    }

    /// Arguments among which are settings, one of which may be wrong.
    fn parsed(
        &self,
        command: &Command,
        arguments: Vec<OsString>,
        settings: &[&Setting],
    ) -> std::result::Result<CommandLine, Unusable> {
        parsed(self.program.clone(), arguments).map_err(|error| {
            match blamed(command, &error, settings) {
                Some(setting) => self.file.refused(setting, &summary(&error)).into(),
                None => error.into(),
            }
        })
    }

    /// The settings for a site that nothing goes before.
    fn added(&self, site: Option<&str>) -> Vec<&Setting> {
        let settings = self.file.settings(self.command, site).into_iter();
        settings.filter(|setting| !self.is_said(setting)).collect()
    }

    /// Whether an option is given on the command line, or in the environment.
    fn is_said(&self, setting: &Setting) -> bool {
        let option = options::option(self.command, &setting.name);
        let source = option.and_then(|option| self.said.value_source(option.get_id().as_str()));
        source.is_some_and(|source| source != ValueSource::DefaultValue)
    }
}

/// Arguments of a command with settings put among them.
fn with_settings(
    command: &Command,
    arguments: &[OsString],
    settings: &[&Setting],
) -> Vec<OsString> {
    let inputs = arguments.iter().position(|argument| argument == "--");
    let (before, after) = arguments.split_at(inputs.unwrap_or(arguments.len()));
    let (mut before, mut after) = (before.to_vec(), after.to_vec());
    for setting in settings {
        let positional = options::option(command, &setting.name).is_some_and(Arg::is_positional);
        if positional {
            if after.is_empty() {
                after.push("--".into());
            }
            after.extend(setting.value.texts().iter().map(OsString::from));
        } else {
            before.extend(setting.value.as_options(&setting.name));
        }
    }
    before.append(&mut after);
    before
}

impl Value {
    fn texts(&self) -> &[String] {
        match self {
            Self::Flag(_) => &[],
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }

    fn as_options(&self, name: &str) -> Vec<OsString> {
        if *self == Self::Flag(true) {
            return vec![format!("--{name}").into()];
        }
        let texts = self.texts().iter();
        texts
            .map(|text| format!("--{name}={text}").into())
            .collect()
    }
}

/// The setting that an error is about.
fn blamed<'s>(
    command: &Command,
    error: &clap::Error,
    settings: &[&'s Setting],
) -> Option<&'s Setting> {
    let about = error.get(ContextKind::InvalidArg)?.to_string();
    let mut command = command.clone();
    // What is not built yet cannot tell how it is written.
    command.build();
    let mut settings = settings.iter().copied();
    settings.find(|setting| {
        let option = options::option(&command, &setting.name);
        option.is_some_and(|option| option.to_string() == about)
    })
}

/// The first paragraph of an error, on one line.
fn summary(error: &clap::Error) -> String {
    let text = error.to_string();
    let paragraph = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty());
    let line = paragraph.collect::<Vec<_>>().join(" ");
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_as_it_is_declared() {
        program().debug_assert();
        lenient(program()).debug_assert();
    }
}
