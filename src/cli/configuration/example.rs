//! A configuration file to begin with: all settings that there are, each described and left out.

use clap::{Arg, Command};

use super::{
    options::{self, Arity, COMMANDS},
    program,
};

const HEAD: &str = "\
# Configuration of hushlog. A setting has the name of an option and stands for it where a command is run
# with --config FILE, unless the option is given on the command line or in the environment. Paths are
# those of the folder that a command is run in. Settings before the first section are those of all
# commands that know them; [report], [watch], [scrub], [audit] and [notice] are for one command, but
# that a notice tells of the settings of [report], and of [scrub] where there is such a section;
# [site.NAME] is for one site: `hushlog report --config FILE` reports on each site in turn, and
# `--site NAME` on one. A later one of these goes before an earlier one.
#
# inputs = [\"logs/access.log*\"]
";

const FOOT: &str = "
# [site.shop]
# inputs = [\"logs/shop.access.log*\"]
# site-host = [\"shop.example\"]
# output = \"statistics/shop\"
";

/// An option that some commands have in common.
struct Entry<'p> {
    name: &'p str,
    option: &'p Arg,
    commands: Vec<&'p str>,
}

/// The file.
pub(super) fn text() -> String {
    let program = program();
    let entries = entries(&program);
    let (mut text, mut sections) = (HEAD.to_owned(), String::new());
    let is_general = |entry: &&Entry<'_>| {
        let namesakes = entries.iter().filter(|other| other.name == entry.name);
        entry.commands.len() > 1 && namesakes.count() == 1
    };
    for entry in entries.iter().filter(is_general) {
        text += &format!("\n{}", described(entry));
    }
    for command in COMMANDS {
        let own = entries
            .iter()
            .filter(|entry| !is_general(entry) && entry.commands[0] == command);
        let own: Vec<String> = own.map(described).collect();
        if !own.is_empty() {
            sections += &format!("\n[{command}]\n\n{}", own.join("\n"));
        }
    }
    text + &sections + FOOT
}

/// The options of all commands, those that say the same in several commands once.
fn entries(program: &Command) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for command in COMMANDS {
        for (name, option) in options::settable(options::command(program, command)) {
            if option.is_positional() || option.is_hide_set() {
                continue;
            }
            let same = entries
                .iter_mut()
                .find(|it| it.name == name && says_the_same(it.option, option));
            match same {
                Some(entry) => entry.commands.push(command),
                None => entries.push(Entry {
                    name,
                    option,
                    commands: vec![command],
                }),
            }
        }
    }
    entries
}

fn says_the_same(one: &Arg, other: &Arg) -> bool {
    help(one) == help(other) && one.get_default_values() == other.get_default_values()
}

fn help(option: &Arg) -> String {
    option
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn described(entry: &Entry<'_>) -> String {
    let commands = entry.commands.join(", ");
    let help = format!("{} ({commands})", help(entry.option));
    let (name, value) = (entry.name, value(entry.option));
    format!("{}# {name} = {value}\n", comment(&help))
}

/// Text as lines that are not too long.
fn comment(text: &str) -> String {
    let (mut lines, mut line) = (String::new(), "#".to_owned());
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > 100 {
            lines += &std::mem::replace(&mut line, "#".to_owned());
            lines.push('\n');
        }
        line.push(' ');
        line += word;
    }
    lines + &line + "\n"
}

/// The default of an option, else what kind of value it takes.
fn value(option: &Arg) -> String {
    let default = option.get_default_values().first();
    let default = default.map(|value| value.to_string_lossy().into_owned());
    let placeholder = || {
        let names = option.get_value_names().unwrap_or_default();
        names.first().map(ToString::to_string)
    };
    let text = default.or_else(placeholder).unwrap_or_default();
    match Arity::of(option) {
        Arity::Flag => "false".to_owned(),
        Arity::One => options::literal(&text),
        Arity::Many => format!("[{}]", options::literal(&text)),
    }
}
