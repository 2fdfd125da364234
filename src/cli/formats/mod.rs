//! `hushlog formats`: which log formats there are, what one reads, and how well it fits a log.

mod explain;
mod list;
mod test;

use clap::{Args, Subcommand};
use hushlog::{
    error::Result,
    format::{Format, Meaning, Part},
};

use super::Exit;

/// Log formats: the known ones, what becomes of each field, and how well one fits a log
///
/// A format string is nginx's where it has a $variable, begins with `log_format` or `escape=`, or stands
/// in single quotes; GoAccess's where it has %d, a bare %x, %^, %~ or ~h{…}; else Apache's.
#[derive(Args)]
pub(super) struct FormatsArguments {
    /// `list` if not given
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// All known names, with what they log and need
    List,
    Explain(explain::ExplainArguments),
    Test(test::TestArguments),
}

/// Does what the subcommand says.
pub(super) fn run(arguments: &FormatsArguments) -> Result<Exit> {
    match &arguments.command {
        None | Some(Command::List) => {
            list::run();
            Ok(Exit::Done)
        }
        Some(Command::Explain(arguments)) => explain::run(arguments),
        Some(Command::Test(arguments)) => test::run(arguments),
    }
}

/// What any of says what was asked for.
const REQUESTS: [Meaning; 4] = [
    Meaning::Path,
    Meaning::ProxyRequest,
    Meaning::Request,
    Meaning::Url,
];

/// Whether the format has a field of that meaning.
pub(super) fn has(format: &Format, wanted: Meaning) -> bool {
    let mut parts = format.parts();
    parts.any(|part| matches!(part, Part::Field { meaning, .. } if meaning == wanted))
}

/// Rows with their columns aligned, two spaces between them.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<_> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: String = cells
            .map(|(cell, width)| format!("  {cell:width$}"))
            .collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
