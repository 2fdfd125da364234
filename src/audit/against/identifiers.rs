//! Everything in a log that names or describes a person, to be searched for in what was released.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};

use super::{
    log::Log,
    request::is_pageview,
    rules::Reduced,
    search::{Haystack, Needle},
    spelling::{self, Spelling},
    tally::Networks,
};
use crate::{
    audit::finding::{Check, Findings},
    error::Result,
    privacy::Client,
    record::Request,
};

/// Fewest bytes of an identifier: shorter ones are in everything by chance.
const FEWEST: usize = 6;

/// Fewest bytes of a user agent that is more than the name of a program.
const FEWEST_OF_AGENT: usize = 16;

/// Searches for all identifiers of a log.
pub(super) fn check(
    reduced: &Reduced<'_>,
    haystack: &Haystack,
    own_hosts: &[String],
    k: usize,
    findings: &mut Findings,
) -> Result<()> {
    let mut collector = Collector {
        haystack,
        needles: Vec::new(),
        tried: 0,
        short: 0,
    };
    collector.collect(reduced, own_hosts);
    findings.tried(Check::Identifiers, collector.tried);
    if collector.short > 0 {
        findings.leave(format!(
            "{} values of the log that are shorter than {FEWEST} bytes: they are in every text by \
             chance",
            collector.short
        ));
    }
    let needles = collector.needles;
    let found = haystack.find(&needles)?;
    let words = found.iter().map(|(number, _)| &needles[*number]);
    let words: BTreeSet<&[u8]> = words
        .filter(|it| it.is_word)
        .map(|it| &it.text[..])
        .collect();
    let explained = explained(reduced, &words, k);
    for (number, place) in found {
        let needle = &needles[number];
        if !(needle.is_word && explained.contains(&needle.text[..])) {
            let what = format!("holds {} of the log, {}", needle.kind, needle.spelling.name);
            findings.add(Check::Identifiers, place, what);
        }
    }
    Ok(())
}

struct Collector<'h> {
    haystack: &'h Haystack,
    needles: Vec<Needle>,
    tried: u64,
    short: u64,
}

impl Collector<'_> {
    fn collect(&mut self, reduced: &Reduced<'_>, own_hosts: &[String]) {
        let log = reduced.log;
        for client in log.clients.iter() {
            match Client::read(client) {
                Client::Address(_) => {
                    self.add(
                        "a client's address",
                        false,
                        client,
                        spelling::of_client(client),
                    );
                }
                Client::Name(_) => self.add_text("a client's host name", true, client),
                Client::Absent => {}
            }
        }
        for agent in log.agents.iter().filter(|it| it.len() >= FEWEST_OF_AGENT) {
            if agent.iter().any(|byte| b"/ (".contains(byte)) {
                self.add_text("a user agent", false, agent);
            }
        }
        for mail in log.mails.iter() {
            self.add_text("a mail address", false, mail);
        }
        for name in log.names.iter() {
            self.add_text("a user's name", true, name);
        }
        for host in log.hosts.iter() {
            self.add_host("a virtual host", host, own_hosts);
        }
        self.collect_referrers(log, own_hosts);
        self.collect_requests(reduced);
    }

    fn collect_referrers(&mut self, log: &Log, own_hosts: &[String]) {
        let mut hosts = HashSet::new();
        for referrer in log.referrers.iter() {
            let at = memchr::memmem::find(referrer, b"://").map_or(0, |at| at + 3);
            let rest = &referrer[at..];
            let end = rest.iter().position(|byte| b"/?#".contains(byte));
            let (host, path) = rest.split_at(end.unwrap_or(rest.len()));
            if at > 0 && hosts.insert(host) {
                self.add_host("a referrer's host", host, own_hosts);
            }
            if path.len() > 1 {
                self.add_text("a referrer", false, referrer);
                self.add_text("a referrer", false, rest);
            }
        }
    }

    /// A host name is no identifier where it is the site's own or a registrable domain.
    fn add_host(&mut self, kind: &'static str, host: &[u8], own_hosts: &[String]) {
        let own = |own: &String| own.as_bytes().eq_ignore_ascii_case(host);
        let domain = crate::privacy::registrable_domain(host);
        let is_domain = domain.is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(host));
        if !is_domain && !own_hosts.iter().any(own) {
            self.add_text(kind, true, host);
        }
    }

    /// Query values, and segments that pages do not have.
    fn collect_requests(&mut self, reduced: &Reduced<'_>) {
        let (mut values, mut segments) = (HashSet::new(), HashSet::new());
        for number in 0..reduced.requests.len() {
            let (path, query) = target(&reduced.log.request(number as u32));
            for pair in query.split(|byte| matches!(byte, b'&' | b';' | b'#')) {
                let at = pair.iter().position(|byte| *byte == b'=');
                let value = decoded(&pair[at.map_or(0, |at| at + 1)..]);
                if values.insert(value.clone()) {
                    self.add_sent("a query value", &value);
                }
            }
            let page = reduced.texts.get(reduced.requests[number].page);
            for segment in path.split(|byte| *byte == b'/') {
                let segment = decoded(segment);
                let is_published = page.split('/').any(|it| it.as_bytes() == segment);
                if !is_published && segments.insert(segment.clone()) {
                    self.add_sent("a path segment", &segment);
                }
            }
        }
    }

    /// Adds part of a request. It might be an ordinary word, unless it is a mail address.
    fn add_sent(&mut self, kind: &'static str, text: &[u8]) {
        self.add_text(kind, !text.contains(&b'@'), text);
    }

    fn add_text(&mut self, kind: &'static str, is_word: bool, text: &[u8]) {
        if text.len() >= FEWEST {
            self.add(kind, is_word, text, spelling::of_text(text));
        } else {
            self.short += u64::from(!text.is_empty() && text != b"-");
        }
    }

    fn add(&mut self, kind: &'static str, is_word: bool, text: &[u8], spellings: Vec<Spelling>) {
        for spelling in spellings {
            self.tried += 1;
            if self.haystack.may_hold(&spelling.bytes.to_ascii_lowercase()) {
                self.needles.push(Needle {
                    spelling,
                    kind,
                    is_word,
                    text: text.to_vec(),
                });
            }
        }
    }
}

/// Path and query of a request as it was asked.
fn target(request: &Request<'_>) -> (Vec<u8>, Vec<u8>) {
    let split = |target: &[u8]| {
        let end = target.iter().position(|byte| b"?#;".contains(byte));
        let (path, query) = target.split_at(end.unwrap_or(target.len()));
        (path.to_vec(), query.get(1..).unwrap_or_default().to_vec())
    };
    match request {
        Request::Line(line) => {
            let target = line.raw.split(|byte| *byte == b' ').nth(1);
            split(target.unwrap_or(line.raw))
        }
        Request::Parts { path, query, .. } => {
            let (path, of_path) = split(path.raw);
            (path, [&of_path[..], b"&", query.raw].concat())
        }
    }
}

/// Percent-encoding undone once.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let digits = digits.and_then(|it| str::from_utf8(it).ok());
        let byte = digits.and_then(|it| u8::from_str_radix(it, 16).ok());
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    decoded
}

/// The words that stand in a release for another reason: at least k networks sent them in a page's own
/// segment, as the tag of a campaign, or came from a domain of that name.
fn explained<'w>(reduced: &Reduced<'_>, words: &BTreeSet<&'w [u8]>, k: usize) -> HashSet<&'w [u8]> {
    if words.is_empty() {
        return HashSet::new();
    }
    let of_request: Vec<Vec<&[u8]>> = (0..reduced.requests.len())
        .map(|number| words_of_request(reduced, number, words))
        .collect();
    let mut of_referrer: HashMap<u32, Vec<&[u8]>> = HashMap::new();
    let mut networks: HashMap<&[u8], Networks> = HashMap::new();
    for logged in &reduced.log.logged {
        if !is_pageview(reduced, logged) {
            continue;
        }
        let network = reduced.clients[logged.client as usize].network;
        let referrer = of_referrer.entry(logged.referrer).or_insert_with(|| {
            let (source, _) = reduced.referrer(logged.referrer).seen_from(b"");
            held(words, source.as_bytes())
        });
        for word in of_request[logged.request as usize].iter().chain(&*referrer) {
            networks.entry(word).or_default().insert(network, k);
        }
    }
    let enough = networks.into_iter().filter(|(_, it)| it.count() >= k);
    enough.map(|(word, _)| word).collect()
}

fn words_of_request<'w>(
    reduced: &Reduced<'_>,
    number: usize,
    words: &BTreeSet<&'w [u8]>,
) -> Vec<&'w [u8]> {
    let known = &reduced.requests[number];
    let (path, _) = target(&reduced.log.request(number as u32));
    let page = reduced.texts.get(known.page);
    let (page, kept) = page.split_once('?').unwrap_or((page, ""));
    let sent: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').map(decoded).collect();
    let own = page
        .split('/')
        .filter(|it| sent.iter().any(|sent| sent == it.as_bytes()));
    let tags = known
        .campaign
        .into_iter()
        .flatten()
        .map(|tag| reduced.texts.get(tag));
    let texts = own.chain(tags).chain([kept]);
    texts
        .flat_map(|text| held(words, text.as_bytes()))
        .collect()
}

/// The words that a text holds, in any letter case.
fn held<'w>(words: &BTreeSet<&'w [u8]>, text: &[u8]) -> Vec<&'w [u8]> {
    let text = text.to_ascii_lowercase();
    let holds = |word: &&&[u8]| memchr::memmem::find(&text, &word.to_ascii_lowercase()).is_some();
    words.iter().filter(holds).copied().collect()
}
