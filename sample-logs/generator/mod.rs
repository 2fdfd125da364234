//! The model behind `generate-log`: visitors, crawlers and scanners of an invented site.

pub(crate) mod agents;
pub(crate) mod catalogue;
pub(crate) mod line;
pub(crate) mod machines;
pub(crate) mod networks;
pub(crate) mod personal;
pub(crate) mod random;
pub(crate) mod referrers;
pub(crate) mod robots;
pub(crate) mod schedule;
pub(crate) mod traffic;
pub(crate) mod visit;
