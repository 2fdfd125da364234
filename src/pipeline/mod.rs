//! Connects the stages: reads all sources in parallel through gate 1, then reduces, releases and
//! publishes period by period. The only place with threads.

mod read;
mod reduce;
mod report;

pub use read::{Inputs, MalformedLine, Progress, Reading, read};
pub use report::{Report, ReportSettings, report};
