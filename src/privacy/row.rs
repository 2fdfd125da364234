//! Hits in words: as one process hands them to another that has no dictionary in common with it.

use std::collections::BTreeMap;

use ahash::RandomState;

use super::{
    agent::{Agent, Browser, Crawler, Device, System},
    channel::Channel,
    geo::Region,
    hit::{Hit, NO_HOST, Parts},
    intake::{Intake, PeriodIntake},
    lexicon::{Dictionary, Identity},
    lines::PeriodLines,
    method::Method,
    policy::Policy,
    probe::Probe,
    senders::Sender,
    url::Campaign,
};
use crate::time::{Calendar, Period, Timestamp};

/// A hit whose numbers are the words that they stand for. It is pseudonymous, like the hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HitRow<'r> {
    /// The visitor's pseudonym of the day.
    pub visitor: u64,
    /// When the request was received.
    pub time: Timestamp,
    /// Who sent it, the same for all hits of a visitor.
    pub sender: SenderRow<'r>,
    /// The page, scrubbed.
    pub page: &'r str,
    /// A bit for every goal that is reached.
    pub goals: u64,
    /// Where it came from; of pageviews only.
    pub origin: Option<OriginRow<'r>>,
    /// The virtual host; `None` where the log has no hosts.
    pub host: Option<&'r str>,
    /// The method.
    pub method: &'r str,
    /// The status; 0 where the log has none or no valid one.
    pub status: u16,
    /// Bytes sent.
    pub bytes: u64,
    /// What weakness it looks for.
    pub probe: Option<&'r str>,
}

/// What is known of a hit's sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderRow<'r> {
    /// The pseudonym of the network in the release period.
    pub network: u64,
    /// Country and region of the address.
    pub region: Region,
    /// The browser.
    pub browser: &'r str,
    /// The operating system.
    pub system: &'r str,
    /// The class of device.
    pub device: &'r str,
    /// Category and name of the crawler, if it is one.
    pub crawler: Option<(&'r str, &'r str)>,
}

/// Where a pageview came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginRow<'r> {
    /// Registrable domain, or a word in parentheses.
    pub source: &'r str,
    /// Its channel.
    pub channel: &'r str,
    /// The campaign: source, medium and name.
    pub campaign: Option<(&'r str, Option<&'r str>, Option<&'r str>)>,
}

impl Intake {
    /// The hits of a period, in no particular order.
    pub fn rows<'i>(
        &'i self,
        period: Period,
        policy: &'i Policy,
    ) -> impl Iterator<Item = HitRow<'i>> {
        let intake = self.periods.get(&period).into_iter();
        let hits = intake.flat_map(|intake| intake.hits.iter());
        hits.map(|hit| row(hit, &self.dictionary, policy))
    }

    /// The periods that lines were seen of, in order, and what is known of these lines.
    pub fn lines(&self) -> impl Iterator<Item = (Period, &PeriodLines)> {
        let periods = self.periods.iter();
        periods.map(|(&period, intake)| (period, &intake.lines))
    }
}

fn row<'i>(hit: &Hit, dictionary: &'i Dictionary, policy: &'i Policy) -> HitRow<'i> {
    let Parts {
        visitor,
        time,
        bytes,
        status,
        identity,
        target,
        origin,
        host,
        method,
        pageview,
        probe,
    } = hit.parts();
    let shard = usize::from(super::shard::shard(visitor));
    let (
        Identity {
            network,
            region,
            agent,
        },
        _,
    ) = dictionary.identity_of(shard, identity);
    let (page, goals) = dictionary.target_of(target);
    HitRow {
        visitor,
        time,
        sender: SenderRow {
            network,
            region,
            browser: agent.browser.name(),
            system: agent.system.name(),
            device: agent.device.name(),
            crawler: agent.crawler.map(|it| (it.category().name(), it.name())),
        },
        page,
        goals,
        origin: pageview.then(|| origin_row(dictionary, origin)),
        host: (host != NO_HOST).then(|| policy.hosts.names()[usize::from(host)].as_str()),
        method: method.name(),
        status,
        bytes,
        probe: probe.map(Probe::name),
    }
}

fn origin_row(dictionary: &Dictionary, origin: u32) -> OriginRow<'_> {
    let (source, campaign) = dictionary.origin_of(origin);
    OriginRow {
        source: &source.name,
        channel: source.channel.name(),
        campaign: campaign.map(|it| {
            (
                it.source.as_str(),
                it.medium.as_deref(),
                it.campaign.as_deref(),
            )
        }),
    }
}

/// Takes hits in words back, and all else that a run needs of what another process let through.
pub struct Reentry<'p> {
    policy: &'p Policy,
    calendar: &'p Calendar,
    dictionary: Dictionary,
    periods: BTreeMap<Period, PeriodIntake>,
    /// The latest visitor, with the number of its identity.
    latest: Option<(Period, u64, u32)>,
    hits: usize,
}

impl<'p> Reentry<'p> {
    /// Nothing yet, for a run with the same policy and calendar; the seeds are random.
    #[must_use]
    pub fn new(policy: &'p Policy, calendar: &'p Calendar, seeds: [u64; 4]) -> Self {
        let [a, b, c, d] = seeds;
        Self {
            policy,
            calendar,
            dictionary: Dictionary::new(&RandomState::with_seeds(a, b, c, d)),
            periods: BTreeMap::new(),
            latest: None,
            hits: 0,
        }
    }

    /// How many hits there are.
    #[must_use]
    pub const fn hits(&self) -> usize {
        self.hits
    }

    /// Takes a hit back; those of a visitor come one after another. `None` if its words are not of this
    /// program and policy.
    #[must_use]
    pub fn hit(&mut self, period: Period, row: &HitRow<'_>) -> Option<()> {
        let identity = self.identity(period, row)?;
        let (pageview, origin) = match &row.origin {
            Some(origin) => (true, self.origin(origin)?),
            None => (false, 0),
        };
        let hit = Hit::new(Parts {
            visitor: row.visitor,
            time: row.time,
            bytes: row.bytes,
            status: row.status,
            identity,
            target: self.dictionary.known_target(row.page, row.goals),
            origin,
            host: self.host(row.host)?,
            method: Method::of(row.method.as_bytes()),
            pageview,
            probe: probe_of(row.probe)?,
        });
        self.period(period).restore(hit);
        self.hits += 1;
        Some(())
    }

    /// Enters what is known of a period's lines; once for each period.
    pub fn lines(&mut self, period: Period, lines: PeriodLines) {
        self.period(period).lines = lines;
    }

    /// Enters a page.
    pub fn page(&mut self, page: &str) {
        self.dictionary.page(page);
    }

    /// Enters a referrer; `None` if there is no such channel.
    #[must_use]
    pub fn source(&mut self, name: &str, channel: &str) -> Option<u32> {
        let channel = Channel::named(channel)?;
        Some(self.dictionary.source(name, channel))
    }

    /// Enters a campaign.
    pub fn campaign(&mut self, campaign: Campaign) -> u32 {
        self.dictionary.campaign(campaign)
    }

    /// All that was taken back.
    #[must_use]
    pub fn finish(self) -> Intake {
        Intake {
            dictionary: self.dictionary,
            traces: Vec::new(),
            periods: self.periods,
        }
    }

    fn period(&mut self, period: Period) -> &mut PeriodIntake {
        let calendar = self.calendar;
        let intake = self.periods.entry(period);
        intake.or_insert_with(|| PeriodIntake::new(calendar.midnight(period.start), 0))
    }

    fn identity(&mut self, period: Period, row: &HitRow<'_>) -> Option<u32> {
        if let Some((_, _, known)) = self
            .latest
            .filter(|&(of, visitor, _)| (of, visitor) == (period, row.visitor))
        {
            return Some(known);
        }
        let SenderRow {
            network, region, ..
        } = row.sender;
        let identity = self.dictionary.identity(Sender {
            pseudonym: row.visitor,
            identity: Identity {
                network,
                region,
                agent: agent(&row.sender)?,
            },
            unit: None,
        });
        self.latest = Some((period, row.visitor, identity));
        Some(identity)
    }

    fn origin(&mut self, row: &OriginRow<'_>) -> Option<u32> {
        let source = self.source(row.source, row.channel)?;
        let campaign = row.campaign.map(|(source, medium, campaign)| {
            self.campaign(Campaign {
                source: source.to_owned(),
                medium: medium.map(str::to_owned),
                campaign: campaign.map(str::to_owned),
            })
        });
        Some(self.dictionary.origin(source, campaign))
    }

    fn host(&self, host: Option<&str>) -> Option<u16> {
        let Some(host) = host else {
            return Some(NO_HOST);
        };
        let position = self.policy.hosts.names().iter().position(|it| it == host);
        u16::try_from(position?).ok()
    }
}

/// The probe of a name; `None` if there is no such.
fn probe_of(name: Option<&str>) -> Option<Option<Probe>> {
    name.map_or(Some(None), |name| Probe::named(name).map(Some))
}

fn agent(sender: &SenderRow<'_>) -> Option<Agent> {
    Some(Agent {
        browser: Browser::named(sender.browser)?,
        system: System::named(sender.system)?,
        device: Device::named(sender.device)?,
        crawler: match sender.crawler {
            Some((category, name)) => Some(Crawler::of(category, name)?),
            None => None,
        },
    })
}
