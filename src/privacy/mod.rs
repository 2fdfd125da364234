//! Gate 1.

pub mod agent;
pub mod channel;
pub mod domain;
pub mod referrer;
