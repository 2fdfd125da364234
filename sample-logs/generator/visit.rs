//! People: who comes, what they read, how long they stay, what their browsers fetch.

use std::io::{self, Write};

use super::{
    agents::browsers,
    catalogue::{CART, Catalogue, HOME, LOGIN, NEWSLETTER, PRICING, SEARCH, SHOP, THANKS},
    line::{Line, Log},
    networks::Networks,
    personal,
    random::{Random, Weighted},
    referrers::{Landing, Referrers},
};

/// Streams of random numbers that belong to a visitor, and to a visit.
const VISITOR: u64 = 0x5649_5349_544F_5200;
const VISIT: u64 = 0x5649_5349_5400_0000;

/// Visits by visitors who come again on other days, in a thousand.
const REGULARS: u32 = 300;

/// Seconds until the next page: every fifth percentile, close to a log-normal distribution.
const DWELL: [u32; 21] = [
    3, 4, 5, 7, 9, 12, 15, 18, 22, 26, 31, 37, 44, 53, 64, 79, 99, 130, 185, 330, 2600,
];

/// How many visits of a hundred have 1, 2, 3 … pageviews.
const DEPTHS: [u32; 14] = [44, 17, 11, 8, 5, 4, 3, 2, 1, 1, 1, 1, 1, 1];

/// Files of every page: path and bytes. The first ones hold the page up, the others come later.
const ASSETS: [(&str, u32); 7] = [
    ("/assets/app.4f9c.css", 38_412),
    ("/assets/app.b07e.js", 141_907),
    ("/assets/inter.woff2", 98_304),
    ("/assets/logo.svg", 4_218),
    ("/assets/menu.js", 2_102),
    ("/favicon.ico", 1_150),
    ("/assets/footer.webp", 22_750),
];
const AT_ONCE: usize = 4;

/// Everybody who may come, and what they find.
pub(crate) struct Audience {
    pub(crate) catalogue: Catalogue,
    seed: u64,
    regulars: u32,
    networks: Networks,
    browsers: Vec<(u32, &'static str)>,
    shares: Weighted,
    referrers: Referrers,
    depths: Weighted,
}

impl Audience {
    pub(crate) fn new(seed: u64, visits_per_day: u32) -> Self {
        let browsers = browsers();
        Self {
            catalogue: Catalogue::of_site(visits_per_day),
            seed,
            regulars: visits_per_day / 2 + 1,
            networks: Networks::new(),
            shares: Weighted::new(browsers.iter().map(|browser| browser.0)),
            browsers,
            referrers: Referrers::new(),
            depths: Weighted::new(DEPTHS),
        }
    }

    /// The visit of this number.
    pub(crate) fn visit(&self, number: u64) -> Visit {
        let mut random = Random::stream(self.seed ^ VISIT, number);
        let is_regular = random.per_mille(REGULARS);
        let visitor = if is_regular {
            u64::from(random.below(self.regulars))
        } else {
            number | 1 << 40
        };
        let mut visit = self.arrive(visitor, is_regular, random);
        self.land(&mut visit);
        visit
    }

    fn arrive(&self, visitor: u64, is_regular: bool, mut random: Random) -> Visit {
        let mut own = Random::stream(self.seed ^ VISITOR, visitor);
        let client = self.networks.address(&mut own, &mut random);
        Visit {
            client,
            user: if own.per_mille(3) {
                personal::account(&mut own)
            } else {
                "-"
            },
            agent: self.browsers[self.shares.draw(&mut own)].1,
            protocol: if own.per_mille(850) {
                " HTTP/2.0"
            } else {
                " HTTP/1.1"
            },
            views_left: self.depths.draw(&mut random) as u32 + 1,
            is_cold: !is_regular,
            names_pages: own.per_mille(400),
            page: HOME,
            target: String::new(),
            referrer: String::new(),
            here: String::new(),
            random,
        }
    }

    fn land(&self, visit: &mut Visit) {
        let mut query = String::new();
        let origin = self
            .referrers
            .draw(&mut visit.random, &mut visit.referrer, &mut query);
        visit.page = match origin {
            Landing::Home => HOME,
            Landing::Popular => self.catalogue.popular(&mut visit.random),
            Landing::Offer => *visit
                .random
                .pick(&[SHOP, PRICING, HOME, NEWSLETTER, PRICING + 1]),
        };
        visit.target.push_str(&self.catalogue.page(visit.page).path);
        visit.target.push_str(&query);
    }
}

/// One visit under way.
pub(crate) struct Visit {
    random: Random,
    client: String,
    user: &'static str,
    agent: &'static str,
    protocol: &'static str,
    /// Pageviews still to come.
    views_left: u32,
    /// Nothing is cached yet.
    is_cold: bool,
    /// Referrers hold the page; with others only the site.
    names_pages: bool,
    page: usize,
    /// Of the page to come.
    target: String,
    referrer: String,
    /// Address of the page just seen.
    here: String,
}

impl Visit {
    pub(crate) fn is_over(&self) -> bool {
        self.views_left == 0
    }

    /// Requests the next page and what it needs at once.
    pub(crate) fn view<W: Write>(&mut self, site: &Catalogue, log: &mut Log<W>) -> io::Result<()> {
        self.views_left -= 1;
        self.here.clear();
        self.here.push_str("https://");
        self.here.push_str(log.host());
        self.here
            .push_str(if self.names_pages { &self.target } else { "/" });
        self.submit_form(log)?;
        let (status, bytes) = self.answer(site.page(self.page).bytes);
        log.write(&self.line("GET ", &self.target, (status, bytes), &self.referrer))?;
        if status == 301 {
            log.write(&self.line("GET ", &self.target, (200, bytes), &self.referrer))?;
        }
        if self.is_cold {
            self.fetch(&ASSETS[..AT_ONCE], log)?;
        }
        Ok(())
    }

    /// Fetches what the page loads a second or two later.
    pub(crate) fn fetch_rest<W: Write>(
        &mut self,
        site: &Catalogue,
        log: &mut Log<W>,
    ) -> io::Result<()> {
        for image in 0..site.page(self.page).images {
            let path = format!("/media/{}-{image}.webp", self.page);
            let bytes = self.random.between(8_000, 160_000);
            log.write(&self.line("GET ", &path, (200, bytes), &self.here))?;
        }
        if self.is_cold {
            self.fetch(&ASSETS[AT_ONCE..], log)?;
            self.is_cold = false;
        } else if self.random.per_mille(150) {
            log.write(&self.line("GET ", ASSETS[0].0, (304, 0), &self.here))?;
        }
        Ok(())
    }

    /// Chooses the next page; gives the seconds until then.
    pub(crate) fn go_on(&mut self, site: &Catalogue) -> u32 {
        self.page = site.next(self.page, &mut self.random);
        std::mem::swap(&mut self.referrer, &mut self.here);
        self.target.clear();
        if self.random.per_mille(12) {
            personal::append_target(&mut self.random, &mut self.target);
        } else {
            self.target.push_str(&site.page(self.page).path);
            self.append_query();
        }
        self.random.quantile(&DWELL)
    }

    fn append_query(&mut self) {
        match self.page {
            SEARCH => personal::append_search(&mut self.random, &mut self.target),
            THANKS => personal::append_order(&mut self.random, &mut self.target),
            _ => {}
        }
    }

    /// Some pages are reached by sending a form.
    fn submit_form<W: Write>(&self, log: &mut Log<W>) -> io::Result<()> {
        let action = match self.page {
            CART => "/shop/cart/add",
            THANKS => "/shop/checkout",
            NEWSLETTER => "/newsletter",
            LOGIN => "/login",
            _ => return Ok(()),
        };
        log.write(&self.line("POST ", action, (303, 0), &self.referrer))
    }

    /// Status and bytes of a page.
    fn answer(&mut self, bytes: u32) -> (u16, u32) {
        match self.random.below(1000) {
            0..5 => {
                self.target.push_str(".old");
                (404, 1_245)
            }
            5..7 => (500, 612),
            7..12 => (301, 169),
            12..60 if !self.is_cold => (304, 0),
            _ => (200, bytes + self.random.below(900)),
        }
    }

    fn fetch<W: Write>(&self, assets: &[(&str, u32)], log: &mut Log<W>) -> io::Result<()> {
        for &(path, bytes) in assets {
            log.write(&self.line("GET ", path, (200, bytes), &self.here))?;
        }
        Ok(())
    }

    fn line<'a>(
        &'a self,
        method: &'a str,
        target: &'a str,
        (status, bytes): (u16, u32),
        referrer: &'a str,
    ) -> Line<'a> {
        let Self {
            client,
            user,
            agent,
            protocol,
            ..
        } = self;
        Line {
            client,
            user,
            method,
            target,
            protocol,
            status,
            bytes,
            referrer,
            agent,
        }
    }
}
