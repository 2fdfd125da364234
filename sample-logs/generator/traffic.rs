//! Runs the days of the invented site second by second.

use std::io::{self, Write};

use jiff::{ToSpan, civil::Date};

use super::{
    line::Log,
    machines::{self, Machines, SCRAPED, Scan},
    random::Random,
    schedule::Schedule,
    visit::{Audience, Visit},
};

const DAY: u32 = 86_400;

/// Visits by hour (UTC), as parts of the day's.
const HOURS: [u32; 24] = [
    22, 17, 14, 12, 12, 15, 22, 33, 46, 55, 60, 62, 60, 61, 62, 60, 58, 57, 58, 60, 58, 50, 40, 30,
];

/// Visits by weekday from Monday on, in a hundred of an average day.
const WEEKDAYS: [u32; 7] = [105, 106, 104, 102, 98, 90, 95];

/// When the scraper begins: at 02:10.
const SCRAPER_BEGINS: u32 = 7_800;

/// Sites smaller than this have no shop window.
const DISPLAY_FROM: u32 = 2_000;

/// What is to be written.
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) visits_per_day: u32,
    pub(crate) days: u32,
    pub(crate) start: Date,
}

#[derive(Clone, Copy)]
enum Event {
    View(u32),
    Rest(u32),
    Probe(Scan),
    Scrape(u32),
    Report,
}

/// The site's traffic, on its way into a log.
pub(crate) struct Traffic<W> {
    plan: Plan,
    log: Log<W>,
    random: Random,
    audience: Audience,
    machines: Machines,
    schedule: Schedule<Event>,
    /// Visits under way, and the places of those that are over.
    visits: Vec<Visit>,
    vacant: Vec<u32>,
    visits_so_far: u64,
}

impl<W: Write> Traffic<W> {
    pub(crate) fn new(plan: Plan, log: Log<W>) -> Self {
        let mut schedule = Schedule::new();
        if plan.visits_per_day >= DISPLAY_FROM {
            schedule.after(7, Event::Report);
        }
        Self {
            log,
            random: Random::stream(plan.seed, 0),
            audience: Audience::new(plan.seed, plan.visits_per_day),
            machines: Machines::new(plan.seed, plan.visits_per_day),
            schedule,
            visits: Vec::new(),
            vacant: Vec::new(),
            visits_so_far: 0,
            plan,
        }
    }

    /// Writes all days, or until the log has its lines.
    pub(crate) fn write(mut self) -> io::Result<()> {
        let mut date = self.plan.start;
        for _ in 0..self.plan.days {
            if self.log.is_full() {
                break;
            }
            self.write_day(date)?;
            date = date.saturating_add(1.day());
        }
        self.log.flush()
    }

    fn write_day(&mut self, date: Date) -> io::Result<()> {
        self.log.set_date(date);
        let weekday = WEEKDAYS[date.weekday().to_monday_zero_offset() as usize];
        let visits = f64::from(self.plan.visits_per_day) * f64::from(weekday) / 100.0;
        for second in 0..DAY {
            if self.log.is_full() {
                break;
            }
            self.log.set_second(second);
            self.begin_visits(visits * share_of_day(second));
            self.begin_machines(second)?;
            while let Some(event) = self.schedule.take() {
                self.happen(event)?;
            }
            self.schedule.advance();
        }
        Ok(())
    }

    fn begin_visits(&mut self, expected: f64) {
        for _ in 0..self.random.count(expected) {
            let visit = self.audience.visit(self.visits_so_far);
            self.visits_so_far += 1;
            let place = self.vacant.pop().unwrap_or(self.visits.len() as u32);
            if place as usize == self.visits.len() {
                self.visits.push(visit);
            } else {
                self.visits[place as usize] = visit;
            }
            self.schedule.after(0, Event::View(place));
        }
    }

    fn begin_machines(&mut self, second: u32) -> io::Result<()> {
        let visits = f64::from(self.plan.visits_per_day);
        for _ in 0..self
            .random
            .count(self.machines.robots_a_day() / f64::from(DAY))
        {
            self.machines
                .crawl(&self.audience.catalogue, &mut self.log)?;
        }
        for _ in 0..self.random.count((6.0 + visits / 1500.0) / f64::from(DAY)) {
            self.schedule.after(0, Event::Probe(self.machines.scan()));
        }
        for _ in 0..self.random.count((5.0 + visits / 400.0) / f64::from(DAY)) {
            self.machines.stray(&mut self.log)?;
        }
        if second == SCRAPER_BEGINS {
            self.schedule.after(0, Event::Scrape(0));
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) -> io::Result<()> {
        let site = &self.audience.catalogue;
        match event {
            Event::View(place) => {
                self.visits[place as usize].view(site, &mut self.log)?;
                self.schedule
                    .after(self.random.between(1, 2), Event::Rest(place));
            }
            Event::Rest(place) => self.end_view(place)?,
            Event::Probe(scan) => {
                if let Some(rest) = scan.probe(&mut self.log)? {
                    self.schedule
                        .after(self.random.below(3), Event::Probe(rest));
                }
            }
            Event::Scrape(step) => {
                machines::scrape(step, site, &mut self.log)?;
                if step + 1 < SCRAPED {
                    self.schedule
                        .after(self.random.between(4, 8), Event::Scrape(step + 1));
                }
            }
            Event::Report => {
                machines::report(&mut self.log)?;
                self.schedule.after(40, Event::Report);
            }
        }
        Ok(())
    }

    /// The page is complete: the visit goes on later, or is over.
    fn end_view(&mut self, place: u32) -> io::Result<()> {
        let visit = &mut self.visits[place as usize];
        visit.fetch_rest(&self.audience.catalogue, &mut self.log)?;
        if visit.is_over() {
            self.vacant.push(place);
        } else {
            let seconds = visit.go_on(&self.audience.catalogue);
            self.schedule.after(seconds, Event::View(place));
        }
        Ok(())
    }
}

/// How much of a day's visits begin in this second, between the hours' values in a straight line.
fn share_of_day(second: u32) -> f64 {
    let (hour, within) = ((second / 3600) as usize, second % 3600);
    let weight = HOURS[hour] * (3600 - within) + HOURS[(hour + 1) % 24] * within;
    f64::from(weight) / 3600.0 / (f64::from(HOURS.iter().sum::<u32>()) * 3600.0)
}
