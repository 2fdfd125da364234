//! What releases are made by, out of the arguments of the command that makes them.

mod arguments;
mod places;
mod watch;

use std::{
    env,
    path::{Path, PathBuf},
};

use hushlog::{
    aggregate::VisitSettings,
    error::{Error, Result},
    input::NamedHosts,
    output::Folder,
    pipeline::{ReportSettings, random},
    privacy::{
        AgentRules, Credential, FilterSettings, Filters, Goals, Hosts, KeyFile, Keys, OptOuts,
        Policy, ReferrerRules, Regions, Sites, UrlRules, UrlSettings,
    },
    release::{Ledger, Noise, NoiseSettings, Rho, Spending},
    time::{Calendar, Date},
};
use jiff::{SignedDuration, civil};
use serde_json::{Value, json};

pub(super) use self::{
    arguments::{PeriodArgument, ReleaseArguments},
    places::Places,
    watch::Pace,
};
use super::{
    profile::{Privacy, Profile, ProfileSettings},
    zone,
};

/// The first day of keys that are for logs which may begin with any day.
const FIRST_DAY: Date = civil::date(1970, 1, 1);

/// The folder of checkpoints in the private state, and in it the key that is sealed under a credential.
const CHECKPOINTS: &str = "watch";
const SEALED_KEY: &str = "key";

impl ReleaseArguments {
    /// What releases are made by; open periods are released where that is wanted.
    pub(in crate::cli) fn settings(&self, include_open: bool) -> Result<ReportSettings> {
        let profile = self.profile();
        profile.permits(&self.goal)?;
        Ok(ReportSettings {
            calendar: Calendar::new(zone(&self.tz)?, self.period.into()),
            visits: VisitSettings {
                timeout: microseconds(self.visit_timeout)?,
                crawlers: self.crawlers.into(),
                most_pageviews: self.automated_pageviews,
                most_requests: self.automated_requests,
            },
            k: profile.k(self.k)?,
            top: self.top,
            gap: self.gap.map(microseconds).transpose()?,
            allow_partial: self.allow_partial,
            include_open,
            policy: self.statement()?,
        })
    }

    /// Whether releases can be made by the arguments, as far as that shows without doing so.
    pub(in crate::cli) fn check(&self) -> Result<()> {
        self.settings(false)?;
        self.policy()?;
        self.sites()?;
        self.spending()?;
        NamedHosts::new(&self.host_from_file)?;
        self.log.chosen()?;
        self.log.zone()?;
        Ok(())
    }

    pub(in crate::cli) fn profile(&self) -> Profile {
        self.profile.unwrap_or_default()
    }

    pub(in crate::cli) fn threshold(&self) -> Result<usize> {
        self.profile().k(self.k)
    }

    pub(in crate::cli) fn privacy(&self) -> Result<Privacy> {
        self.profile().privacy(self.privacy)
    }

    pub(in crate::cli) fn sites(&self) -> Result<Sites> {
        if self.by_host {
            Sites::by_host(&self.site_host)
        } else {
            Ok(Sites::default())
        }
    }

    pub(in crate::cli) fn filters(&self) -> FilterSettings {
        FilterSettings {
            since: self.since,
            until: self.until,
            exclude_ip: self.exclude_ip.clone(),
            exclude_path: self.exclude_path.clone(),
            include_path: self.include_path.clone(),
            exclude_status: self.exclude_status.clone(),
            exclude_host: self.exclude_host.clone(),
            include_host: self.include_host.clone(),
            exclude_method: self.exclude_method.clone(),
        }
    }

    pub(in crate::cli) fn policy(&self) -> Result<Policy> {
        Ok(Policy {
            regions: self.regions()?,
            opt_outs: self.opt_out.addresses()?,
            ..self.counted_policy()?
        })
    }

    /// The same for hits whose fields are reduced already: no address will be looked up.
    pub(in crate::cli) fn counted_policy(&self) -> Result<Policy> {
        let urls = UrlSettings {
            path_words: self.path_word.clone(),
            path_levels: self.profile().settings().path_levels,
            routes: self.page.clone(),
            keep_query: self.keep_query.clone(),
            ..UrlSettings::default()
        };
        // By host, each request knows the one host that is its own site.
        let (own_hosts, hosts) = if self.by_host {
            (&[][..], Hosts::default())
        } else {
            (&self.site_host[..], Hosts::new(&self.site_host)?)
        };
        Ok(Policy {
            senders: self.profile().settings().senders,
            urls: UrlRules::new(&urls)?,
            referrers: ReferrerRules::new(own_hosts),
            agents: AgentRules::new(),
            regions: Regions::none(),
            opt_outs: OptOuts::default(),
            filters: Filters::new(&self.filters())?,
            goals: Goals::new(&self.goal)?,
            hosts,
        })
    }

    pub(in crate::cli) fn regions(&self) -> Result<Regions> {
        if !self.profile().settings().senders.are_visitors() {
            return Ok(Regions::none());
        }
        match self.geo_db.as_slice() {
            [] => Regions::embedded(),
            [none] if none.as_os_str() == "none" => Ok(Regions::none()),
            files => Regions::open(files),
        }
    }

    /// What a day may cost where noise protects; `None` where the threshold does.
    pub(in crate::cli) fn spending(&self) -> Result<Option<Spending>> {
        if self.privacy()? == Privacy::K {
            return Ok(None);
        }
        let [least, most] = Rho::LIMITS;
        if self.rho < least {
            return Err(Error::Setting(format!(
                "--rho {}: with less than {least} every number drowns in noise",
                self.rho
            )));
        }
        if self.rho > most {
            return Err(Error::Refused(format!(
                "--rho {}: more than {most} a day protects hardly; choose {most} or less",
                self.rho
            )));
        }
        Ok(Some(Spending {
            a_day: self.rho,
            budget: self.budget,
        }))
    }

    /// What noise is drawn by, at such a cost.
    pub(in crate::cli) fn noise_settings(&self, spending: Spending) -> Result<NoiseSettings> {
        Ok(NoiseSettings {
            spending,
            k: self.threshold()? as u64,
            top: self.top,
        })
    }

    /// The source of this run's noise.
    pub(in crate::cli) fn noise(&self, spending: Spending) -> Result<Noise> {
        Ok(Noise::new(self.noise_settings(spending)?, &random()?))
    }

    /// The settings in force as manifests state them. Addresses, hosts and paths that are left out are
    /// given by number only: they are nobody's business.
    pub(in crate::cli) fn statement(&self) -> Result<Value> {
        let mut statement = self.common_statement();
        let k = self.threshold()?;
        statement["privacy"] = match self.privacy()? {
            Privacy::K => json!({"mode": "k", "k": k}),
            Privacy::Dp => json!({
                "mode": "dp",
                "k": k,
                "rho": self.rho.to_string(),
                "budget": self.budget.to_string(),
            }),
        };
        Ok(statement)
    }

    /// The settings that any kind of protection has.
    pub(in crate::cli) fn common_statement(&self) -> Value {
        let ProfileSettings {
            path_levels,
            senders,
            ..
        } = self.profile().settings();
        let visits = senders.are_visitors();
        json!({
            "profile": self.profile().name(),
            "visits": visits,
            "visit_timeout_seconds": visits.then(|| self.visit_timeout.as_secs()),
            "crawlers": self.crawlers.name(),
            "automated_pageviews": visits.then_some(self.automated_pageviews),
            "automated_requests": visits.then_some(self.automated_requests),
            "top": self.top,
            "path_levels": path_levels,
            "regions": match self.geo_db.as_slice() {
                _ if !visits => "none",
                [] => "built in",
                [none] if none.as_os_str() == "none" => "none",
                _ => "own",
            },
            "site_hosts": if self.by_host { 1 } else { self.site_host.len() },
            "pages": self.page,
            "path_words": self.path_word,
            "keep_query": self.keep_query,
            "goals": self.goal,
            "opt_out_cookies": self.opt_out.cookies().len(),
            "opt_out_addresses": self.opt_out.have_addresses(),
            "include_path": self.include_path,
            "exclude_path": self.exclude_path.len(),
            "exclude_ip": self.exclude_ip.len(),
            "exclude_status": self.exclude_status,
            "exclude_host": self.exclude_host.len(),
            "include_host": self.include_host.len(),
            "exclude_method": self.exclude_method,
            "since": self.since.map(|date| date.to_string()),
            "until": self.until.map(|date| date.to_string()),
        })
    }

    /// The key file, if one is to be used, which must be as new as the releases there are.
    pub(in crate::cli) fn key_file(&self, today: Date, places: &Places) -> Result<Option<KeyFile>> {
        let ledgers = places.records.iter().map(|(ledger, _)| ledger);
        let released = ledgers.filter_map(Ledger::latest).map(|last| last.end());
        let released = released.max();
        let file = match (&self.key_file, &self.key_credential) {
            (Some(path), _) => KeyFile::open(path, today)?,
            (None, Some(name)) => self.sealed_key_file(name, released, today)?,
            (None, None) => return Ok(None),
        };
        if let Some(released) = released {
            file.check_not_restored(released)?;
        }
        Ok(Some(file))
    }

    /// The key file that is sealed under a credential, beside what it is for. It begins where releases end.
    fn sealed_key_file(
        &self,
        credential: &str,
        released: Option<Date>,
        today: Date,
    ) -> Result<KeyFile> {
        let folder = env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
            Error::Setting(
                "--key-credential: there are no credentials, since CREDENTIALS_DIRECTORY is not set; systemd \
                 hands them over to a service with `LoadCredential=` or `LoadCredentialEncrypted=`"
                    .to_owned(),
            )
        })?;
        let credential = Credential::read(Path::new(&folder), credential)?;
        let path = self.checkpoints().join(SEALED_KEY);
        let first = released.unwrap_or(FIRST_DAY);
        KeyFile::open_sealed(&path, &credential, random()?, first, today)
    }

    /// Whether there are keys that outlive the process.
    pub(in crate::cli) const fn has_lasting_keys(&self) -> bool {
        self.key_file.is_some() || self.key_credential.is_some()
    }

    /// Where a watch keeps what is open, in the private state.
    fn checkpoints(&self) -> PathBuf {
        self.private_state().join(CHECKPOINTS)
    }

    /// Where the private state is.
    pub(in crate::cli) fn private_state(&self) -> PathBuf {
        Folder::private_state(&self.output, self.state.as_deref())
    }
}

pub(in crate::cli) fn microseconds(duration: SignedDuration) -> Result<i64> {
    i64::try_from(duration.as_micros())
        .map_err(|_| Error::Setting("the time span is too long".to_owned()))
}

/// Keys for each site: random ones, and those of the key file; units have pseudonyms too where noise is
/// to hide them.
pub(in crate::cli) fn keys(
    sites: &Sites,
    key_file: Option<&KeyFile>,
    units: bool,
) -> Result<Vec<Keys>> {
    let root = random()?;
    let root = match key_file {
        Some(file) => Keys::with_day_keys(root, file.day_keys()),
        None => Keys::new(root),
    };
    let root = if units { root.telling_units() } else { root };
    Ok(root.by_site(sites))
}
