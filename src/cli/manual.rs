//! `hushlog man`: manual pages, made of what the command line knows of itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, Command};
use clap_mangen::Man;
use hushlog::error::{Error, Result};

use super::{Exit, configuration, show};

/// The manual page, or all of them as files
#[derive(Args)]
pub(super) struct ManArguments {
    /// Folder that receives a page for the program and each of its commands
    folder: Option<PathBuf>,
}

/// Prints the page of the program, or writes all pages.
pub(super) fn run(arguments: &ManArguments) -> Result<Exit> {
    let mut program = configuration::program().disable_help_subcommand(true);
    program.build();
    match &arguments.folder {
        Some(folder) => write_all(&program, folder)?,
        None => show(&page(&program))?,
    }
    Ok(Exit::Done)
}

fn write_all(command: &Command, folder: &Path) -> Result<()> {
    let path = folder.join(format!(
        "{}.1",
        command.get_display_name().unwrap_or(command.get_name())
    ));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, page(command)));
    written.map_err(|source| Error::Write { path, source })?;
    command
        .get_subcommands()
        .try_for_each(|command| write_all(command, folder))
}

/// A page in roff.
fn page(command: &Command) -> String {
    let mut roff = Vec::new();
    let manual = Man::new(command.clone()).source(concat!("hushlog ", env!("CARGO_PKG_VERSION")));
    let rendered: io::Result<()> = manual.render(&mut roff);
    debug_assert!(rendered.is_ok(), "memory takes it");
    String::from_utf8_lossy(&roff).into_owned()
}
