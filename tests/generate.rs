//! Small logs that press on every rule: few networks with many visitors, ties, gaps of exactly the
//! visit timeout, visits over midnight, visitors who dominate, crawlers, and lines out of order.

use crate::reference::{AGENTS, Format, REFERRERS, Settings, days_since_epoch, log_time};

/// What a log is made from.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) settings: Settings,
    /// Year, month and day of the first day.
    pub(crate) first_day: (i64, i64, i64),
    pub(crate) days: i64,
    pub(crate) visits_per_day: u64,
    /// The visitors' networks; a few of each ten overlap.
    pub(crate) networks: u64,
    /// Adds visitors at and just over the limits of automation: about 4,600 lines.
    pub(crate) automated: bool,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 0,
            settings: Settings::default(),
            first_day: (2025, 6, 3),
            days: 2,
            visits_per_day: 150,
            networks: 30,
            automated: false,
        }
    }
}

/// The log's text; the same for the same scenario.
pub(crate) fn log(scenario: &Scenario) -> String {
    let (year, month, day) = scenario.first_day;
    let first_midnight = days_since_epoch(year, month, day) * 86_400;
    let mut log = Log {
        random: Random(scenario.seed),
        scenario,
        lines: Vec::new(),
    };
    for day in 0..scenario.days {
        let midnight = first_midnight + day * 86_400;
        for _ in 0..scenario.visits_per_day {
            log.visit(midnight);
        }
        for _ in 0..scenario.visits_per_day / 10 {
            log.crawl(midnight);
        }
        if log.random.chance(60) {
            log.heavy_visitor(midnight);
        }
    }
    if scenario.automated {
        log.limits_of_automation(first_midnight + 3600);
    }
    log.text()
}

/// Page names that no scrubbing changes, the commonest first.
const PAGES: [&str; 20] = [
    "/",
    "/about",
    "/blog/",
    "/pricing",
    "/docs/install.html",
    "/docs/usage.html",
    "/blog/first",
    "/contact",
    "/news",
    "/shop/",
    "/shop/cart",
    "/blog/second",
    "/shop/cart/done",
    "/news/spring",
    "/jobs",
    "/About",
    "/imprint",
    "/docs/faq",
    "/docs//faq",
    "/team",
];

const ASSETS: [&str; 4] = [
    "/css/site.css",
    "/img/Logo.PNG",
    "/robots.txt",
    "/js/main.js",
];

const MISSING: [&str; 6] = [
    "/missing",
    "/wp-login.php",
    "/.env",
    "/old/page",
    "/wp-login.php",
    "/phpmyadmin/",
];

const CAMPAIGNS: [&str; 7] = [
    "utm_source=newsletter&utm_medium=email&utm_campaign=may",
    "utm_source=newsletter&utm_medium=email&utm_campaign=june",
    "utm_source=Newsletter&utm_medium=email",
    "utm_source=newsletter&utm_medium=print&utm_campaign=may",
    "utm_source=partner&utm_medium=banner&utm_campaign=spring&page=4",
    "utm_source=partner",
    "ref=home&utm_source=fair&utm_medium=print",
];

const HOSTS: [&str; 5] = [
    "www.example.com",
    "shop.example.com",
    "blog.example.com",
    "old.example.com",
    "cdn.example.com",
];

/// A browser at an address, and the host that it talks to.
#[derive(Clone)]
struct Client {
    address: String,
    agent: &'static str,
    host: &'static str,
}

/// A request apart from who sent it and when.
struct Sent<'a> {
    method: &'a str,
    target: &'a str,
    status: u16,
    referrer: &'a str,
}

struct Log<'a> {
    random: Random,
    scenario: &'a Scenario,
    lines: Vec<(i64, String)>,
}

impl Log<'_> {
    /// One visitor's visit, or several with gaps around the timeout between them.
    fn visit(&mut self, midnight: i64) {
        let client = self.client();
        let mut instant = midnight + self.start();
        let referrer = self.random.skewed(REFERRERS.len() as u64) as usize;
        let mut referrer = REFERRERS[referrer].text;
        let pageviews = 1 + self.random.skewed(6) + if self.random.chance(4) { 20 } else { 0 };
        for position in 0..pageviews {
            let mut target = self.page().to_owned();
            if position == 0 && self.random.chance(25) {
                let campaign = self.random.skewed(CAMPAIGNS.len() as u64) as usize;
                target = format!("{target}?{}", CAMPAIGNS[campaign]);
            } else if self.random.chance(10) {
                target += "?id=alpha";
            }
            let status = self
                .random
                .pick(&[200, 200, 200, 200, 200, 200, 206, 304, 301, 500]);
            self.push(
                instant,
                &client,
                Sent {
                    method: "GET",
                    target: &target,
                    status,
                    referrer,
                },
            );
            self.extras(instant, &client);
            instant += self.gap();
            referrer = self.random.pick(&["-", REFERRERS[1].text]);
        }
    }

    /// Seconds after midnight: busy hours, the edges of the day, and now and then the night.
    fn start(&mut self) -> i64 {
        let below = |random: &mut Random, seconds| random.below(seconds) as i64;
        match self.random.below(20) {
            0 => 86_400 - 600 + below(&mut self.random, 600),
            1 => below(&mut self.random, 3),
            2..=4 => below(&mut self.random, 86_400),
            _ => 9 * 3600 + below(&mut self.random, 4) * 3600 + below(&mut self.random, 3600),
        }
    }

    /// Seconds to the next pageview: none at all, short, or about the timeout.
    fn gap(&mut self) -> i64 {
        let timeout = self.scenario.settings.visit_timeout;
        match self.random.below(20) {
            0 | 1 => 0,
            2 => timeout,
            3 => timeout + 1,
            4 => timeout - 1,
            5..=7 => self.random.below(1000) as i64,
            _ => self.random.skewed(120) as i64,
        }
    }

    /// What comes with a page: assets, errors, forms, redirects.
    fn extras(&mut self, instant: i64, client: &Client) {
        let missing = self.random.pick(&MISSING);
        let page = self.page();
        let asset = self.random.pick(&ASSETS);
        let choice = self.random.below(12);
        let mut send = |delay, method, target, status| {
            let sent = Sent {
                method,
                target,
                status,
                referrer: REFERRERS[1].text,
            };
            self.push(instant + delay, client, sent);
        };
        match choice {
            0 => send(0, "GET", asset, 200),
            1 => send(1, "GET", asset, 304),
            2 => send(2, "GET", missing, 404),
            3 => send(0, "GET", page, 404),
            4 => send(3, "POST", "/shop/cart/done", 303),
            5 => send(0, "HEAD", page, 200),
            6 => send(1, "GET", page, 500),
            7 => send(1, "POST", page, 200),
            _ => {}
        }
    }

    fn crawl(&mut self, midnight: i64) {
        let crawlers: Vec<&str> = AGENTS
            .iter()
            .filter(|agent| agent.crawler.is_some())
            .map(|agent| agent.text)
            .collect();
        let mut client = self.client();
        client.agent = crawlers[self.random.below(crawlers.len() as u64) as usize];
        let start = midnight + self.start();
        for second in 0..1 + self.random.skewed(12) as i64 {
            let target = self.page();
            let sent = Sent {
                method: "GET",
                target,
                status: 200,
                referrer: "-",
            };
            self.push(start + second, &client, sent);
        }
    }

    /// Many pageviews of few pages: no machine yet, but most of what a small site has of them.
    fn heavy_visitor(&mut self, midnight: i64) {
        let client = self.client();
        let page = self.page();
        let start = midnight + self.start().min(80_000);
        for step in 0..20 + self.random.below(100) as i64 {
            let target = if self.random.chance(90) {
                page
            } else {
                "/jobs"
            };
            let sent = Sent {
                method: "GET",
                target,
                status: 200,
                referrer: "-",
            };
            self.push(start + step * 9, &client, sent);
        }
    }

    /// Visitors of exactly 300 and 301 pageviews, 2,000 and 2,001 requests.
    fn limits_of_automation(&mut self, start: i64) {
        for (host, target, count) in [
            (201, "/pricing", 300),
            (202, "/pricing", 301),
            (203, "/img/Logo.PNG", 1999),
            (204, "/img/Logo.PNG", 2000),
        ] {
            let address = format!("81.20.7.{host}");
            let client = Client {
                address,
                agent: AGENTS[0].text,
                host: HOSTS[0],
            };
            for second in 0..count {
                let sent = Sent {
                    method: "GET",
                    target,
                    status: 200,
                    referrer: "-",
                };
                self.push(start + second, &client, sent);
            }
            if count > 301 {
                let sent = Sent {
                    method: "GET",
                    target: "/jobs",
                    status: 200,
                    referrer: "-",
                };
                self.push(start, &client, sent);
            }
        }
    }

    fn client(&mut self) -> Client {
        let network = self.random.skewed(self.scenario.networks);
        let agents = AGENTS
            .iter()
            .filter(|agent| agent.crawler.is_none())
            .count();
        Client {
            address: self.address(network),
            agent: AGENTS[self.random.skewed(agents as u64) as usize].text,
            host: HOSTS[self.random.skewed(HOSTS.len() as u64) as usize],
        }
    }

    /// One of a few addresses of a network, in one of its spellings.
    fn address(&mut self, network: u64) -> String {
        let host = 1 + self.random.skewed(6);
        let interface = 1 + self.random.below(3);
        let octet = 20 + network;
        match network % 10 {
            // A /48 of several /64s, each with several addresses.
            4 => format!("2a02:{octet:x}:7:{host:x}::{interface:x}"),
            // An address of an IPv4 network above, mapped into IPv6: the same client.
            5 => format!("::ffff:81.{}.7.{host}", octet - 2),
            6 => format!("client-{host}.provider-{network}.net"),
            // Another of those networks by 6to4: other clients, the same network.
            7 => format!("2002:51{:02x}:7{host:02x}::{interface:x}", octet - 4),
            8 if host == 1 => "-".to_owned(),
            _ => format!("81.{octet}.7.{host}"),
        }
    }

    fn page(&mut self) -> &'static str {
        PAGES[self.random.skewed(PAGES.len() as u64) as usize]
    }

    fn push(&mut self, instant: i64, client: &Client, sent: Sent<'_>) {
        let bytes = match self.random.below(8) {
            0 => "-".to_owned(),
            1 => self.random.below(3_000_000).to_string(),
            _ => self.random.below(30_000).to_string(),
        };
        let zone = self.random.pick(&[0, 120, -300]);
        let host = match self.scenario.settings.format {
            Format::Combined => String::new(),
            Format::VhostCombined => format!("{}:443 ", client.host),
        };
        let Sent {
            method,
            target,
            status,
            referrer,
        } = sent;
        let line = format!(
            "{host}{} - - [{}] \"{method} {target} HTTP/1.1\" {status} {bytes} \"{referrer}\" \"{}\"\n",
            client.address,
            log_time(instant, zone),
            client.agent,
        );
        self.lines.push((instant, line));
    }

    /// The lines about in order of time: each may have changed places with a near one.
    fn text(mut self) -> String {
        self.lines.sort();
        for position in 0..self.lines.len() {
            if self.random.chance(20) {
                let other = (position + self.random.below(6) as usize).min(self.lines.len() - 1);
                self.lines.swap(position, other);
            }
        }
        self.lines.into_iter().map(|(_, line)| line).collect()
    }
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): repeatable numbers from a seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Below the bound, low numbers more often than high ones.
    fn skewed(&mut self, bound: u64) -> u64 {
        let bound = 1 + self.below(bound);
        self.below(bound)
    }

    fn chance(&mut self, per_cent: u64) -> bool {
        self.below(100) < per_cent
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}
