//! Finds and opens sources, plain or compressed, and yields chunks of whole lines; follows what is still written.

mod compression;
mod lines;
pub mod live;
mod named_host;
mod reader;
mod selection;
mod source;
mod stream;

pub use lines::lines;
pub use named_host::NamedHosts;
pub use reader::{Chunk, Cut, Reader};
pub use selection::Selection;
pub use source::Source;
pub use stream::Stop;
