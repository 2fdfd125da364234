//! Tries what a configuration file says without doing it.

use std::{ffi::OsString, path::Path};

use clap::Command;
use hushlog::error::Result;

use super::{COMMANDS, Configured, Unusable, arguments, parsed, program, with_settings};

/// What is wrong with a file, each with its line where one setting alone is to blame.
///
/// # Errors
/// If the file cannot be read, or has what no command knows.
pub(super) fn wrong(file: &Path) -> Result<Vec<String>> {
    let program = program();
    let mut wrong = Vec::new();
    for name in COMMANDS {
        let arguments = with_stand_in(name, arguments(name, file, None));
        let Some(configured) = Configured::of(&program, &arguments)? else {
            continue;
        };
        for site in configured.all_sites() {
            let message = fault(&program, &configured, &arguments, site);
            wrong.extend(message.filter(|message| !wrong.contains(message)));
        }
    }
    Ok(wrong)
}

/// The arguments, with something in the place of what a command needs and a file need not say.
fn with_stand_in(command: &str, mut arguments: Vec<OsString>) -> Vec<OsString> {
    let stand_in = match command {
        "report" | "watch" => Some("--output=."),
        "audit" => Some("."),
        _ => None,
    };
    arguments.extend(stand_in.map(OsString::from));
    arguments
}

/// What is wrong with a command's settings for a site.
fn fault(
    program: &Command,
    configured: &Configured<'_>,
    arguments: &[OsString],
    site: Option<&str>,
) -> Option<String> {
    let error = match configured.command_line(arguments, site) {
        Ok(command_line) => command_line.check().err()?,
        Err(Unusable::Configuration(error)) => return Some(error.to_string()),
        Err(Unusable::Arguments(error)) => return Some(super::summary(&error)),
    };
    let is_to_blame = |setting: &_| {
        let alone = with_settings(configured.command, arguments, &[setting]);
        let command_line = parsed(program.clone(), alone);
        command_line.is_ok_and(|command_line| command_line.check().is_err())
    };
    let added = configured.added(site);
    let blamed = added.into_iter().find(|setting| is_to_blame(setting));
    Some(
        match blamed {
            Some(setting) => configured.file.refused(setting, &error.to_string()),
            None => error,
        }
        .to_string(),
    )
}
