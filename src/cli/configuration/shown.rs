//! The settings in force, and what says so.

use std::path::Path;

use clap::{Arg, ArgMatches, parser::ValueSource};
use hushlog::error::{Error, Result};

use super::{
    Configured, arguments, lenient,
    options::{self, Arity},
    program, summary, with_settings,
};

/// All settings that a command has, in the form of a configuration file.
///
/// # Errors
/// If the file cannot be read, has what no command knows, or no such site.
pub(super) fn settings(file: &Path, command: &str, site: Option<&str>) -> Result<String> {
    let program = program();
    let arguments = arguments(command, file, site);
    let Some(configured) = Configured::of(&program, &arguments)? else {
        return Ok(String::new());
    };
    let site = configured.sites()?.into_iter().next().flatten();
    let added = configured.added(site);
    let arguments = with_settings(configured.command, &arguments, &added);
    let mut matches = lenient(program.clone())
        .try_get_matches_from(arguments)
        .map_err(|error| Error::Setting(summary(&error)))?;
    let (_, matches) = matches.remove_subcommand().unwrap_or_default();
    let lines = options::settable(configured.command).map(|(name, option)| {
        let setting = added.iter().copied().find(|setting| setting.name == name);
        line(
            name,
            option,
            &matches,
            setting.map(|it| configured.file.place(it)),
        )
    });
    let site = site.map_or_else(String::new, |site| format!(" for the site {site}"));
    Ok(format!(
        "# hushlog {command}{site}\n{}",
        lines.collect::<String>()
    ))
}

/// A setting, and what says so; a comment if nothing does.
fn line(name: &str, option: &Arg, matches: &ArgMatches, place: Option<String>) -> String {
    let id = option.get_id().as_str();
    let source = match (place, matches.value_source(id)) {
        (_, None) => return format!("# {name}: not given\n"),
        (Some(place), _) => place,
        (None, Some(ValueSource::EnvVariable)) => {
            let name = option.get_env().unwrap_or_default();
            name.to_string_lossy().into_owned()
        }
        (None, Some(_)) => "default".to_owned(),
    };
    let value = match Arity::of(option) {
        Arity::Flag => matches.get_flag(id).to_string(),
        Arity::One => texts(matches, id).concat(),
        Arity::Many => format!("[{}]", texts(matches, id).join(", ")),
    };
    format!("{name} = {value}  # {source}\n")
}

/// The values of an option as TOML.
fn texts(matches: &ArgMatches, id: &str) -> Vec<String> {
    let values = matches.get_raw(id).into_iter().flatten();
    values
        .map(|value| options::literal(&value.to_string_lossy()))
        .collect()
}
