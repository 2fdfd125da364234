//! Finds and opens sources, plain or compressed, and yields chunks of whole lines.

mod compression;
mod lines;
mod named_host;
mod reader;
mod selection;
mod source;
mod stream;

pub use lines::lines;
pub use named_host::NamedHosts;
pub use reader::{Chunk, Reader};
pub use selection::Selection;
pub use source::Source;
pub use stream::Stop;
