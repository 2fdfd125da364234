//! Gate 1.
