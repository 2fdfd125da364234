//! Whatever is no person: crawlers, scanners, a scraper that no list knows, broken connections.

use std::io::{self, Write};

use super::{
    agents::{DISPLAY, SCRAPER},
    catalogue::{Catalogue, HOME},
    line::{Line, Log},
    networks::address4,
    random::{Random, Weighted},
    robots::{Habit, PROBES, Robot, SCANNERS, robots},
};

/// A /9 of hosting companies, where scanners and broken connections come from.
const ANYWHERE: [u8; 4] = [45, 128, 0, 0];

/// Pages that the scraper takes a night.
pub(crate) const SCRAPED: u32 = 900;

/// A scanner's burst: who it is, and how many probes are still to come.
#[derive(Clone, Copy)]
pub(crate) struct Scan {
    seed: u64,
    left: u32,
}

/// All machines that visit the site.
pub(crate) struct Machines {
    random: Random,
    robots: Vec<Robot>,
    shares: Weighted,
    robots_a_day: f64,
}

impl Machines {
    pub(crate) fn new(seed: u64, visits_per_day: u32) -> Self {
        let robots = robots();
        let a_day = |robot: &Robot| {
            let for_visits = u64::from(robot.for_visits) * u64::from(visits_per_day) / 1000;
            robot.a_day + for_visits as u32
        };
        Self {
            random: Random::stream(seed, 0x4D41_4348),
            shares: Weighted::new(robots.iter().map(a_day)),
            robots_a_day: f64::from(robots.iter().map(a_day).sum::<u32>()),
            robots,
        }
    }

    pub(crate) fn robots_a_day(&self) -> f64 {
        self.robots_a_day
    }

    /// One request of some robot.
    pub(crate) fn crawl<W: Write>(&mut self, site: &Catalogue, log: &mut Log<W>) -> io::Result<()> {
        let random = &mut self.random;
        let robot = &self.robots[self.shares.draw(random)];
        let client = address4(robot.block.0, robot.block.1, random).to_string();
        let image;
        let (method, target, status, bytes) = match robot.habit {
            Habit::Monitor => ("HEAD ", "/", 200, 0),
            Habit::Feed if random.per_mille(800) => ("GET ", "/feed.xml", 304, 0),
            Habit::Feed => ("GET ", "/feed.xml", 200, 61_204),
            Habit::Preview if random.per_mille(400) => {
                image = format!("/media/{}-0.webp", random.below(site.len() as u32));
                ("GET ", image.as_str(), 200, 52_000)
            }
            Habit::Pages if random.per_mille(50) => ("GET ", "/robots.txt", 200, 312),
            Habit::Pages | Habit::Preview => crawled_page(site, random),
        };
        let agent = robot.agent;
        let (user, protocol, referrer) = ("-", " HTTP/1.1", "-");
        let client = &client;
        log.write(&Line {
            client,
            user,
            method,
            target,
            protocol,
            status,
            bytes,
            referrer,
            agent,
        })
    }

    /// Somebody starts to look for holes.
    pub(crate) fn scan(&mut self) -> Scan {
        Scan {
            seed: self.random.next(),
            left: self.random.between(4, 40),
        }
    }

    /// A connection that never became a request.
    pub(crate) fn stray<W: Write>(&mut self, log: &mut Log<W>) -> io::Result<()> {
        let random = &mut self.random;
        let client = address4(ANYWHERE.into(), 9, random).to_string();
        let (target, status, bytes) = match random.below(5) {
            0 => (
                "\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc\\x03\\x03",
                400,
                484,
            ),
            1 => ("OPTIONS * HTTP/1.1", 200, 0),
            _ => ("-", 408, 0),
        };
        let (user, method, protocol, referrer, agent) = ("-", "", "", "-", "-");
        let client = &client;
        log.write(&Line {
            client,
            user,
            method,
            target,
            protocol,
            status,
            bytes,
            referrer,
            agent,
        })
    }
}

impl Scan {
    /// One probe; gives the rest of the burst.
    pub(crate) fn probe<W: Write>(self, log: &mut Log<W>) -> io::Result<Option<Self>> {
        let mut own = Random::stream(self.seed, 0);
        let client = &address4(ANYWHERE.into(), 9, &mut own).to_string();
        let agent = own.pick::<&str>(&SCANNERS);
        let mut random = Random::stream(self.seed, u64::from(self.left));
        let &(method, target) = random.pick(&PROBES);
        let status = *random.pick(&[404, 404, 404, 404, 403, 400]);
        let (user, protocol, bytes, referrer) = ("-", " HTTP/1.1", 1_245, "-");
        log.write(&Line {
            client,
            user,
            method,
            target,
            protocol,
            status,
            bytes,
            referrer,
            agent,
        })?;
        let left = self.left - 1;
        Ok((left > 0).then_some(Self { left, ..self }))
    }
}

/// A request of the scraper, which behaves like no person but names itself like one.
pub(crate) fn scrape<W: Write>(step: u32, site: &Catalogue, log: &mut Log<W>) -> io::Result<()> {
    let page = site.page(step as usize % site.len());
    log.write(&Line {
        client: "95.217.14.88",
        user: "-",
        method: "GET ",
        target: &page.path,
        protocol: " HTTP/1.1",
        status: 200,
        bytes: page.bytes,
        referrer: "-",
        agent: SCRAPER,
    })
}

/// A report of the display in the shop window: many requests, no pageview.
pub(crate) fn report<W: Write>(log: &mut Log<W>) -> io::Result<()> {
    log.write(&Line {
        client: "80.108.37.20",
        user: "display",
        method: "POST ",
        target: "/api/telemetry",
        protocol: " HTTP/1.1",
        status: 204,
        bytes: 0,
        referrer: "-",
        agent: DISPLAY,
    })
}

fn crawled_page<'a>(site: &'a Catalogue, random: &mut Random) -> (&'static str, &'a str, u16, u32) {
    let page = if random.per_mille(60) {
        HOME
    } else {
        random.below(site.len() as u32) as usize
    };
    let page = site.page(page);
    let (status, bytes) = match random.below(100) {
        0..4 => (404, 1_245),
        4..6 => (301, 169),
        6..20 => (304, 0),
        _ => (200, page.bytes),
    };
    ("GET ", &page.path, status, bytes)
}
