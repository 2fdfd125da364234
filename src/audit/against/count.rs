//! Counts a period again, plainly: visitor-days in order, each one's share of every published row.

use hashbrown::HashMap;

use super::{
    log::Logged,
    request::{is_pageview, order, origin},
    rules::{Crawlers, Reduced},
    tally::{Part, Tally},
};
use crate::{
    aggregate::{Measure as M, Table as T},
    audit::table::{OTHER, Row, Rows},
    privacy::{Agent, Category, Probe},
    time::{Date, Hours, Period, PeriodLength, Timestamp},
};

/// Stands for a key column that a table does not have.
const NONE: u32 = u32::MAX;

/// The key columns of a cell, as numbers of texts.
type Key = [u32; 3];

/// A period counted again.
pub(super) struct Count {
    /// By number of a row: tables in their order, their rows in theirs.
    pub(super) tallies: Vec<Tally>,
    /// By table in the order given: what is in no row of it.
    pub(super) lost: Vec<Tally>,
    /// Unions of the cells left empty, by column.
    pub(super) unions: Vec<Union>,
    /// What is left of rows that other releases have too.
    pub(super) rests: Vec<Rest>,
}

/// A row less the days for which another release has it too.
pub(super) struct Rest {
    /// By number.
    pub(super) row: usize,
    pub(super) covered: Vec<Period>,
    pub(super) tally: Tally,
}

/// The cells of a column that are left empty, taken together.
pub(super) struct Union {
    /// The place of the table among those given, and of the measure in it.
    pub(super) table: usize,
    pub(super) measure: usize,
    /// By number.
    pub(super) rows: Vec<usize>,
    pub(super) tally: Tally,
}

/// The row or loss that a cell is counted in.
#[derive(Clone, Copy)]
enum Target {
    Row(usize),
    Lost(usize),
    /// The table is not published.
    Nowhere,
}

/// Counts the requests of a period, given by number.
pub(super) fn count<'d>(
    tables: &[Rows],
    reduced: &mut Reduced<'_>,
    period: Period,
    days: impl Iterator<Item = (&'d Date, &'d mut Vec<u32>)>,
    rests: Vec<Rest>,
    k: usize,
) -> Count {
    let hours = Hours::new(&reduced.calendar, period);
    let mut counter = Counter::new(tables, reduced, &hours, k);
    for (number, rest) in rests.iter().enumerate() {
        counter.rest_of[rest.row] = Some(number);
    }
    counter.count.rests = rests;
    for (date, requests) in days {
        counter.count_day(*date, requests);
    }
    counter.finish()
}

struct Counter<'c, 'l> {
    reduced: &'c mut Reduced<'l>,
    hours: &'c Hours,
    /// Where each table stands among those given.
    places: [Option<usize>; T::ALL.len()],
    rows: HashMap<(T, Key), usize>,
    known: HashMap<(T, Key), Target>,
    other: u32,
    /// By row, the unions that it belongs to.
    unions_of: Vec<Vec<usize>>,
    /// By row, what is left of it.
    rest_of: Vec<Option<usize>>,
    count: Count,
    parts: HashMap<usize, Part>,
    /// Visits in progress: how many more or fewer than in the minute before.
    presence: Vec<i64>,
    most: usize,
}

impl<'c, 'l> Counter<'c, 'l> {
    fn new(tables: &[Rows], reduced: &'c mut Reduced<'l>, hours: &'c Hours, k: usize) -> Self {
        let mut rows = HashMap::new();
        let mut places = [None; T::ALL.len()];
        for (place, table) in tables.iter().enumerate() {
            places[table.table as usize] = Some(place);
            for row in &table.rows {
                let texts = row.keys.iter().map(|key| reduced.texts.number(key));
                let number = rows.len();
                rows.insert((table.table, key(texts)), number);
            }
        }
        let (unions, unions_of) = unions(tables);
        let mut tallies = Vec::new();
        tallies.resize_with(unions_of.len(), Tally::default);
        let mut lost = Vec::new();
        lost.resize_with(tables.len(), Tally::default);
        Self {
            other: reduced.texts.number(OTHER),
            reduced,
            hours,
            places,
            rows,
            known: HashMap::new(),
            rest_of: vec![None; unions_of.len()],
            unions_of,
            count: Count {
                tallies,
                lost,
                unions,
                rests: Vec::new(),
            },
            parts: HashMap::new(),
            presence: vec![0; hours.minutes() + 1],
            most: 10 * k,
        }
    }

    /// Counts the visitors of one day.
    fn count_day(&mut self, date: Date, requests: &mut [u32]) {
        let reduced = &*self.reduced;
        let logged = |number: &u32| &reduced.log.logged[*number as usize];
        requests.sort_unstable_by(|one, other| order(reduced, logged(one), logged(other)));
        let ordered: Vec<Logged> = requests.iter().map(|number| *logged(number)).collect();
        let visitor = |request: &Logged| {
            (
                self.reduced.clients[request.client as usize].unit,
                request.agent,
            )
        };
        let ends: Vec<usize> = ordered
            .chunk_by(|one, other| visitor(one) == visitor(other))
            .map(<[Logged]>::len)
            .collect();
        let mut rest = &ordered[..];
        for length in ends {
            let (requests, after) = rest.split_at(length);
            rest = after;
            self.count_visitor(date, requests);
        }
    }

    fn count_visitor(&mut self, date: Date, requests: &[Logged]) {
        let agent = self.reduced.agents[requests[0].agent as usize];
        let pageviews = requests.iter().filter(|it| self.is_pageview(it)).count();
        let rules = self.reduced.visits.as_ref();
        let automated = rules.is_some_and(|rules| {
            requests.len() > rules.most_requests || pageviews > rules.most_pageviews
        });
        let row = match agent.crawler {
            Some(_) if self.reduced.crawlers == Crawlers::Include && !automated => None,
            Some(crawler) => Some((crawler.category(), crawler.name())),
            None => automated.then_some((Category::Automated, "(unknown)")),
        };
        if row.is_none() || self.reduced.crawlers != Crawlers::Ignore {
            self.count_probes(requests, agent);
        }
        match row {
            Some((category, name)) => {
                if self.reduced.crawlers != Crawlers::Ignore {
                    let key = self.named(&[category.name(), name]);
                    for request in requests {
                        self.add_request(T::Crawlers, key, request);
                    }
                }
            }
            None => self.count_person(requests, agent),
        }
        self.fold(
            date,
            self.reduced.clients[requests[0].client as usize].network,
        );
    }

    /// Requests that look for weaknesses, by their target or else by their agent.
    fn count_probes(&mut self, requests: &[Logged], agent: Agent) {
        let is_scanner = agent
            .crawler
            .is_some_and(|it| it.category() == Category::Scanner);
        for request in requests {
            let by_target = self.reduced.requests[request.request as usize].probe;
            let Some(probe) = by_target.or(is_scanner.then_some(Probe::ScannerAgent)) else {
                continue;
            };
            let mut cells = vec![
                (T::Probes, self.named(&[probe.name()])),
                (T::ProbeHours, self.hour(request.time)),
            ];
            if self.reduced.visits.is_some() {
                cells.push((T::ProbeRegions, self.region(request)));
            }
            for (table, cell) in cells {
                self.add_request(table, cell, request);
                self.see_visitor(table, cell);
            }
        }
    }

    fn count_person(&mut self, requests: &[Logged], agent: Agent) {
        for request in requests {
            self.count_request(request);
        }
        let Some(timeout) = self.reduced.visits.as_ref().map(|rules| rules.timeout) else {
            self.count_alone(requests);
            return;
        };
        for visit in requests.chunk_by(|one, other| other.time - one.time <= timeout) {
            let pageviews: Vec<&Logged> = visit.iter().filter(|it| self.is_pageview(it)).collect();
            if !pageviews.is_empty() {
                self.count_visit(visit, &pageviews, agent);
                self.count_pages(&pageviews);
                self.count_goals(visit, pageviews[0]);
            }
        }
    }

    /// Counts pageviews where there are no visits.
    fn count_alone(&mut self, requests: &[Logged]) {
        let pageviews: Vec<&Logged> = requests.iter().filter(|it| self.is_pageview(it)).collect();
        self.count_pageviews(&pageviews);
        for pageview in pageviews {
            let page = self.page(pageview);
            self.add(T::Pages, key([page]), M::Pageviews, 1);
        }
    }

    fn count_request(&mut self, request: &Logged) {
        self.add_request(T::Summary, [NONE; 3], request);
        let hour = self.hour(request.time);
        self.add_request(T::Traffic, hour, request);
        let status = self.status(request.status);
        self.add_request(T::Statuses, key([status]), request);
        if request.status >= 400 {
            let page = self.page(request);
            self.add_request(T::Errors, key([status, page]), request);
        }
        if let Some(host) = self.reduced.hosts[request.host as usize] {
            self.add_request(T::Hosts, key([host]), request);
        }
    }

    fn count_visit(&mut self, visit: &[Logged], pageviews: &[&Logged], agent: Agent) {
        let seconds = seconds(visit[0].time, visit[visit.len() - 1].time).min(43_200);
        let landing = pageviews[0];
        let depth = pageviews.len() as u64;
        let mut keys = vec![
            (T::Referrers, self.referrer(landing)),
            (T::Regions, self.region(landing)),
            (T::Browsers, self.named(&[agent.browser.name()])),
            (T::Systems, self.named(&[agent.system.name()])),
            (T::Devices, self.named(&[agent.device.name()])),
            (T::Durations, self.bin(seconds, &DURATIONS)),
            (T::Depths, self.bin(depth, &DEPTHS)),
        ];
        keys.extend(
            self.campaign(landing)
                .map(|campaign| (T::Campaigns, campaign)),
        );
        for (table, cell) in &mut keys {
            self.add(*table, *cell, M::Pageviews, depth);
        }
        keys.push((T::Summary, [NONE; 3]));
        keys.push((T::Traffic, self.hour(visit[0].time)));
        let host = self.reduced.hosts[landing.host as usize];
        keys.extend(host.map(|host| (T::Hosts, key([host]))));
        for (table, cell) in keys {
            self.add(table, cell, M::Visits, 1);
            self.add(table, cell, M::Bounces, u64::from(depth == 1));
            self.add(table, cell, M::VisitSeconds, seconds);
            self.see_visitor(table, cell);
        }
        self.add_value(T::Summary, [NONE; 3], seconds);
        let [first, last] = [visit[0].time, visit[visit.len() - 1].time];
        let minute = |time| self.hours.minute(Timestamp(time));
        let (first, last) = (minute(first), minute(last));
        self.presence[first] += 1;
        self.presence[last + 1] -= 1;
        self.count_pageviews(pageviews);
    }

    /// Pageviews by hour and host are counted where they are, not where their visit began.
    fn count_pageviews(&mut self, pageviews: &[&Logged]) {
        for pageview in pageviews {
            self.add(T::Summary, [NONE; 3], M::Pageviews, 1);
            let hour = self.hour(pageview.time);
            self.add(T::Traffic, hour, M::Pageviews, 1);
            if let Some(host) = self.reduced.hosts[pageview.host as usize] {
                self.add(T::Hosts, key([host]), M::Pageviews, 1);
            }
        }
    }

    fn count_pages(&mut self, pageviews: &[&Logged]) {
        let only = u64::from(pageviews.len() == 1);
        for (position, pageview) in pageviews.iter().enumerate() {
            let page = self.page(pageview);
            let cell = key([page]);
            self.add(T::Pages, cell, M::Pageviews, 1);
            self.add(T::Pages, cell, M::Entries, u64::from(position == 0));
            self.add(T::Pages, cell, M::Bounces, only);
            self.see_visitor(T::Pages, cell);
            match pageviews.get(position + 1) {
                None => self.add(T::Pages, cell, M::Exits, 1),
                Some(next) => {
                    let dwell = seconds(pageview.time, next.time);
                    self.add(T::Pages, cell, M::DwellCount, 1);
                    self.add(T::Pages, cell, M::DwellSeconds, dwell);
                    self.add_value(T::Pages, cell, dwell);
                    let to = self.page(next);
                    let to = if to == page {
                        self.reduced.texts.number("(same)")
                    } else {
                        to
                    };
                    self.add(T::Transitions, key([page, to]), M::Transitions, 1);
                    self.see_visitor(T::Transitions, key([page, to]));
                }
            }
        }
    }

    fn count_goals(&mut self, visit: &[Logged], landing: &Logged) {
        let reached = visit
            .iter()
            .filter(|request| (200..400).contains(&request.status))
            .fold(0, |reached, request| {
                reached | self.reduced.requests[request.request as usize].goals
            });
        let campaign = self.campaign(landing);
        let country = self.region(landing)[0];
        for goal in 0..self.reduced.goals.len() {
            if reached >> goal & 1 == 0 {
                continue;
            }
            let name = self.reduced.goals[goal];
            self.add(T::Goals, key([name]), M::Completions, 1);
            self.see_visitor(T::Goals, key([name]));
            self.add(T::GoalRegions, key([name, country]), M::Completions, 1);
            if let Some(campaign) = campaign {
                self.add(T::Campaigns, campaign, M::Completions, 1);
            }
        }
    }

    fn add_request(&mut self, table: T, cell: Key, request: &Logged) {
        self.add(table, cell, M::Requests, 1);
        self.add(table, cell, M::Bytes, request.bytes);
    }

    fn add(&mut self, table: T, cell: Key, measure: M, amount: u64) {
        if let Some(part) = self.part(table, cell) {
            part.amounts[measure as usize] += amount;
        }
    }

    fn add_value(&mut self, table: T, cell: Key, seconds: u64) {
        if let Some(part) = self.part(table, cell) {
            part.seconds.push(seconds);
        }
    }

    fn see_visitor(&mut self, table: T, cell: Key) {
        if let Some(part) = self.part(table, cell) {
            part.is_visitor = true;
        }
    }

    /// The visitor's part of a cell's row; losses stand behind all rows.
    fn part(&mut self, table: T, cell: Key) -> Option<&mut Part> {
        let row = match self.target(table, cell) {
            Target::Row(row) => row,
            Target::Lost(place) => self.count.tallies.len() + place,
            Target::Nowhere => return None,
        };
        Some(self.parts.entry(row).or_insert_with(|| Part {
            row,
            ..Part::default()
        }))
    }

    fn target(&mut self, table: T, cell: Key) -> Target {
        if let Some(target) = self.known.get(&(table, cell)) {
            return *target;
        }
        let target = self.resolve(table, cell);
        self.known.insert((table, cell), target);
        target
    }

    /// The row of its own name, else the `(other)` of the finest level that has one.
    fn resolve(&mut self, table: T, cell: Key) -> Target {
        let Some(place) = self.places[table as usize] else {
            return Target::Nowhere;
        };
        if let Some(row) = self.rows.get(&(table, cell)) {
            return Target::Row(*row);
        }
        let depth = cell.iter().filter(|part| **part != NONE).count();
        let levels = match table {
            T::Campaigns | T::Errors | T::Regions | T::ProbeRegions => 0..depth,
            T::Transitions => 1..2,
            _ => 0..1,
        };
        for level in levels.clone().rev() {
            let mut rolled = cell;
            rolled[level..depth].fill(self.other);
            if let Some(row) = self.rows.get(&(table, rolled)) {
                let mut member = cell;
                // What is rolled up at a level are its members whole.
                if levels.len() > 1 {
                    member[level + 1..].fill(NONE);
                }
                let members = &mut self.count.tallies[*row].members;
                if members.len() < 2 && !members.contains(&member) {
                    members.push(member);
                }
                return Target::Row(*row);
            }
        }
        Target::Lost(place)
    }

    /// Adds the visitor's parts to their rows, and to the unions that these belong to.
    fn fold(&mut self, date: Date, network: u32) {
        let mut joined: HashMap<usize, Part> = HashMap::new();
        for (_, part) in self.parts.drain() {
            let Some(tally) = self.count.tallies.get_mut(part.row) else {
                let lost = part.row - self.unions_of.len();
                self.count.lost[lost].add(&part, network, self.most);
                continue;
            };
            tally.add(&part, network, self.most);
            if let Some(rest) = self.rest_of[part.row] {
                let rest = &mut self.count.rests[rest];
                let holds = |period: &Period| period.start <= date && date < period.end();
                if !rest.covered.iter().any(holds) {
                    rest.tally.add(&part, network, self.most);
                }
            }
            for &union in &self.unions_of[part.row] {
                let whole = joined.entry(union).or_default();
                for (sum, amount) in whole.amounts.iter_mut().zip(part.amounts) {
                    *sum += amount;
                }
            }
        }
        for (union, part) in joined {
            self.count.unions[union]
                .tally
                .add(&part, network, self.most);
        }
    }

    /// The count, with the fullest minute of each hour.
    fn finish(mut self) -> Count {
        let mut present = 0;
        for minute in 0..self.hours.minutes() {
            present += self.presence[minute];
            let number = self.hours.hour_of_minute(minute);
            let cell = self.hour_key(number);
            if let Some(Target::Row(row)) = self.known.get(&(T::Traffic, cell)) {
                let tally = &mut self.count.tallies[*row];
                tally.peak = tally.peak.max(present.unsigned_abs());
            }
        }
        self.count
    }

    fn is_pageview(&self, request: &Logged) -> bool {
        is_pageview(self.reduced, request)
    }

    fn named(&mut self, names: &[&str]) -> Key {
        let texts = &mut self.reduced.texts;
        key(names.iter().map(|name| texts.number(name)))
    }

    fn page(&self, request: &Logged) -> u32 {
        self.reduced.requests[request.request as usize].page
    }

    fn hour(&mut self, time: i64) -> Key {
        self.hour_key(self.hours.number(Timestamp(time)))
    }

    fn hour_key(&mut self, number: usize) -> Key {
        let hour = self.hours.hour(number);
        let text = format!("{:02}", hour.hour);
        if self.hours.length() == PeriodLength::Day {
            self.named(&[&text])
        } else {
            self.named(&[&hour.weekday().to_string(), &text])
        }
    }

    fn status(&mut self, status: u16) -> u32 {
        if status == 0 {
            self.reduced.texts.number("(invalid)")
        } else {
            self.reduced.texts.number(&status.to_string())
        }
    }

    fn campaign(&self, landing: &Logged) -> Option<Key> {
        self.reduced.requests[landing.request as usize].campaign
    }

    fn referrer(&mut self, landing: &Logged) -> Key {
        let (source, channel) = origin(self.reduced, landing);
        let (source, channel) = (source.to_owned(), channel);
        self.named(&[channel, &source])
    }

    fn region(&mut self, request: &Logged) -> Key {
        let region = self.reduced.clients[request.client as usize].region;
        let name = region.region();
        let country = region.country().unwrap_or("(unknown)");
        self.named(&[country, name.as_deref().unwrap_or("(unknown)")])
    }

    fn bin(&mut self, value: u64, bins: &[(u64, [&str; 2])]) -> Key {
        let bin = bins.iter().rfind(|(least, _)| *least <= value);
        self.named(&bin.map_or(["", ""], |(_, names)| *names))
    }
}

/// Least value, and the two columns that name the bin.
const DURATIONS: [(u64, [&str; 2]); 7] = [
    (0, ["0", "10"]),
    (10, ["10", "30"]),
    (30, ["30", "60"]),
    (60, ["60", "180"]),
    (180, ["180", "600"]),
    (600, ["600", "1800"]),
    (1800, ["1800", ""]),
];
const DEPTHS: [(u64, [&str; 2]); 7] = [
    (1, ["1", "1"]),
    (2, ["2", "2"]),
    (3, ["3", "3"]),
    (4, ["4", "5"]),
    (6, ["6", "10"]),
    (11, ["11", "20"]),
    (21, ["21", ""]),
];

fn key(parts: impl IntoIterator<Item = u32>) -> Key {
    let mut key = [NONE; 3];
    for (own, part) in key.iter_mut().zip(parts) {
        *own = part;
    }
    key
}

fn seconds(earlier: i64, later: i64) -> u64 {
    u64::try_from((later - earlier) / Timestamp::MICROSECONDS).unwrap_or(0)
}

/// The columns with some cells left empty, and by row number those that it belongs to.
fn unions(tables: &[Rows]) -> (Vec<Union>, Vec<Vec<usize>>) {
    let mut unions = Vec::new();
    let mut unions_of: Vec<Vec<usize>> = Vec::new();
    for (place, table) in tables.iter().enumerate() {
        let first = unions_of.len();
        unions_of.resize(first + table.rows.len(), Vec::new());
        for (position, measure) in table.table.measures().iter().enumerate() {
            let is_judged = measure.is_volume() || table.table.other_family(*measure).is_some();
            let empty = |(_, row): &(usize, &Row)| row.measures[position].is_none();
            let rows: Vec<usize> = table
                .rows
                .iter()
                .enumerate()
                .filter(empty)
                .map(|(row, _)| first + row)
                .collect();
            if is_judged && !rows.is_empty() && rows.len() < table.rows.len() {
                rows.iter()
                    .for_each(|row| unions_of[*row].push(unions.len()));
                unions.push(Union {
                    table: place,
                    measure: position,
                    rows,
                    tally: Tally::default(),
                });
            }
        }
    }
    (unions, unions_of)
}
