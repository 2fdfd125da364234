//! What was released, read back from its folder, and added up over periods as far as it may be.
//!
//! Nothing here sees more than anybody who gets the folder: published tables and manifests. What is added up
//! is a function of what was published, so it tells nothing that was not.

mod folder;
mod release;
mod span;
mod sum;

pub use folder::{Dated, Folders, site_of};
pub use release::{Promise, Released, Terms};
pub use span::{Group, Span};
pub use sum::{Figures, Sum, SumRow};
