//! Gate 1: a personal [`Record`](crate::record::Record) goes in, a pseudonymous [`Hit`] comes out.
//!
//! Only this module can build a [`Hit`]; nothing after it names a `Record`.

mod address;
mod agent;
mod channel;
mod domain;
mod gate;
pub mod geo;
mod hit;
mod intake;
mod lexicon;
mod memo;
mod method;
mod policy;
mod pseudonym;
mod referrer;
mod url;

pub use agent::{Agent, AgentRules, Browser, Category, Crawler, Device, System};
pub use channel::Channel;
pub use gate::{Admission, Gate, GateSettings};
pub use geo::{Region, Regions};
pub use hit::Hit;
pub use intake::{Collected, Coverage, Intake, LineDigest, PeriodIntake, SHARDS};
pub use lexicon::{Identity, Lexicon, Origin, Source};
pub use method::Method;
pub use policy::{Filters, Goals, Hosts, Policy};
pub use pseudonym::Keys;
pub use referrer::ReferrerRules;
pub use url::{Campaign, UrlRules, UrlSettings};
