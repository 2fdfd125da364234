//! A gate for each site, and the way of a record to the one it belongs to.

use std::{collections::BTreeSet, mem};

use super::{
    gate::{Gate, GateSettings},
    intake::{Collected, Intake},
    neighbours::share_coverage,
    repetition::Repetitions,
    sites::Sites,
};
use crate::{record::Record, stats::Account};

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
    /// Room for a line with that host before it.
    line: Vec<u8>,
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
const MOST_CHUNKS: u64 = 1 << 40;

impl<'r> Gates<'r> {
    /// Gates that have let nothing through yet.
    #[must_use]
    pub fn new(settings: GatesSettings<'r>) -> Self {
        Self {
            sites: settings.sites,
            gates: settings.gates.iter().copied().map(Gate::new).collect(),
            host: Vec::new(),
            line: Vec::new(),
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

    /// Takes one record, parsed from `line` of the source with the given number, and tells which
    /// account the line is in. A request to a host that is no site is excluded.
    pub fn admit(&mut self, record: &Record<'_>, line: &[u8], source: u32) -> Account {
        if !record.host.is_empty() || self.host.is_empty() {
            return self.lead(record, line, source);
        }
        // As if the host were logged, so that the same line of two hosts is two lines.
        let mut told = mem::take(&mut self.line);
        told.clear();
        told.extend_from_slice(&self.host);
        told.push(b' ');
        told.extend_from_slice(line);
        let host = &told[..self.host.len()];
        let account = self.lead(&Record { host, ..*record }, &told, source);
        self.line = told;
        account
    }

    fn lead(&mut self, record: &Record<'_>, line: &[u8], source: u32) -> Account {
        match self.sites.number(record.host) {
            Some(site) => self.gates[site].admit(record, line, source),
            None if record.opted_out => Account::OptedOut,
            None => Account::Excluded,
        }
    }

    /// Everything let through, by site.
    #[must_use]
    pub fn finish(self) -> Vec<Intake> {
        self.gates.into_iter().map(Gate::finish).collect()
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
    let policy = gate.policy;
    let (hosts, goals) = (policy.hosts.names(), policy.goals.names());
    Collected::join(intakes, hosts.to_vec(), goals.to_vec())
}
