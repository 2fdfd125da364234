//! The options of commands, as they are declared, that a configuration file may set.

use clap::{Arg, ArgAction, Command};

/// Commands whose options a file may set.
pub(super) const COMMANDS: [&str; 5] = ["report", "watch", "scrub", "audit", "notice"];

/// The setting that stands for what a command reads, which is no option.
const INPUTS: &str = "inputs";

/// Options that say which settings a run has, and so are none.
pub(super) const FILE: &str = "config";
pub(super) const SITE: &str = "site";

/// How many values an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    /// None: it is there or not.
    Flag,
    One,
    /// It can be repeated.
    Many,
}

impl Arity {
    pub(super) fn of(option: &Arg) -> Self {
        match option.get_action() {
            ArgAction::SetTrue => Self::Flag,
            ArgAction::Append => Self::Many,
            _ => Self::One,
        }
    }
}

/// The command of that name.
pub(super) fn command<'p>(program: &'p Command, name: &str) -> &'p Command {
    let command = program.find_subcommand(name);
    command.expect("a command that a file may configure is one")
}

/// The options of a command that a file may set, each with the name that it has there.
pub(super) fn settable(command: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    let arguments = command.get_arguments();
    arguments.filter_map(|argument| Some((name(argument)?, argument)))
}

fn name(argument: &Arg) -> Option<&str> {
    if argument.is_positional() {
        return (argument.get_id() == INPUTS).then_some(INPUTS);
    }
    argument
        .get_long()
        .filter(|name| ![FILE, SITE].contains(name))
}

/// The option of a command that has this name in a file.
pub(super) fn option<'c>(command: &'c Command, name: &str) -> Option<&'c Arg> {
    let mut options = settable(command);
    options.find_map(|(other, option)| (other == name).then_some(option))
}

/// A value as it is written in a file.
pub(super) fn literal(text: &str) -> String {
    match text.parse::<i64>() {
        Ok(number) => number.to_string(),
        Err(_) => toml::Value::from(text).to_string(),
    }
}
