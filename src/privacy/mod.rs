//! Gate 1: a personal [`Record`](crate::record::Record) goes in, a pseudonymous [`Hit`] comes out.
//!
//! Only this module can build a [`Hit`]; nothing after it names a `Record`.

mod address;
mod agent;
mod channel;
mod days;
mod domain;
mod fields;
mod filters;
mod gate;
mod gates;
pub mod geo;
mod hit;
mod intake;
mod key_file;
mod lexicon;
mod lines;
mod memo;
mod method;
mod neighbours;
mod pattern;
mod policy;
mod pseudonym;
mod ratchet;
mod referrer;
mod repetition;
mod scrub;
mod shard;
mod sites;
mod url;

pub(crate) use address::Client;
pub use agent::{Agent, AgentRules, Browser, Category, Crawler, Device, System};
pub use channel::Channel;
pub use days::Admission;
pub(crate) use domain::registrable_domain;
pub use filters::{FilterSettings, Filters};
pub use gate::{Gate, GateSettings, Logged};
pub use gates::{CollectedSites, Gates, GatesSettings};
pub use geo::{Region, Regions};
pub use hit::Hit;
pub use intake::{Collected, CollectedPeriod, Intake};
pub use key_file::{KeyFile, KeyFileInfo};
pub use lexicon::{Identity, Lexicon, Origin, Source};
pub use lines::{Coverage, LineDigest, PeriodLines};
pub use method::Method;
pub use policy::{Goals, Hosts, Policy};
pub use pseudonym::Keys;
pub use ratchet::DayKeys;
pub(crate) use referrer::Referrer;
pub use referrer::ReferrerRules;
pub use repetition::Repetitions;
pub use scrub::{AddressRule, ScrubRules, ScrubbedRecord, Scrubber};
pub use shard::{Hits, Shard, UnsortedShard};
pub use sites::{SiteName, Sites};
pub use url::{Campaign, UrlRules, UrlSettings};
