//! The days seen by a gate, with their keys, and which of them may be let in.

use std::collections::BTreeMap;

use super::{gate::GateSettings, intake::PeriodIntake, pseudonym::Pseudonyms};
use crate::time::{Calendar, Day, Period, Timestamp};

/// Which periods may be let in: what the wall clock and the ledger say, read before the run.
#[derive(Debug)]
pub struct Admission {
    /// How far they must have come.
    pub due: Due,
    /// The periods of the ledger, with the key of their lines' digest.
    pub released: BTreeMap<Period, u64>,
}

/// How far a period must have come to be let in.
#[derive(Clone, Copy, Debug)]
pub enum Due {
    /// It is over by the wall clock, less the grace time after a period's end.
    OverBy(Timestamp),
    /// It has begun by the wall clock, or a little more for servers whose clocks are ahead.
    BegunBy(Timestamp),
    /// Any period is let in.
    Any,
}

/// The days seen, with their keys and the intake of their period.
#[derive(Default)]
pub(super) struct Days {
    pub(super) slots: Vec<DaySlot>,
    by_start: BTreeMap<Timestamp, usize>,
    latest: usize,
    pub(super) intakes: Vec<(Period, PeriodIntake)>,
}

/// Whether lines of a day may be let in.
#[derive(Clone, Copy)]
pub(super) enum Standing {
    New,
    Open,
    Released,
}

pub(super) struct DaySlot {
    day: Day,
    pub(super) number: u32,
    pub(super) standing: Standing,
    pub(super) excluded: bool,
    pub(super) intake: usize,
    /// None where no visitors are told apart.
    pub(super) visitors: Option<Pseudonyms>,
    pub(super) networks: Pseudonyms,
    pub(super) units: Option<Pseudonyms>,
}

impl Days {
    /// The position of the day of an instant; neighbouring lines are nearly always of the same day.
    pub(super) fn of(&mut self, time: Timestamp, settings: &GateSettings<'_>) -> usize {
        let is_latest = self
            .slots
            .get(self.latest)
            .is_some_and(|slot| slot.day.contains(time));
        if !is_latest {
            self.latest = self.find_or_add(time, settings);
        }
        self.latest
    }

    pub(super) fn intake_of(&mut self, day: usize) -> &mut PeriodIntake {
        &mut self.intakes[self.slots[day].intake].1
    }

    fn find_or_add(&mut self, time: Timestamp, settings: &GateSettings<'_>) -> usize {
        let before = self.by_start.range(..=time).next_back();
        if let Some((_, &position)) =
            before.filter(|&(_, &position)| self.slots[position].day.contains(time))
        {
            return position;
        }
        let day = settings.calendar.day(time);
        let period = settings.calendar.period(day.date);
        let position = self.slots.len();
        let intake = self.intake(period, settings);
        let mut excluded = settings.policy.filters.excludes_date(day.date);
        if !excluded && settings.keys.is_shredded(period) {
            self.intakes[intake].1.lines.refuse();
            excluded = true;
        }
        let tells_visitors = settings.policy.senders.are_visitors();
        let slot = DaySlot {
            day,
            number: u32::try_from(position).expect("fewer days than 2^32"),
            standing: settings.admission.standing(period, settings.calendar),
            excluded,
            intake,
            visitors: tells_visitors.then(|| settings.keys.visitors(day.date)),
            networks: settings.keys.networks(period),
            units: settings.keys.units(day.date),
        };
        self.slots.push(slot);
        self.by_start.insert(day.start, position);
        position
    }

    fn intake(&mut self, period: Period, settings: &GateSettings<'_>) -> usize {
        let found = self.intakes.iter().position(|(known, _)| *known == period);
        found.unwrap_or_else(|| {
            let released = settings.admission.released.get(&period).copied();
            let key = released.unwrap_or_else(|| settings.keys.line_digest_key(period));
            let start = settings.calendar.midnight(period.start);
            self.intakes.push((period, PeriodIntake::new(start, key)));
            self.intakes.len() - 1
        })
    }
}

impl Admission {
    fn standing(&self, period: Period, calendar: &Calendar) -> Standing {
        if self.released.contains_key(&period) {
            Standing::Released
        } else if self.due.includes(period, calendar) {
            Standing::New
        } else {
            Standing::Open
        }
    }
}

impl Due {
    fn includes(self, period: Period, calendar: &Calendar) -> bool {
        match self {
            Self::OverBy(time) => calendar.midnight(period.end()) <= time,
            Self::BegunBy(time) => calendar.midnight(period.start) <= time,
            Self::Any => true,
        }
    }
}
