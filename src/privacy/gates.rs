//! A gate for each site, and the way of a record to the one it belongs to.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use super::{
    batch::{Batch, emptied},
    gate::{Gate, GateSettings, Logged},
    intake::{Collected, Intake},
    neighbours::share_coverage,
    policy::Policy,
    repetition::Repetitions,
    sites::Sites,
};
use crate::{
    record::Record,
    stats::{Account, Accounts},
};

/// What a run fixes before the first line, shared by its workers.
#[derive(Clone, Copy)]
pub struct GatesSettings<'r> {
    /// How the log is divided.
    pub sites: &'r Sites,
    /// The gate of each site, in the order of sites.
    pub gates: &'r [GateSettings<'r>],
}

/// The gates of all sites, one set per worker.
///
/// Each has keys, days, dictionaries and digests of its own, so that nothing that is known of one site
/// depends on the lines of another.
pub struct Gates<'r> {
    sites: &'r Sites,
    gates: Vec<Gate<'r>>,
    /// The host that the name of the current source tells; empty if it tells none.
    host: Vec<u8>,
    /// Room for lines with that host before them.
    lines: Vec<u8>,
    /// Room for the records of a batch with their lines.
    logged: Vec<Logged<'static>>,
}

/// What a run let through.
pub struct CollectedSites {
    /// By site, in the order of sites.
    pub sites: Vec<Collected>,
    /// Lines that were let through more than once.
    pub repetitions: Repetitions,
}

/// Traces of a site's chunks are numbered from its number times this on: a source's lines are compared
/// site by site, however they alternate in it and wherever it was cut into chunks.
const MOST_CHUNKS: u64 = 1 << 48;

impl<'r> Gates<'r> {
    /// Gates that have let nothing through yet.
    #[must_use]
    pub fn new(settings: GatesSettings<'r>) -> Self {
        Self {
            sites: settings.sites,
            gates: settings.gates.iter().copied().map(Gate::new).collect(),
            host: Vec::new(),
            lines: Vec::new(),
            logged: Vec::new(),
        }
    }

    /// Begins a chunk, by its place among the chunks of its source, whose name tells the host of lines
    /// that do not (empty if it does not either).
    pub fn begin(&mut self, source: usize, sequence: u64, host: &[u8]) {
        for (site, gate) in (0..).zip(&mut self.gates) {
            gate.begin(source, site * MOST_CHUNKS + sequence);
        }
        self.host.clear();
        self.host.extend_from_slice(host);
    }

    /// Takes a few records of the source with the given number, and enters their lines into the account
    /// that each is in. A request to a host that is no site is excluded.
    pub fn admit(&mut self, batch: &Batch<'_>, source: u32, accounts: &mut Accounts) {
        let logged = batch.logged(mem::take(&mut self.logged));
        if self.host.is_empty() {
            self.lead(&logged, source, accounts);
        } else {
            self.lead_telling_host(&logged, source, accounts);
        }
        self.logged = emptied(logged);
    }

    /// The same with the records as if the source's host were logged, unless they have one.
    fn lead_telling_host(&mut self, logged: &[Logged<'_>], source: u32, accounts: &mut Accounts) {
        let (host, mut lines) = (mem::take(&mut self.host), mem::take(&mut self.lines));
        lines.clear();
        for Logged { line, .. } in logged {
            lines.extend_from_slice(&host);
            lines.push(b' ');
            lines.extend_from_slice(line);
        }
        let records = logged.iter().map(|logged| Record {
            host: &host,
            ..*logged.record
        });
        let records: Vec<Record<'_>> = records.collect();
        let told = tell_host(logged, &records, &lines);
        self.lead(&told, source, accounts);
        (self.host, self.lines) = (host, lines);
    }

    fn lead(&mut self, logged: &[Logged<'_>], source: u32, accounts: &mut Accounts) {
        if let [gate] = &mut self.gates[..]
            && self.sites.names().is_empty()
        {
            gate.admit(logged, source, accounts);
            return;
        }
        let mut led: BTreeMap<usize, Vec<Logged<'_>>> = BTreeMap::new();
        for logged in logged {
            match self.sites.number(logged.record.host) {
                Some(site) => led.entry(site).or_default().push(*logged),
                None => accounts.enter(self.account_of_stranger(logged.record)),
            }
        }
        for (site, logged) in led {
            self.gates[site].admit(&logged, source, accounts);
        }
    }

    /// The account of a request to a host that is no site.
    fn account_of_stranger(&self, record: &Record<'_>) -> Account {
        if self.gates.iter().any(|gate| gate.is_opted_out(record)) {
            Account::OptedOut
        } else {
            Account::Excluded
        }
    }

    /// How many different reduced strings they hold.
    #[must_use]
    pub fn strings(&self) -> usize {
        self.gates.iter().map(Gate::strings).sum()
    }

    /// About how many bytes of memory they take.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.gates.iter().map(Gate::memory).sum()
    }

    /// Everything let through, by site.
    #[must_use]
    pub fn finish(self) -> Vec<Intake> {
        self.gates.into_iter().map(Gate::finish).collect()
    }
}

/// The records, each replaced by the one beside it, which tells a host, unless it has one of its own. Its line then
/// has the host before it, so that the same line of two hosts is two lines.
fn tell_host<'l>(
    logged: &[Logged<'l>],
    records: &'l [Record<'l>],
    mut lines: &'l [u8],
) -> Vec<Logged<'l>> {
    let tell = |(logged, record): (&Logged<'l>, &'l Record<'l>)| {
        let (line, rest) = lines.split_at(record.host.len() + 1 + logged.line.len());
        lines = rest;
        if logged.record.host.is_empty() {
            Logged { record, line }
        } else {
            *logged
        }
    };
    logged.iter().zip(records).map(tell).collect()
}

impl Collected {
    /// Joins parts of what was let through of each site, where all sites were followed together: a line of
    /// any of them shows for all that none is missing around it.
    #[must_use]
    pub fn of_sites(sites: Vec<Vec<Intake>>, policy: &Policy) -> Vec<Self> {
        let sites = sites.into_iter();
        let mut sites: Vec<Self> = sites.map(|intakes| Self::join(intakes, policy)).collect();
        let together = vec![BTreeSet::from([0]); sites.len()];
        share_coverage(&mut sites, &together);
        sites
    }
}

impl CollectedSites {
    /// Joins what the workers let through. The order of workers changes no published number.
    #[must_use]
    pub fn join(workers: Vec<Vec<Intake>>, settings: GatesSettings<'_>) -> Self {
        let mut by_site: Vec<Vec<Intake>> = Vec::new();
        by_site.resize_with(settings.gates.len(), Vec::new);
        for worker in workers {
            for (site, intake) in by_site.iter_mut().zip(worker) {
                site.push(intake);
            }
        }
        let (mut traces, mut sources) = (Vec::new(), Vec::new());
        for intakes in &mut by_site {
            let of_site = intakes.iter_mut().flat_map(|it| mem::take(&mut it.traces));
            let before = traces.len();
            traces.extend(of_site);
            let of_site = traces[before..].iter().filter_map(|trace| trace.source());
            sources.push(of_site.collect::<BTreeSet<_>>());
        }
        let sites = by_site.into_iter().zip(settings.gates);
        let mut sites: Vec<Collected> = sites.map(|(intakes, gate)| join(intakes, gate)).collect();
        share_coverage(&mut sites, &sources);
        Self {
            sites,
            repetitions: Repetitions::find(traces),
        }
    }
}

fn join(intakes: Vec<Intake>, gate: &GateSettings<'_>) -> Collected {
    Collected::join(intakes, gate.policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        privacy::{Admission, Due, Keys, Policy},
        record::{Escape, Request, Text},
        time::{Calendar, PeriodLength, TimeZone, Timestamp},
    };

    const HOSTS: [&str; 2] = ["a.example", "b.example"];

    /// A request to the sites in turn.
    fn record(number: usize) -> Record<'static> {
        let text = |raw| Text {
            raw,
            escape: Escape::Backslash,
        };
        Record {
            client: b"192.0.2.1",
            time: Timestamp(number as i64),
            request: Request::Line(text(b"GET / HTTP/1.1")),
            status: Some(200),
            bytes: 0,
            referrer: text(b""),
            agent: text(b""),
            host: HOSTS[number % 2].as_bytes(),
            opted_out: false,
        }
    }

    /// What is repeated in sources of the same twelve lines, each read in chunks of so many, which two
    /// workers take in turn.
    fn repetitions(chunks: &[usize]) -> Repetitions {
        let gate = GateSettings {
            policy: &Policy::example(&[], &[]),
            calendar: &Calendar::new(TimeZone::UTC, PeriodLength::Day),
            admission: &Admission {
                due: Due::Any,
                released: [].into(),
            },
            keys: &Keys::new([7; 32].into()),
        };
        let settings = GatesSettings {
            sites: &Sites::by_host(&HOSTS.map(str::to_owned)).unwrap(),
            gates: &[gate, gate],
        };
        let mut workers = [Gates::new(settings), Gates::new(settings)];
        let lines: Vec<String> = (0..12).map(|number| format!("line {number}")).collect();
        let records: Vec<_> = (0..12).map(record).collect();
        let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        for (source, &chunk) in (0..).zip(chunks) {
            let chunks = records.chunks(chunk).zip(lines.chunks(chunk));
            for (sequence, (records, lines)) in chunks.enumerate() {
                let batch = Batch {
                    records: records.to_vec(),
                    lines: lines.to_vec(),
                };
                let worker = &mut workers[sequence % 2];
                worker.begin(source as usize, sequence as u64, b"");
                worker.admit(&batch, source, &mut Accounts::default());
            }
        }
        let intakes = workers.into_iter().map(Gates::finish).collect();
        CollectedSites::join(intakes, settings).repetitions
    }

    #[test]
    fn copies_of_a_log_of_several_sites_are_found_however_they_are_cut_into_chunks() {
        assert_eq!(repetitions(&[12, 3, 5]).copies, [vec![0, 1, 2]]);
    }
}
