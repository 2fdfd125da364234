//! What one visitor's day contributes to each cell of each table.

use super::{
    Table,
    amounts::Amounts,
    key::{self, Key},
    microdata::{Microdata, NO_CELL, ProbeCells, ProbeRecord, VisitCells, VisitRecord},
};
use crate::{
    privacy::{Category, Crawler, Hit, Identity, Lexicon, Probe},
    session::{self, Visit},
    time::Hours,
};

/// Whether listed crawlers count as visitors. Visitors found automated by their behaviour never do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crawlers {
    /// They are only in the table of crawlers.
    #[default]
    Separate,
    /// They are visitors.
    Include,
    /// They are nowhere.
    Ignore,
}

/// The settings of visits.
#[derive(Clone, Copy, Debug)]
pub struct VisitSettings {
    /// Longest gap within a visit, in microseconds.
    pub timeout: i64,
    /// What becomes of crawlers.
    pub crawlers: Crawlers,
    /// More pageviews than this in a day make a visitor automated.
    pub most_pageviews: usize,
    /// More requests than this in a day make a visitor automated.
    pub most_requests: usize,
}

impl Default for VisitSettings {
    fn default() -> Self {
        Self {
            timeout: 1800 * 1_000_000,
            crawlers: Crawlers::Separate,
            most_pageviews: 300,
            most_requests: 2000,
        }
    }
}

/// What contributions of one period are read by.
#[derive(Clone, Copy)]
pub struct Reading<'r> {
    /// The strings behind the numbers.
    pub lexicon: &'r Lexicon,
    /// The period's hours.
    pub hours: &'r Hours,
    /// The settings of visits.
    pub settings: &'r VisitSettings,
}

/// What one visitor contributes; the buffers serve the next visitor again.
pub struct Contribution {
    wanted: Wanted,
    pub(super) visitor: u64,
    pub(super) network: u64,
    cells: [Vec<(Key, Amounts)>; Table::ALL.len()],
    /// The cells that each visit is counted in.
    pub(super) visits: Vec<VisitCells>,
    /// The cells that requests which look for weaknesses are counted in, each once.
    pub(super) probes: Vec<ProbeCells>,
    /// The page and the seconds of each known dwell.
    pub(super) dwells: Vec<(Key, u64)>,
    /// The seconds of each visit.
    pub(super) durations: Vec<u64>,
    /// The first and last minute of each visit.
    pub(super) presences: Vec<(usize, usize)>,
    /// The hours in which a request came.
    pub(super) hours: Vec<usize>,
}

/// What the wanted tables are counted from.
struct Wanted {
    requests: bool,
    visits: bool,
    pageviews: bool,
    goals: bool,
    probes: bool,
}

impl Wanted {
    fn by(tables: &[Table]) -> Self {
        use Table as T;
        let any = |is_wanted: fn(&Table) -> bool| tables.iter().any(is_wanted);
        Self {
            requests: any(|table| {
                matches!(
                    table,
                    T::Summary | T::Traffic | T::Statuses | T::Errors | T::Hosts
                )
            }),
            visits: any(|table| {
                !matches!(
                    table,
                    T::Pages
                        | T::Transitions
                        | T::Statuses
                        | T::Errors
                        | T::Goals
                        | T::GoalRegions
                        | T::Crawlers
                        | T::Probes
                        | T::ProbeHours
                        | T::ProbeRegions
                )
            }),
            pageviews: any(|table| {
                matches!(table, T::Traffic | T::Pages | T::Transitions | T::Hosts)
            }),
            goals: any(|table| matches!(table, T::Goals | T::GoalRegions | T::Campaigns)),
            probes: any(|table| matches!(table, T::Probes | T::ProbeHours | T::ProbeRegions)),
        }
    }
}

impl Contribution {
    /// Nothing yet. What it will tell of tables other than these may be missing.
    #[must_use]
    pub fn to(tables: &[Table]) -> Self {
        Self {
            wanted: Wanted::by(tables),
            visitor: 0,
            network: 0,
            cells: Default::default(),
            visits: Vec::new(),
            probes: Vec::new(),
            dwells: Vec::new(),
            durations: Vec::new(),
            presences: Vec::new(),
            hours: Vec::new(),
        }
    }

    /// Replaces the contribution by that of another visitor, whose hits are sorted and not empty.
    pub fn read(&mut self, hits: &[Hit], identity: &Identity, reading: &Reading<'_>) {
        self.clear();
        self.visitor = hits[0].visitor();
        self.network = identity.network;
        let tells_visitors = reading.lexicon.senders().are_visitors();
        let crawler = crawler(hits, identity, reading);
        let is_ignored = crawler.is_some() && reading.settings.crawlers == Crawlers::Ignore;
        if self.wanted.probes && !is_ignored {
            self.read_probes(hits, identity, reading);
        }
        match crawler {
            None if tells_visitors => self.read_visitor(hits, identity, reading),
            None => self.read_network(hits, reading),
            Some(_) if is_ignored => {}
            Some(key) => self.count(Table::Crawlers, key, hits),
        }
    }

    /// Replaces the contribution by what is known of a visitor in one table alone.
    pub(super) fn be_of_cells(
        &mut self,
        visitor: u64,
        network: u64,
        table: Table,
        cells: &[(Key, Amounts)],
    ) {
        self.clear();
        (self.visitor, self.network) = (visitor, network);
        self.cells[table as usize].extend_from_slice(cells);
    }

    /// Replaces the contribution by so many visits of which no more is known than their cells.
    pub(super) fn be_of_visits(&mut self, visit: &VisitRecord, count: u64) {
        self.clear();
        self.network = visit.network;
        self.visits.extend((0..count).map(|_| visit.cells));
    }

    /// Replaces the contribution by requests of which no more is known than what they look for, when, and
    /// from where.
    pub(super) fn be_of_probes(&mut self, probes: &ProbeRecord) {
        self.clear();
        self.network = probes.network;
        self.probes.push(probes.cells);
    }

    /// The visitor's amounts by cell of a table.
    #[must_use]
    pub fn cells(&self, table: Table) -> &[(Key, Amounts)] {
        &self.cells[table as usize]
    }

    fn clear(&mut self) {
        self.cells.iter_mut().for_each(Vec::clear);
        self.visits.clear();
        self.probes.clear();
        self.dwells.clear();
        self.durations.clear();
        self.presences.clear();
        self.hours.clear();
    }

    /// The visitor's amounts in a cell, to be added to. The latest cells are the likeliest.
    fn cell(&mut self, table: Table, key: Key) -> &mut Amounts {
        let cells = &mut self.cells[table as usize];
        let position = cells
            .iter()
            .rposition(|(other, _)| *other == key)
            .unwrap_or_else(|| {
                cells.push((key, Amounts::default()));
                cells.len() - 1
            });
        &mut cells[position].1
    }

    fn read_visitor(&mut self, hits: &[Hit], identity: &Identity, reading: &Reading<'_>) {
        if self.wanted.requests {
            self.read_requests(hits, reading);
        }
        for visit in session::visits(hits, reading.settings.timeout) {
            if self.wanted.visits {
                self.read_visit(&visit, identity, reading);
            }
            if self.wanted.pageviews {
                self.read_pageviews(&visit, reading);
            }
            if self.wanted.goals {
                self.read_goals(&visit, identity, reading);
            }
        }
    }

    /// Counts requests and pageviews one by one, with nothing that would connect two of them.
    fn read_network(&mut self, hits: &[Hit], reading: &Reading<'_>) {
        self.read_requests(hits, reading);
        for hit in hits.iter().filter(|hit| hit.is_pageview()) {
            let page = reading.lexicon.page_of(hit.target());
            self.cell(Table::Summary, key::ONLY).pageviews += 1;
            self.cell(Table::Pages, key::number(page)).pageviews += 1;
            self.count_pageview(hit, reading);
        }
    }

    fn read_requests(&mut self, hits: &[Hit], reading: &Reading<'_>) {
        self.count(Table::Summary, key::ONLY, hits);
        for (hour, hits) in runs(hits, |hit| reading.hours.number(hit.time())) {
            self.hours.push(hour);
            self.count(Table::Traffic, key::hour(reading.hours, hour), hits);
        }
        for (host, hits) in runs(hits, Hit::host) {
            if let Some(host) = host {
                self.count(Table::Hosts, key::host(host), hits);
            }
        }
        for (status, hits) in runs(hits, Hit::status) {
            self.count(Table::Statuses, key::status(status), hits);
            if status >= 400 {
                let pages = runs(hits, |hit| reading.lexicon.page_of(hit.target()));
                pages.for_each(|(page, hits)| {
                    self.count(Table::Errors, key::error(status, page), hits);
                });
            }
        }
    }

    /// Counts requests that look for weaknesses, be it a machine that sends them.
    fn read_probes(&mut self, hits: &[Hit], identity: &Identity, reading: &Reading<'_>) {
        let category = identity.agent.crawler.map(Crawler::category);
        let of_agent = (category == Some(Category::Scanner)).then_some(Probe::ScannerAgent);
        let tells_regions = reading.lexicon.senders().are_visitors();
        for hit in hits {
            let Some(probe) = hit.probe().or(of_agent) else {
                continue;
            };
            let hour = reading.hours.number(hit.time());
            let cells = [
                key::probe(probe),
                key::hour(reading.hours, hour),
                key::region(identity.region),
            ];
            let counted = Microdata::PROBE_TABLES.into_iter().zip(cells);
            for (table, key) in
                counted.filter(|(it, _)| tells_regions || *it != Table::ProbeRegions)
            {
                self.cell(table, key).requests += 1;
            }
            if !self.probes.iter().rev().any(|known| *known == cells) {
                self.probes.push(cells);
            }
        }
    }

    /// Counts requests in a cell.
    fn count(&mut self, table: Table, key: Key, hits: &[Hit]) {
        let cell = self.cell(table, key);
        cell.requests += hits.len() as u64;
        let bytes = hits.iter().map(Hit::bytes);
        cell.bytes = bytes.fold(cell.bytes, u64::saturating_add);
    }

    fn read_visit(&mut self, visit: &Visit<'_>, identity: &Identity, reading: &Reading<'_>) {
        let duration = visit.duration();
        self.durations.push(duration);
        self.presences.push((
            reading.hours.minute(visit.start()),
            reading.hours.minute(visit.end()),
        ));
        let amounts = Amounts {
            visits: 1,
            bounces: u64::from(visit.depth() == 1),
            pageviews: u64::from(visit.depth()),
            visit_seconds: duration,
            ..Amounts::default()
        };
        let Some(first) = visit.pageviews().next() else {
            return;
        };
        let origin = reading.lexicon.origin(first.origin());
        let hour = key::hour(reading.hours, reading.hours.number(visit.start()));
        let host = first.host().map(key::host);
        let campaign = origin.campaign.map(key::number);
        let whole = [
            (Table::Referrers, key::number(origin.source)),
            (Table::Regions, key::region(identity.region)),
            (Table::Browsers, key::browser(identity.agent)),
            (Table::Systems, key::system(identity.agent)),
            (Table::Devices, key::device(identity.agent)),
            (Table::Durations, key::duration(duration)),
            (Table::Depths, key::depth(visit.depth())),
        ];
        *self.cell(Table::Summary, key::ONLY) += amounts;
        for (table, key) in whole {
            *self.cell(table, key) += amounts;
        }
        if let Some(campaign) = campaign {
            *self.cell(Table::Campaigns, campaign) += amounts;
        }
        self.cell(Table::Traffic, hour).visits += 1;
        if let Some(host) = host {
            self.cell(Table::Hosts, host).visits += 1;
        }
        let [referrer, rest @ ..] = whole.map(|(_, key)| key);
        let [region, browser, system, device, duration, depth] = rest;
        self.visits.push([
            hour,
            referrer,
            campaign.unwrap_or(NO_CELL),
            region,
            browser,
            system,
            device,
            duration,
            depth,
            host.unwrap_or(NO_CELL),
        ]);
    }

    fn read_pageviews(&mut self, visit: &Visit<'_>, reading: &Reading<'_>) {
        let mut previous: Option<(&Hit, u32)> = None;
        for hit in visit.pageviews() {
            let page = reading.lexicon.page_of(hit.target());
            self.count_pageview(hit, reading);
            match previous {
                Some((earlier, from)) => self.read_step(earlier, from, hit, page),
                None => self.cell(Table::Pages, key::number(page)).entries += 1,
            }
            self.cell(Table::Pages, key::number(page)).pageviews += 1;
            previous = Some((hit, page));
        }
        if let Some((_, page)) = previous {
            let cell = self.cell(Table::Pages, key::number(page));
            cell.exits += 1;
            cell.bounces += u64::from(visit.depth() == 1);
        }
    }

    /// Counts a pageview in its own hour and host.
    fn count_pageview(&mut self, hit: &Hit, reading: &Reading<'_>) {
        let hour = key::hour(reading.hours, reading.hours.number(hit.time()));
        self.cell(Table::Traffic, hour).pageviews += 1;
        if let Some(host) = hit.host() {
            self.cell(Table::Hosts, key::host(host)).pageviews += 1;
        }
    }

    /// The step from one pageview to the next, which is also the dwell on the earlier one.
    fn read_step(&mut self, earlier: &Hit, from: u32, later: &Hit, to: u32) {
        let seconds = session::seconds_between(earlier.time(), later.time());
        let cell = self.cell(Table::Pages, key::number(from));
        cell.dwell_count += 1;
        cell.dwell_seconds += seconds;
        self.dwells.push((key::number(from), seconds));
        self.cell(Table::Transitions, key::transition(from, to))
            .transitions += 1;
    }

    fn read_goals(&mut self, visit: &Visit<'_>, identity: &Identity, reading: &Reading<'_>) {
        if reading.lexicon.goals().is_empty() {
            return;
        }
        let mut reached = visit
            .hits()
            .iter()
            .filter(|hit| (200..400).contains(&hit.status()))
            .fold(0, |reached, hit| {
                reached | reading.lexicon.goals_of(hit.target())
            });
        let campaign = visit
            .pageviews()
            .next()
            .and_then(|first| reading.lexicon.origin(first.origin()).campaign);
        while reached != 0 {
            let goal = reached.trailing_zeros();
            reached &= reached - 1;
            self.cell(Table::Goals, key::number(goal)).completions += 1;
            self.cell(Table::GoalRegions, key::goal_region(goal, identity.region))
                .completions += 1;
            if let Some(campaign) = campaign {
                self.cell(Table::Campaigns, key::number(campaign))
                    .completions += 1;
            }
        }
    }
}

/// The longest runs of hits that have something in common, and what.
fn runs<T: PartialEq>(
    hits: &[Hit],
    of: impl Fn(&Hit) -> T + Copy,
) -> impl Iterator<Item = (T, &[Hit])> {
    hits.chunk_by(move |left, right| of(left) == of(right))
        .map(move |hits| (of(&hits[0]), hits))
}

/// The row in the table of crawlers, if the sender is one.
fn crawler(hits: &[Hit], identity: &Identity, reading: &Reading<'_>) -> Option<Key> {
    let settings = reading.settings;
    // A network is many visitors, who are not automated for being many.
    let automated = reading.lexicon.senders().are_visitors() && is_automated(hits, settings);
    match identity.agent.crawler {
        Some(_) if settings.crawlers == Crawlers::Include && !automated => None,
        Some(crawler) => Some(key::crawler(crawler.category(), Some(crawler))),
        None => automated.then(|| key::crawler(Category::Automated, None)),
    }
}

fn is_automated(hits: &[Hit], settings: &VisitSettings) -> bool {
    hits.len() > settings.most_requests
        || hits.iter().filter(|hit| hit.is_pageview()).count() > settings.most_pageviews
}
