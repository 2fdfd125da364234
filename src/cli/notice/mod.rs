//! `hushlog notice`: what is read, dropped and kept, and who may see it, in words for a site's privacy page.
//!
//! Every sentence is made from what `report` would be run by with the same arguments. Where one depends on
//! a table, a field or a kind of data, it is chosen by a match over all of them, so that none can be added
//! without words.

mod data;
mod keeping;
mod layout;
mod publication;
mod rewritten;

use clap::{Args, ValueEnum};
use hushlog::error::Result;

use self::layout::Layout;
use super::{Exit, report::ReportArguments, scrub::ScrubArguments, show};

/// What is collected, dropped and kept, in words for a privacy page, from the configuration in force
///
/// Takes the arguments of `report`: put `notice` in its place, and it tells what that run does; by a
/// configuration file with a section [scrub] it tells of the log that is written again too. Nothing is read
/// or written. Sentences in square brackets are for you to complete.
#[derive(Args)]
#[command(mut_arg("output", |output| output.required(false).default_value(".").hide(true)))]
pub(super) struct NoticeArguments {
    #[command(flatten)]
    report: ReportArguments,

    /// How the notice is laid out
    #[arg(long, value_enum, default_value_t)]
    format: FormatArgument,

    /// How the log is written again, if it is.
    #[arg(skip)]
    scrubbing: Option<Box<ScrubArguments>>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum FormatArgument {
    /// Plain text
    #[default]
    Text,
    /// Markdown
    Markdown,
}

impl NoticeArguments {
    /// Has it tell of a log that is written again.
    pub(super) fn tell_of(&mut self, scrubbing: Option<Box<ScrubArguments>>) {
        self.scrubbing = scrubbing;
    }

    /// Whether the settings can be used.
    pub(super) fn check(&self) -> Result<()> {
        self.report.check()
    }
}

/// Prints the notice.
pub(super) fn run(arguments: &NoticeArguments) -> Result<Exit> {
    let in_force = arguments.report.in_force()?;
    let rewritten = arguments.scrubbing.as_ref().map(|it| it.in_force());
    let mut sections = vec![
        publication::in_short(&in_force, rewritten.as_ref()),
        data::read(&in_force),
        publication::published(&in_force),
        publication::protected(&in_force),
        keeping::told_apart(&in_force),
        keeping::kept(&in_force),
        data::opt_outs(&in_force),
        keeping::seen_by(&in_force),
    ];
    sections.extend(rewritten.as_ref().map(rewritten::section));
    let layout = match arguments.format {
        FormatArgument::Text => Layout::Text,
        FormatArgument::Markdown => Layout::Markdown,
    };
    show(&layout.of("Statistics of this website", &sections))?;
    Ok(Exit::Done)
}
