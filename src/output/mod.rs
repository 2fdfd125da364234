//! Encodings of what a [`Release`](crate::release::Release) holds, and the folder they are published in;
//! where scrubbed lines go.

mod attribution;
mod cells;
mod columns;
mod csv;
mod datapackage;
mod encoding;
mod files;
mod html;
mod hygiene;
mod json;
mod json_lines;
mod log;
mod manifest;
mod parquet;
mod publish;
mod show;
mod terminal;

pub use attribution::ATTRIBUTION;
pub(crate) use datapackage::of_periods as datapackage;
pub use encoding::Encoding;
pub use files::{File, files};
pub use hygiene::is_hazardous;
pub use log::LogOutput;
pub use publish::Folder;
pub use show::{Screen, Showing, Style, show};
pub use terminal::summary;
