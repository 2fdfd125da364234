//! What streams of one job have in common, beside their columns: the version of the contract, the settings,
//! and the key, none of which can be read from what tells them.

use serde_json::{Value, json};

use super::frame::Metadata;
use crate::{
    error::{Error, Result},
    privacy::DayKeys,
    release::digest,
    time::Calendar,
};

/// The version of the columns and of what they mean.
const VERSION: &str = "1";

/// What a stream is made under. Streams that differ in it are never counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// SHA-256 of the settings as manifests state them, with time zone, length of period and program.
    policy: String,
    /// Tells the key from others; `None` where it is not known.
    key: Option<String>,
    /// Tells what settings leave out that stand in no manifest, such as addresses that are left out, under
    /// the key.
    filters: Option<String>,
}

/// Which stage made a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Hits,
    Partials,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Hits => "hits",
            Self::Partials => "partials",
        }
    }
}

impl Contract {
    /// That of settings as manifests state them; of the key nothing is known.
    #[must_use]
    pub fn of_settings(policy: &Value, calendar: &Calendar) -> Self {
        let settings = json!({
            "program": env!("CARGO_PKG_VERSION"),
            "tz": calendar.tz_name(),
            "period": calendar.length().name(),
            "policy": policy,
        });
        Self {
            policy: digest(settings.to_string().as_bytes()),
            key: None,
            filters: None,
        }
    }

    /// The same under a key, with settings that are told under it only; `None` if there is no key.
    #[must_use]
    pub fn keyed(self, keys: &DayKeys, filters: &str) -> Option<Self> {
        Some(Self {
            key: Some(keys.fingerprint("key")?),
            filters: Some(keys.fingerprint(&format!("filters|{filters}"))?),
            ..self
        })
    }

    /// What a stream of a stage says beside its columns.
    pub(super) fn metadata(&self, stage: Stage) -> Metadata {
        let known = [
            ("contract", Some(VERSION)),
            ("stage", Some(stage.name())),
            ("policy", Some(self.policy.as_str())),
            ("key", self.key.as_deref()),
            ("filters", self.filters.as_deref()),
        ];
        let known = known
            .into_iter()
            .filter_map(|(name, value)| Some((format!("hushlog.{name}"), value?.to_owned())));
        known.collect()
    }

    /// The contract that a stream says it is made under, for a run with these settings.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is not of this stage and version of the contract, or of other settings.
    pub(super) fn check(&self, name: &str, stage: Stage, metadata: &Metadata) -> Result<Self> {
        let told = |what: &str| metadata.get(&format!("hushlog.{what}")).cloned();
        let refused = |what: &str| Err(Error::Refused(format!("{name}: {what}")));
        if told("contract").as_deref() != Some(VERSION) {
            return refused(&format!(
                "it is not of version {VERSION} of the contract between stages"
            ));
        }
        if told("stage").as_deref() != Some(stage.name()) {
            return refused(&format!("these are not {}", stage.name()));
        }
        if told("policy").as_deref() != Some(&self.policy) {
            return refused(
                "it was made under other settings, or by another version of this program; give all \
                 stages of a job the same arguments",
            );
        }
        let found = Self {
            policy: self.policy.clone(),
            key: told("key"),
            filters: told("filters"),
        };
        found.agrees(name, self)?;
        Ok(found)
    }

    /// The same with what another one knows of the key.
    pub(super) fn completed(self, other: &Self) -> Self {
        Self {
            policy: self.policy,
            key: self.key.or_else(|| other.key.clone()),
            filters: self.filters.or_else(|| other.filters.clone()),
        }
    }

    /// Whether a stream of this contract may be counted with those of another, as far as both know the key.
    pub(super) fn agrees(&self, name: &str, other: &Self) -> Result<()> {
        let differs = |one: &Option<String>, other: &Option<String>| {
            one.as_ref()
                .zip(other.as_ref())
                .is_some_and(|(one, other)| one != other)
        };
        if differs(&self.key, &other.key) {
            return Err(Error::Refused(format!(
                "{name}: it was made under another key, so that its visitors and networks cannot be told \
                 to be those of the others; every task and site needs the same key file, advanced to the \
                 same day"
            )));
        }
        if differs(&self.filters, &other.filters) {
            return Err(Error::Refused(format!(
                "{name}: it was made with other lines left out, or of another log format; give all stages \
                 of a job the same arguments"
            )));
        }
        Ok(())
    }
}
