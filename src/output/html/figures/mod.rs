//! The figures of the page, each with a text equivalent.

pub(super) mod flows;
pub(super) mod goals;
pub(super) mod heat;
pub(super) mod hours;
pub(super) mod map;
pub(super) mod plot;
pub(super) mod tiles;
pub(super) mod timeline;
