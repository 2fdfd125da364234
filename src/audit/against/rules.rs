//! What a release's settings make of each distinct value of the log: the fields that publication is
//! about, each reduced by gate 1's own rule. Who is counted, and how, is not decided here.

use std::cell::OnceCell;

use hashbrown::HashMap;
use serde_json::Value;

use super::{AgainstLog, log::Log, network::Network};
use crate::{
    audit::chain::Manifest,
    error::{Error, Result},
    privacy::{
        Agent, AgentRules, Client, FilterSettings, Filters, Goals, Hosts, Method, Probe, Referrer,
        ReferrerRules, Region, Regions, UrlRules, UrlSettings,
    },
    time::{Calendar, TimeZone},
};

/// Texts by number, in which keys are compared.
#[derive(Default)]
pub(super) struct Texts {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Texts {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    pub(super) fn get(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }
}

/// A request as far as it counts.
pub(super) struct KnownRequest {
    pub(super) method: Method,
    pub(super) page: u32,
    pub(super) is_asset: bool,
    pub(super) probe: Option<Probe>,
    pub(super) campaign: Option<[u32; 3]>,
    /// A bit for each goal.
    pub(super) goals: u64,
    pub(super) is_excluded: bool,
}

/// A client as far as it counts.
pub(super) struct KnownClient {
    /// The number of what visitors are told by beside the agent.
    pub(super) unit: u32,
    pub(super) network: u32,
    pub(super) region: Region,
    pub(super) is_excluded: bool,
}

/// Settings of visits.
pub(super) struct VisitRules {
    /// Microseconds.
    pub(super) timeout: i64,
    /// More than these make a visitor automated.
    pub(super) most_pageviews: usize,
    pub(super) most_requests: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Crawlers {
    Separate,
    Include,
    Ignore,
}

/// A log under the settings of a site's releases.
pub(super) struct Reduced<'l> {
    pub(super) log: &'l Log,
    pub(super) calendar: Calendar,
    /// None where no visitors are told apart.
    pub(super) visits: Option<VisitRules>,
    pub(super) crawlers: Crawlers,
    pub(super) texts: Texts,
    pub(super) requests: Vec<KnownRequest>,
    pub(super) clients: Vec<KnownClient>,
    pub(super) agents: Vec<Agent>,
    /// The key of each host in the table of hosts; `None` where the log has none or sites are apart.
    pub(super) hosts: Vec<Option<u32>>,
    /// Whether requests to each host count.
    pub(super) counts: Vec<bool>,
    pub(super) goals: Vec<u32>,
    pub(super) filters: Filters,
    referrer_rules: ReferrerRules,
    referrers: Vec<OnceCell<Referrer>>,
}

impl<'l> Reduced<'l> {
    /// Reduces the log as the manifest says that it was.
    pub(super) fn new(
        log: &'l Log,
        manifest: &Manifest,
        host: Option<&str>,
        settings: &AgainstLog,
    ) -> Result<Self> {
        let policy = &manifest.value["policy"];
        settings.check(policy, host)?;
        let mut texts = Texts::default();
        let rules = Rules::new(policy, settings)?;
        let requests = (0..log.requests.iter().count())
            .map(|number| rules.request(log, number, &mut texts))
            .collect();
        let goals = rules.goals.names().iter().map(|name| texts.number(name));
        let goals = goals.collect();
        let agents = AgentRules::new();
        let own_hosts: &[String] = if host.is_some() {
            &[]
        } else {
            &settings.site_hosts
        };
        let named = Hosts::new(&settings.site_hosts)?;
        Ok(Self {
            calendar: Calendar::new(
                TimeZone::get(&manifest.tz).map_err(|_| not_understood("tz"))?,
                manifest.period.length,
            ),
            visits: VisitRules::of(policy)?,
            crawlers: crawlers(policy)?,
            clients: clients(log, &rules),
            agents: log.agents.iter().map(|it| agents.classify(it)).collect(),
            hosts: log
                .hosts
                .iter()
                .map(|it| host_key(it, host, &named, &mut texts))
                .collect(),
            counts: log
                .hosts
                .iter()
                .map(|it| {
                    let is_own = host.is_none_or(|own| it.eq_ignore_ascii_case(own.as_bytes()));
                    is_own && !rules.filters.excludes_host(it)
                })
                .collect(),
            requests,
            goals,
            referrers: log.referrers.iter().map(|_| OnceCell::new()).collect(),
            referrer_rules: ReferrerRules::new(own_hosts),
            filters: rules.filters,
            texts,
            log,
        })
    }

    /// What a referrer reduces to.
    pub(super) fn referrer(&self, number: u32) -> &Referrer {
        self.referrers[number as usize]
            .get_or_init(|| self.referrer_rules.reduce(self.log.referrers.get(number)))
    }
}

/// The rules of one policy.
struct Rules {
    urls: UrlRules,
    goals: Goals,
    filters: Filters,
    regions: Option<Regions>,
}

impl Rules {
    fn new(policy: &Value, settings: &AgainstLog) -> Result<Self> {
        let date = |name: &str| -> Result<_> {
            let text = policy[name].as_str();
            text.map(|text| text.parse().map_err(|_| not_understood(name)))
                .transpose()
        };
        Ok(Self {
            urls: UrlRules::new(&UrlSettings {
                path_words: texts(policy, "path_words"),
                path_levels: count(policy, "path_levels")?,
                routes: texts(policy, "pages"),
                keep_query: texts(policy, "keep_query"),
                ..UrlSettings::default()
            })?,
            goals: Goals::new(&texts(policy, "goals"))?,
            filters: Filters::new(&FilterSettings {
                since: date("since")?,
                until: date("until")?,
                exclude_ip: settings.exclude_ip.clone(),
                exclude_path: settings.exclude_path.clone(),
                include_path: texts(policy, "include_path"),
                exclude_status: texts(policy, "exclude_status"),
                exclude_host: settings.exclude_host.clone(),
                include_host: settings.include_host.clone(),
                exclude_method: texts(policy, "exclude_method"),
            })?,
            regions: regions(policy, settings)?,
        })
    }

    fn request(&self, log: &Log, number: usize, texts: &mut Texts) -> KnownRequest {
        let reduced = self.urls.reduce(&log.request(number as u32));
        let unknown = || "(unknown)".to_owned();
        let campaign = reduced.campaign.map(|campaign| {
            let tags = [
                campaign.source,
                campaign.medium.unwrap_or_else(unknown),
                campaign.campaign.unwrap_or_else(unknown),
            ];
            tags.map(|tag| texts.number(&tag))
        });
        KnownRequest {
            method: reduced.method,
            page: texts.number(&reduced.page),
            is_asset: reduced.asset,
            probe: reduced.probe,
            campaign,
            goals: self.goals.reached(&reduced.raw_path),
            is_excluded: self.filters.excludes_path(&reduced.raw_path)
                || self.filters.excludes_method(reduced.method),
        }
    }
}

/// The texts of a setting that is a list.
fn texts(policy: &Value, name: &str) -> Vec<String> {
    let items = policy[name].as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn regions(policy: &Value, settings: &AgainstLog) -> Result<Option<Regions>> {
    let is_none = settings
        .geo_db
        .iter()
        .all(|file| file.as_os_str() == "none");
    if !is_none {
        return Regions::open(&settings.geo_db).map(Some);
    }
    match policy["regions"].as_str() {
        Some("built in") => Regions::embedded().map(Some),
        Some("none") => Ok(Some(Regions::none())),
        _ => Ok(None),
    }
}

fn clients(log: &Log, rules: &Rules) -> Vec<KnownClient> {
    let (mut units, mut networks) = (HashMap::new(), HashMap::new());
    let known = |field: &[u8]| {
        let client = Client::read(field);
        let (unit, network) = (units.len() as u32, networks.len() as u32);
        let region = client
            .unit_address()
            .zip(rules.regions.as_ref())
            .map_or_else(Region::default, |(address, regions)| {
                regions.region(address)
            });
        KnownClient {
            unit: *units.entry(client.unit()).or_insert(unit),
            network: *networks.entry(Network::of(field)).or_insert(network),
            region,
            is_excluded: rules.filters.excludes_client(&client),
        }
    };
    log.clients.iter().map(known).collect()
}

fn host_key(logged: &[u8], host: Option<&str>, named: &Hosts, texts: &mut Texts) -> Option<u32> {
    if logged.is_empty() || host.is_some() {
        return None;
    }
    let lower = String::from_utf8_lossy(logged).to_ascii_lowercase();
    let is_named = named.names().contains(&lower);
    Some(texts.number(if is_named { &lower } else { "(other host)" }))
}

impl VisitRules {
    fn of(policy: &Value) -> Result<Option<Self>> {
        if policy["visits"] == false {
            return Ok(None);
        }
        let timeout = count(policy, "visit_timeout_seconds")?;
        Ok(Some(Self {
            timeout: i64::try_from(timeout)
                .unwrap_or(i64::MAX / 1_000_000)
                .saturating_mul(1_000_000),
            most_pageviews: count(policy, "automated_pageviews")?,
            most_requests: count(policy, "automated_requests")?,
        }))
    }
}

fn crawlers(policy: &Value) -> Result<Crawlers> {
    match policy["crawlers"].as_str() {
        Some("separate") => Ok(Crawlers::Separate),
        Some("include") => Ok(Crawlers::Include),
        Some("ignore") => Ok(Crawlers::Ignore),
        _ => Err(not_understood("crawlers")),
    }
}

/// A setting that is a number.
fn count(policy: &Value, name: &str) -> Result<usize> {
    let number = policy[name].as_u64().ok_or_else(|| not_understood(name))?;
    Ok(usize::try_from(number).unwrap_or(usize::MAX))
}

fn not_understood(name: &str) -> Error {
    Error::Setting(format!("the manifest's {name} is not understood"))
}
