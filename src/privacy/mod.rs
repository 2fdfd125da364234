//! Gate 1.

mod method;
mod url;

pub use method::Method;
pub use url::{Campaign, Reduced, UrlRules, UrlSettings};
