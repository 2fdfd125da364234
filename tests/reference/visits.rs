//! Visitor-days in order, sorted into people and crawlers, and the visits of the people.

use std::collections::BTreeMap;

use super::log::Request;
use super::network::{Client, client};
use super::vocabulary::{Agent, agent, referrer};
use super::{Crawlers, Settings};

/// A request with everything that the definitions ask of it. Fields stand in the contract's order of
/// hits, so the derived comparison is that order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub(crate) instant: i64,
    pub(crate) page: String,
    pub(crate) referrer: String,
    pub(crate) channel: &'static str,
    /// Source, medium and campaign.
    pub(crate) campaign: Option<[String; 3]>,
    pub(crate) host: Option<String>,
    pub(crate) method: String,
    pub(crate) status: u16,
    pub(crate) bytes: u64,
}

/// All that one visitor did on one day.
#[derive(Debug)]
pub(crate) struct VisitorDay {
    /// Tells visitor-days apart.
    pub(crate) id: usize,
    pub(crate) network: String,
    pub(crate) agent: &'static Agent,
    /// In order.
    pub(crate) hits: Vec<Hit>,
    pub(crate) kind: Kind,
}

/// What a visitor turned out to be.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Counted everywhere except among the crawlers.
    Person(Vec<Visit>),
    /// Counted among the crawlers only: category and name.
    Crawler(&'static str, &'static str),
}

/// The hits of one visit, in order.
#[derive(Debug)]
pub(crate) struct Visit(pub(crate) Vec<Hit>);

/// The visitor-days of each period, by the period's first day. Every address of the tests has one
/// network, so telling visitors by both is telling them by the address.
pub(crate) fn by_period(
    requests: Vec<Request>,
    settings: &Settings,
) -> BTreeMap<i64, Vec<VisitorDay>> {
    let mut days: BTreeMap<(i64, String, Client), Vec<Hit>> = BTreeMap::new();
    for request in requests {
        let (day, _) = settings.zone.day_and_hour(request.instant);
        let who = client(&request.client);
        days.entry((day, request.agent.clone(), who))
            .or_default()
            .push(hit(request, settings));
    }
    let mut periods: BTreeMap<i64, Vec<VisitorDay>> = BTreeMap::new();
    for (id, ((day, text, who), mut hits)) in days.into_iter().enumerate() {
        hits.sort();
        let agent = agent(&text);
        let kind = kind(agent, &hits, settings);
        let visitor = VisitorDay {
            id,
            network: who.network,
            agent,
            hits,
            kind,
        };
        periods
            .entry(settings.period.start(day))
            .or_default()
            .push(visitor);
    }
    periods
}

fn hit(request: Request, settings: &Settings) -> Hit {
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path, query),
        None => (request.target.as_str(), ""),
    };
    let campaign = campaign(query);
    let from = referrer(&request.referrer);
    let own = settings.site_hosts.contains(&from.host)
        || request
            .host
            .as_deref()
            .is_some_and(|host| host == from.host);
    let channel = match () {
        () if campaign.is_some() => "campaign",
        () if own => "internal",
        () => from.channel,
    };
    Hit {
        instant: request.instant,
        page: path.to_owned(),
        referrer: if own { "(internal)" } else { from.domain }.to_owned(),
        channel,
        campaign,
        host: request.host,
        method: request.method,
        status: request.status,
        bytes: request.bytes,
    }
}

fn campaign(query: &str) -> Option<[String; 3]> {
    let value = |name: &str| {
        let pair = query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.map(str::to_lowercase)
    };
    let unknown = || "(unknown)".to_owned();
    Some([
        value("utm_source")?,
        value("utm_medium").unwrap_or_else(unknown),
        value("utm_campaign").unwrap_or_else(unknown),
    ])
}

fn kind(agent: &Agent, hits: &[Hit], settings: &Settings) -> Kind {
    let pageviews = hits.iter().filter(|hit| hit.is_pageview()).count();
    let automated = pageviews > 300 || hits.len() > 2000;
    match agent.crawler {
        Some((category, name)) if automated || settings.crawlers != Crawlers::Include => {
            Kind::Crawler(category, name)
        }
        None if automated => Kind::Crawler("automated", "(unknown)"),
        _ => Kind::Person(visits(hits, settings.visit_timeout)),
    }
}

/// Cuts a visitor's day where a gap exceeds the timeout; runs without a pageview are no visits.
fn visits(hits: &[Hit], timeout: i64) -> Vec<Visit> {
    let mut runs: Vec<Vec<Hit>> = Vec::new();
    for hit in hits {
        match runs.last_mut() {
            Some(run) if hit.instant - run[run.len() - 1].instant <= timeout => {
                run.push(hit.clone());
            }
            _ => runs.push(vec![hit.clone()]),
        }
    }
    runs.retain(|run| run.iter().any(Hit::is_pageview));
    runs.into_iter().map(Visit).collect()
}

impl Hit {
    /// A GET that succeeded and asked for something other than a static asset.
    pub(crate) fn is_pageview(&self) -> bool {
        let successful = (200..300).contains(&self.status) || self.status == 304;
        self.method == "GET" && successful && !is_asset(&self.page)
    }
}

/// The extensions that METRICS lists.
const ASSETS: &str = "css js mjs map png jpg jpeg gif svg webp avif ico bmp woff woff2 ttf otf eot \
                      mp3 mp4 webm ogg wav m4a";

fn is_asset(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    name == "robots.txt"
        || extension.is_some_and(|wanted| ASSETS.split_whitespace().any(|asset| asset == wanted))
}

impl Visit {
    pub(crate) fn first(&self) -> &Hit {
        &self.0[0]
    }

    pub(crate) fn last(&self) -> &Hit {
        &self.0[self.0.len() - 1]
    }

    pub(crate) fn pageviews(&self) -> Vec<&Hit> {
        self.0.iter().filter(|hit| hit.is_pageview()).collect()
    }

    /// Whole seconds, at most twelve hours.
    pub(crate) fn duration(&self) -> u64 {
        let seconds = self.last().instant - self.first().instant;
        seconds.min(43_200).unsigned_abs()
    }

    pub(crate) fn is_bounce(&self) -> bool {
        self.pageviews().len() == 1
    }

    /// Whether a request of the visit reached the goal.
    pub(crate) fn completes(&self, pattern: &str) -> bool {
        self.0.iter().any(|hit| {
            (200..400).contains(&hit.status) && matches(pattern.as_bytes(), hit.page.as_bytes())
        })
    }
}

/// Whether the whole text fits the pattern, in which `*` stands for any run of bytes.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skipped| matches(rest, &text[skipped..])),
        Some((byte, rest)) => text.first() == Some(byte) && matches(rest, &text[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit_at(instant: i64, method: &str, page: &str, status: u16) -> Hit {
        Hit {
            instant,
            page: page.to_owned(),
            referrer: "direct".to_owned(),
            channel: "direct",
            campaign: None,
            host: None,
            method: method.to_owned(),
            status,
            bytes: 0,
        }
    }

    #[test]
    fn a_gap_of_exactly_the_timeout_continues_a_visit() {
        let get = |instant| hit_at(instant, "GET", "/a", 200);
        let lengths = |hits: &[Hit]| -> Vec<usize> {
            visits(hits, 1800)
                .iter()
                .map(|visit| visit.0.len())
                .collect()
        };
        assert_eq!(lengths(&[get(0), get(1800), get(3600)]), [3]);
        assert_eq!(lengths(&[get(0), get(1801), get(3602)]), [1, 1, 1]);
        // Errors and assets extend a visit and begin it, but do not make one.
        let asset = |instant| hit_at(instant, "GET", "/a.css", 200);
        assert_eq!(
            lengths(&[asset(0), get(1800), hit_at(3600, "GET", "/b", 404)]),
            [3]
        );
        assert_eq!(lengths(&[asset(0), get(5000)]), [1]);
    }

    #[test]
    fn pageviews_are_successful_gets_of_no_asset() {
        for (method, page, status, expected) in [
            ("GET", "/", 200, true),
            ("GET", "/a.html", 304, true),
            ("GET", "/a", 206, true),
            ("GET", "/a", 301, false),
            ("GET", "/a", 404, false),
            ("HEAD", "/a", 200, false),
            ("POST", "/a", 200, false),
            ("GET", "/a/Logo.PNG", 200, false),
            ("GET", "/robots.txt", 200, false),
            ("GET", "/a.txt", 200, true),
            ("GET", "/css", 200, true),
        ] {
            assert_eq!(
                hit_at(0, method, page, status).is_pageview(),
                expected,
                "{method} {page}"
            );
        }
    }

    #[test]
    fn hits_are_ordered_by_time_then_page() {
        let mut hits = [
            hit_at(5, "GET", "/b", 200),
            hit_at(5, "GET", "/a", 404),
            hit_at(4, "GET", "/c", 200),
        ];
        hits.sort();
        let pages: Vec<&str> = hits.iter().map(|hit| hit.page.as_str()).collect();
        assert_eq!(pages, ["/c", "/a", "/b"]);
    }

    #[test]
    fn goals_match_whole_paths_and_stars_cross_slashes() {
        for (pattern, path, expected) in [
            ("/thanks", "/thanks", true),
            ("/thanks", "/thanks/more", false),
            ("/shop/*/done", "/shop/cart/card/done", true),
            ("*", "/", true),
            ("/shop/*", "/shop", false),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), path.as_bytes()),
                expected,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn campaigns_need_a_source() {
        assert_eq!(campaign("utm_medium=x"), None);
        let full = campaign("a=b&utm_source=News&utm_campaign=spring");
        assert_eq!(
            full,
            Some(["news", "(unknown)", "spring"].map(str::to_owned))
        );
    }
}
