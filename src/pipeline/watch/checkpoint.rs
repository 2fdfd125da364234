//! What is kept of open periods until they are released: in memory, or sealed on disk together with how far
//! the sources are read, so that a process that is killed goes on as if it had not been.
//!
//! A checkpoint adds what came since the last one to the files of its periods, and is made when the index
//! that counts those bytes in is replaced. Each period's part is sealed under the key of the period's first
//! day, the index under that of the day on which it is written, which is never given up before the next.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use super::{disk::Disk, followed::Gap, stream::StoredStream};
use crate::{
    error::{Error, Result},
    privacy::{Intake, KeyChain, Keys, Nonce, Policy, Segment},
    time::{Date, Period, PeriodLength},
};

/// All open periods.
pub(super) struct Checkpoint {
    disk: Option<Disk>,
    length: PeriodLength,
    /// The settings under which it is made.
    settings: String,
    fingerprint_key: [u8; 32],
    periods: BTreeMap<Period, Open>,
    closed: Option<Date>,
    /// Whether anything has changed since the last checkpoint.
    unsaved: bool,
}

/// What is kept of a period.
#[derive(Clone, Default)]
struct Open {
    hits: u64,
    bytes: u64,
    /// Lines of it were lost.
    partial: bool,
    /// The parts themselves, where they are in memory only.
    parts: Vec<Vec<u8>>,
}

/// What is needed to go on.
#[derive(Default)]
pub(super) struct Resumed {
    pub(super) streams: Vec<StoredStream>,
    /// The first day that is not closed.
    pub(super) closed: Option<Date>,
}

/// The parts of a period in one checkpoint, each with the number of its site.
type Parts<S> = Vec<(u32, S)>;

#[derive(Serialize, Deserialize)]
struct Index {
    settings: String,
    /// Keys the fingerprints in marks.
    fingerprint_key: [u8; 32],
    /// First day, bytes, hits, and whether lines were lost.
    periods: Vec<(String, u64, u64, bool)>,
    closed: Option<String>,
    streams: Vec<StoredStream>,
}

/// What the index begins with: what it is, its version, and the day under whose key the rest is sealed.
const MAGIC: &[u8; 8] = b"hushlog\0";
const VERSION: u8 = 1;
const HEADER: usize = MAGIC.len() + 1 + DATE;
const DATE: usize = 10;

impl Checkpoint {
    /// Nothing open, kept in memory.
    pub(super) const fn in_memory(length: PeriodLength, fingerprint_key: [u8; 32]) -> Self {
        Self {
            disk: None,
            length,
            settings: String::new(),
            fingerprint_key,
            periods: BTreeMap::new(),
            closed: None,
            unsaved: false,
        }
    }

    /// What the folder has of open periods, and what else is needed to go on. The key of fingerprints is
    /// for a folder that has none yet.
    ///
    /// # Errors
    ///
    /// [`Error::Ledger`] if it is of another version, made under other settings, or cannot be opened with
    /// the keys; [`Error::Read`] and [`Error::Write`] if the folder cannot be used.
    pub(super) fn open(
        folder: &Path,
        length: PeriodLength,
        settings: String,
        chain: &KeyChain,
        fingerprint_key: [u8; 32],
    ) -> Result<(Self, Resumed)> {
        let disk = Disk::open(folder)?;
        let mut checkpoint = Self {
            settings,
            ..Self::in_memory(length, fingerprint_key)
        };
        let mut resumed = Resumed::default();
        if let Some(bytes) = disk.read_index()? {
            let problem = |message: String| Error::Ledger {
                path: disk.index(),
                message,
            };
            let index = unsealed(&bytes, chain).map_err(problem)?;
            resumed = checkpoint.resume(index).map_err(problem)?;
        }
        checkpoint.disk = Some(disk);
        checkpoint.clear()?;
        Ok((checkpoint, resumed))
    }

    fn resume(&mut self, index: Index) -> std::result::Result<Resumed, String> {
        if index.settings != self.settings {
            return Err(
                "the open period was begun under other settings; go on with those until it is \
                 released, or delete this folder, and with it what is open"
                    .to_owned(),
            );
        }
        for (start, bytes, hits, partial) in index.periods {
            let start = start.parse().map_err(|_| DAMAGED)?;
            let length = self.length;
            let open = Open {
                hits,
                bytes,
                partial,
                parts: Vec::new(),
            };
            self.periods.insert(Period { start, length }, open);
        }
        self.closed = index.closed.and_then(|date| date.parse().ok());
        self.fingerprint_key = index.fingerprint_key;
        Ok(Resumed {
            streams: index.streams,
            closed: self.closed,
        })
    }

    /// The key of the fingerprints in marks.
    pub(super) const fn fingerprint_key(&self) -> [u8; 32] {
        self.fingerprint_key
    }

    /// The open periods, earliest first.
    pub(super) fn periods(&self) -> impl Iterator<Item = Period> {
        self.periods.keys().copied()
    }

    /// Hits of all open periods.
    pub(super) fn hits(&self) -> u64 {
        self.periods.values().map(|open| open.hits).sum()
    }

    /// About how much memory the release of a period takes.
    pub(super) fn memory(&self, period: Period) -> u64 {
        let hit = size_of::<crate::privacy::Hit>() as u64;
        let open = self.periods.get(&period);
        open.map_or(0, |open| open.hits * 2 * hit + 2 * open.bytes)
    }

    /// How much memory is taken now.
    pub(super) fn memory_taken(&self) -> u64 {
        let parts = self.periods.values().flat_map(|open| &open.parts);
        parts.map(|part| part.len() as u64).sum()
    }

    /// Whether something has changed that no checkpoint has.
    pub(super) const fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    /// Whether lines of a period were lost.
    pub(super) fn is_partial(&self, period: Period) -> bool {
        self.periods.get(&period).is_some_and(|open| open.partial)
    }

    /// Notes that lines of a period were lost.
    pub(super) fn mark_partial(&mut self, period: Period) {
        self.periods.entry(period).or_default().partial = true;
        self.unsaved = true;
    }

    /// Notes which periods may lack lines: that of the moment, that of the moment before, if it is open, and
    /// all that are open where nothing is known of the lines.
    pub(super) fn mark_gap(&mut self, gap: Gap, now: Period, before: Period) {
        for (period, open) in &mut self.periods {
            open.partial |= matches!(gap, Gap::File) || *period == before;
        }
        self.mark_partial(now);
    }

    /// Notes that what came is lost, by site.
    pub(super) fn leave_out(&mut self, intakes: Vec<Intake>) {
        for (period, _) in intakes.into_iter().flat_map(Intake::segments) {
            self.mark_partial(period);
        }
    }

    /// Adds what came, by site. It is not kept on disk before [`commit`](Self::commit).
    pub(super) fn add(
        &mut self,
        intakes: Vec<Intake>,
        chain: &KeyChain,
        nonce: impl Fn() -> Result<Nonce>,
    ) -> Result<()> {
        let mut periods = BTreeMap::<Period, Parts<Segment>>::new();
        for (site, intake) in (0..).zip(intakes) {
            for (period, segment) in intake.segments() {
                periods.entry(period).or_default().push((site, segment));
            }
        }
        for (period, parts) in periods {
            let open = self.periods.entry(period).or_default();
            let hits = parts.iter().map(|(_, segment)| segment.hits() as u64);
            open.hits += hits.sum::<u64>();
            let bytes = encoded(&parts);
            let Some(disk) = &self.disk else {
                open.parts.push(bytes);
                continue;
            };
            let seal = chain
                .seal(period.start)
                .ok_or_else(|| Error::Setting(format!("there is no key of {period} any more")))?;
            let sealed = seal.close(&nonce()?, &place(period, open.bytes), &bytes);
            let mut frame = (sealed.len() as u64).to_le_bytes().to_vec();
            frame.extend_from_slice(&sealed);
            disk.append(period, open.bytes, &frame)?;
            open.bytes += frame.len() as u64;
        }
        Ok(())
    }

    /// Makes the checkpoint: all that was added is kept from now on, and nothing of periods that were
    /// removed. `day` is today.
    pub(super) fn commit(
        &mut self,
        streams: Vec<StoredStream>,
        chain: &KeyChain,
        day: Date,
        nonce: &Nonce,
    ) -> Result<()> {
        let Some(disk) = &self.disk else {
            return Ok(());
        };
        let day = day.max(chain.first_day());
        let periods = self.periods.iter();
        let index = Index {
            settings: self.settings.clone(),
            fingerprint_key: self.fingerprint_key,
            periods: periods
                .map(|(period, it)| (period.to_string(), it.bytes, it.hits, it.partial))
                .collect(),
            closed: self.closed.map(|day| day.to_string()),
            streams,
        };
        let mut file = [&MAGIC[..], &[VERSION], day.to_string().as_bytes()].concat();
        let seal = chain
            .seal(day)
            .ok_or_else(|| Error::Setting(format!("there is no key of {day}")))?;
        let sealed = seal.close(nonce, &file, &encoded(&index));
        file.extend_from_slice(&sealed);
        disk.write_index(&file)?;
        self.unsaved = false;
        Ok(())
    }

    /// All that is kept of a period, by site.
    pub(super) fn load(
        &self,
        period: Period,
        policy: &Policy,
        keys: &[Keys],
        chain: &KeyChain,
    ) -> Result<Vec<Vec<Intake>>> {
        let mut sites: Vec<Vec<Intake>> = Vec::new();
        sites.resize_with(keys.len(), Vec::new);
        for bytes in self.parts(period, chain)? {
            let parts: Parts<Segment> =
                postcard::from_bytes(&bytes).map_err(|_| damaged(period))?;
            for (site, segment) in parts {
                let site = site as usize;
                let keys = keys.get(site).ok_or_else(|| damaged(period))?;
                let intake = segment.restored(period, policy, keys);
                sites[site].push(intake.ok_or_else(|| damaged(period))?);
            }
        }
        Ok(sites)
    }

    fn parts(&self, period: Period, chain: &KeyChain) -> Result<Vec<Vec<u8>>> {
        let Some(open) = self.periods.get(&period) else {
            return Ok(Vec::new());
        };
        let Some(disk) = &self.disk else {
            return Ok(open.parts.clone());
        };
        if open.bytes == 0 {
            return Ok(Vec::new());
        }
        let file = disk.read(period, open.bytes)?;
        let seal = chain.seal(period.start).ok_or_else(|| damaged(period))?;
        let (mut rest, mut parts) = (&file[..], Vec::new());
        while let Some((length, after)) = rest.split_first_chunk::<8>() {
            let offset = (file.len() - rest.len()) as u64;
            let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
            let (sealed, after) = after
                .split_at_checked(length)
                .ok_or_else(|| damaged(period))?;
            let part = seal.open(&place(period, offset), sealed);
            parts.push(part.ok_or_else(|| damaged(period))?.to_vec());
            rest = after;
        }
        Ok(parts)
    }

    /// Forgets a period, and that any before its end are still to come.
    pub(super) fn close(&mut self, period: Period) {
        self.periods.remove(&period);
        self.closed = self.closed.max(Some(period.end()));
    }

    /// Removes the files of periods that are no longer open.
    pub(super) fn clear(&self) -> Result<()> {
        self.disk.as_ref().map_or(Ok(()), |disk| {
            disk.retain(|name| self.periods.keys().any(|it| it.to_string() == name))
        })
    }
}

const DAMAGED: &str = "it is damaged";

/// The index of a file.
fn unsealed(file: &[u8], chain: &KeyChain) -> std::result::Result<Index, String> {
    let Some((header, sealed)) = file.split_at_checked(HEADER) else {
        return Err(DAMAGED.to_owned());
    };
    let rest = header.strip_prefix(MAGIC).ok_or(DAMAGED)?;
    if rest[0] != VERSION {
        return Err(format!(
            "this is a checkpoint of version {}, and this program reads version {VERSION} only; go on with \
             the program that made it until the open period is released, or delete this folder, and with \
             it what is open",
            rest[0]
        ));
    }
    let day = std::str::from_utf8(&rest[1..]).map_err(|_| DAMAGED)?;
    let day: Date = day.parse().map_err(|_| DAMAGED)?;
    let bytes = chain.seal(day).and_then(|seal| seal.open(header, sealed));
    let bytes = bytes.ok_or(
        "it cannot be opened with this key file: it is damaged, the key file is another one, or was \
         advanced; without the right one what is open is lost, and this folder may be deleted",
    )?;
    postcard::from_bytes(&bytes).map_err(|_| DAMAGED.to_owned())
}

fn encoded(value: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).expect("numbers, strings and lists of known length serialise")
}

/// What ties a part to its place.
fn place(period: Period, offset: u64) -> Vec<u8> {
    format!("{period} {offset}").into_bytes()
}

fn damaged(period: Period) -> Error {
    Error::Setting(format!("what is kept of {period} is damaged"))
}
