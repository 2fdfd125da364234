//! `hushlog completions`: what completes the command line in a shell.

use clap::Args;
use clap_complete::Shell;
use hushlog::error::Result;

use super::{Exit, configuration, show};

/// Completions of the command line for a shell, to be sourced or put where it looks for them
#[derive(Args)]
pub(super) struct CompletionsArguments {
    shell: Shell,
}

/// Prints the completions.
pub(super) fn run(arguments: &CompletionsArguments) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut configuration::program(),
        "hushlog",
        &mut script,
    );
    show(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
