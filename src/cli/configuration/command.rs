//! `hushlog config`: checks, shows and drafts configuration files.

use std::path::PathBuf;

use clap::Subcommand;
use hushlog::error::Result;

use super::{check, example, profiles, shown};
use crate::cli::{Exit, say, show};

/// Configuration files: check one, show what is in force, draft one
#[derive(Subcommand)]
pub(in crate::cli) enum ConfigCommand {
    /// Tries every setting of a file, for each command and site, and names the lines of what is wrong
    Check {
        /// Configuration file
        #[arg(env = "HUSHLOG_CONFIG")]
        file: PathBuf,
    },
    /// The settings that a command has by a file, the environment and its defaults, and which says so
    Show {
        /// Configuration file
        #[arg(env = "HUSHLOG_CONFIG")]
        file: PathBuf,

        /// The command
        #[arg(long, default_value = "report", value_parser = super::COMMANDS, value_name = "NAME")]
        command: String,

        /// The site
        #[arg(long, env = "HUSHLOG_SITE", value_name = "NAME")]
        site: Option<String>,
    },
    /// A file with all settings that there are, each described and left out
    Example {
        /// A file that is used as it is instead, for what a site says of its visitors' data: from the one
        /// that handles least of it to the one that handles most
        #[arg(long, value_name = "NAME", value_parser = profiles::names())]
        profile: Option<String>,
    },
}

/// Runs one of the commands.
pub(in crate::cli) fn run(command: &ConfigCommand) -> Result<Exit> {
    match command {
        ConfigCommand::Check { file } => {
            let wrong = check::wrong(file)?;
            for message in &wrong {
                say(format_args!("{message}"));
            }
            if !wrong.is_empty() {
                return Ok(Exit::CouldNotRun);
            }
            show(&format!("{}: nothing wrong\n", file.display()))?;
        }
        ConfigCommand::Show {
            file,
            command,
            site,
        } => show(&shown::settings(file, command, site.as_deref())?)?,
        ConfigCommand::Example { profile } => match profile.as_deref().and_then(profiles::text) {
            Some(text) => show(text)?,
            None => show(&example::text())?,
        },
    }
    Ok(Exit::Done)
}
