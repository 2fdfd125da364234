//! `hushlog show`: what is released in a folder, on the terminal or as tables for programs.

use std::{
    env,
    io::{IsTerminal, stdout},
    path::PathBuf,
};

use clap::{Args, ValueEnum, builder::PossibleValuesParser};
use hushlog::{
    aggregate::Table,
    error::Result,
    output::{self, Screen, Showing, Style},
    time::Date,
    view::Group,
};
use rustix::termios::tcgetwinsize;

use super::{Exit, show};

/// Columns of text of a terminal that does not tell.
const WIDTH: usize = 80;

/// Shows what is released in a folder: its periods, and the largest rows of its tables
///
/// All periods shown are added up as far as they may be: quantiles and peaks are left out, visitors of
/// several days are visitor-days, and a sum of which any part is withheld is withheld. The same, with
/// figures, is in the folder's report.html.
#[derive(Args)]
pub(super) struct ShowArguments {
    /// Output folder of `report` or `watch`, or the folder of a site in it
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// All rows of one table, period by period
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Table::ALL.map(Table::name)))]
    table: Option<String>,

    /// First day: periods that begin on it or later
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,

    /// Last day: periods that begin on it or earlier
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,

    /// Days are added up for weeks or months
    #[arg(long, value_enum)]
    by: Option<GroupArgument>,

    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    format: FormatArgument,
}

#[derive(Clone, Copy, ValueEnum)]
enum GroupArgument {
    /// ISO weeks, from Monday
    Week,
    /// Calendar months
    Month,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum FormatArgument {
    /// For the terminal, as wide as it is
    #[default]
    Table,
    /// Of one table; an empty cell is withheld
    Csv,
    /// All tables; null is withheld
    Json,
    /// Markdown
    Md,
}

/// Shows.
pub(super) fn run(arguments: &ShowArguments) -> Result<Exit> {
    let name = arguments.table.as_deref();
    let showing = Showing {
        table: name.and_then(Table::named),
        from: arguments.from,
        to: arguments.to,
        by: arguments.by.map(|by| match by {
            GroupArgument::Week => Group::Week,
            GroupArgument::Month => Group::Month,
        }),
    };
    let style = match arguments.format {
        FormatArgument::Table => Style::Terminal(screen()),
        FormatArgument::Csv => Style::Csv,
        FormatArgument::Json => Style::Json,
        FormatArgument::Md => Style::Markdown,
    };
    show(&output::show(&arguments.folder, &showing, style)?)?;
    Ok(Exit::Done)
}

/// What standard output can show. Colours are for terminals of people who did not ask for none
/// (<https://no-color.org>).
fn screen() -> Screen {
    let is_terminal = stdout().is_terminal();
    let refused = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let is_dumb = env::var_os("TERM").is_some_and(|it| it == "dumb");
    let width = tcgetwinsize(stdout()).map_or(0, |size| usize::from(size.ws_col));
    Screen {
        width: match (is_terminal, width) {
            (false, _) => usize::MAX,
            (true, 0) => WIDTH,
            (true, width) => width,
        },
        colours: is_terminal && !refused && !is_dumb,
    }
}
