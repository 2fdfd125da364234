//! Finds and opens sources, plain or compressed, and yields chunks of whole lines.

mod compression;
mod event;
mod growing;
mod lines;
mod named_host;
mod reader;
mod selection;
mod source;
mod stream;

pub use event::{Batch, Event, FileIdentity, Mark};
pub use growing::Growing;
pub use lines::lines;
pub use named_host::NamedHosts;
pub use reader::{Chunk, Reader};
pub use selection::Selection;
pub use source::Source;
pub use stream::Stop;
