//! What is read of each request, what becomes of it, and whose requests are not read at all.

use hushlog::{
    format::{Meaning, Part},
    privacy::IPV6_VISITOR_BITS,
};

use super::layout::Section;
use crate::cli::{formats, report::InForce};

/// A kind of data that a log may hold of a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Datum {
    Client,
    Time,
    Target,
    Status,
    Bytes,
    Referrer,
    Agent,
    Host,
    OptOut,
    Other,
}

impl Datum {
    const ALL: [Self; 10] = [
        Self::Client,
        Self::Time,
        Self::Target,
        Self::Status,
        Self::Bytes,
        Self::Referrer,
        Self::Agent,
        Self::Host,
        Self::OptOut,
        Self::Other,
    ];

    /// The kind of a field.
    const fn of(meaning: Meaning) -> Self {
        match meaning {
            Meaning::Client | Meaning::ForwardedFor => Self::Client,
            Meaning::Time => Self::Time,
            Meaning::Method
            | Meaning::Path
            | Meaning::ProxyRequest
            | Meaning::Query
            | Meaning::Request
            | Meaning::Url => Self::Target,
            Meaning::Status => Self::Status,
            Meaning::Bytes => Self::Bytes,
            Meaning::Referrer => Self::Referrer,
            Meaning::UserAgent => Self::Agent,
            Meaning::Host => Self::Host,
            Meaning::OptOut | Meaning::OptOutCookies => Self::OptOut,
            Meaning::Cookies | Meaning::Unused => Self::Other,
        }
    }

    /// What becomes of it.
    fn fate(self, in_force: &InForce) -> String {
        let visits = in_force.policy.senders.are_visitors();
        match self {
            Self::Client => client(in_force),
            Self::Time if visits => {
                "The time: to the second, to count visits and how long they last; what is published are \
                 days and hours."
                    .to_owned()
            }
            Self::Time => "The time: what is published are days and hours.".to_owned(),
            Self::Target => target(in_force),
            Self::Status => "The status of the answer: counted.".to_owned(),
            Self::Bytes => "The size of the answer: added up over many requests.".to_owned(),
            Self::Referrer if visits => {
                "The address of the page that led here: only the name of its site is kept, such as \
                 example.com."
                    .to_owned()
            }
            Self::Referrer => {
                "The address of the page that led here: dropped as soon as it is read.".to_owned()
            }
            Self::Agent if visits => {
                "What the browser says of itself: reduced to names from fixed lists, of a browser, a system, \
                 a class of device or a crawler; and part of what tells visitors apart."
                    .to_owned()
            }
            Self::Agent => {
                "What the browser says of itself: looked at to know crawlers, which have a table of their \
                 own, and dropped."
                    .to_owned()
            }
            Self::Host => host(in_force),
            Self::OptOut => {
                "Whether the request asks not to be counted: then all of it is dropped.".to_owned()
            }
            Self::Other => {
                "Everything else, such as user names, cookies and other headers: dropped as soon as it is \
                 read."
                    .to_owned()
            }
        }
    }
}

const _: () = assert!(Datum::ALL.len() == Datum::Other as usize + 1);

/// The fields of the log that are read, and what becomes of each.
pub(super) fn read(in_force: &InForce) -> Section {
    let lead = "Like all web servers, ours logs each request. The statistics are made from this log by a \
                program, hushlog, which reads of each request:";
    let fates = data(in_force).into_iter().map(|it| it.fate(in_force));
    Section::of("What is read, and what becomes of it", [lead.to_owned()])
        .with_items(fates.collect())
        .then(
            "Lines that the program cannot read are counted, and never shown or quoted.".to_owned(),
        )
}

/// The kinds of data that the log holds; all where its format is found out only when it is read.
fn data(in_force: &InForce) -> Vec<Datum> {
    let parts = in_force.format.iter().flat_map(|format| format.parts());
    let meanings = parts.filter_map(|part| match part {
        Part::Field { meaning, .. } => Some(meaning),
        Part::Literal(_) => None,
    });
    let mut data: Vec<Datum> = meanings.map(Datum::of).collect();
    if data.is_empty() {
        return Datum::ALL.to_vec();
    }
    data.sort_unstable();
    data.dedup();
    data
}

fn client(in_force: &InForce) -> String {
    let region = if in_force.policy.regions.databases().is_empty() {
        ""
    } else {
        " A country and a region are looked up for it in a file, without asking anybody."
    };
    let used = if in_force.policy.senders.are_visitors() {
        format!(
            "used in memory to tell visitors and networks apart (of IPv6, its first {IPV6_VISITOR_BITS} bits)"
        )
    } else {
        "cut to its network in memory, without telling visitors apart".to_owned()
    };
    format!("The address that the request came from: {used}, never written or published.{region}")
}

fn target(in_force: &InForce) -> String {
    let campaigns = if in_force.policy.senders.are_visitors() {
        " but campaign tags (utm_source, utm_medium, utm_campaign)"
    } else {
        ""
    };
    let kept = match in_force.policy.urls.kept_keys().join(", ") {
        none if none.is_empty() => String::new(),
        keys if campaigns.is_empty() => format!(" but {keys}"),
        keys => format!(" and {keys}"),
    };
    let levels = in_force.policy.urls.levels();
    format!(
        "The address that was asked for: of it the path, with mail addresses, names of users, long numbers, \
         codes and the like replaced, {levels} levels deep at most. What follows a question mark is dropped{campaigns}{kept}."
    )
}

fn host(in_force: &InForce) -> String {
    if in_force.names_hosts() {
        "The name of the site that was asked: kept if it is one of ours.".to_owned()
    } else {
        "The name of the site that was asked: not published.".to_owned()
    }
}

/// Whether there is a way not to be counted.
pub(super) fn heeds_opt_outs(in_force: &InForce) -> bool {
    !ways_out(in_force).is_empty()
}

/// How not to be counted.
pub(super) fn opt_outs(in_force: &InForce) -> Section {
    let heading = "If you do not want to be counted";
    let ways = ways_out(in_force);
    if ways.is_empty() {
        let none = "The log does not hold what browsers say of it, so a request cannot be left out. [Say \
                    whom to ask.]";
        return Section::of(heading, [none.to_owned()]);
    }
    let then = "A request that asks for it is dropped before anything is made of it: it is in no number, not \
                even that of all requests.";
    Section::of(heading, Vec::new())
        .with_items(ways)
        .then(then.to_owned())
}

/// The ways not to be counted.
fn ways_out(in_force: &InForce) -> Vec<String> {
    let format = in_force.format.as_ref();
    let tells = |meaning| format.map(|format| formats::has(format, meaning));
    let mut ways = Vec::new();
    match tells(Meaning::OptOut) {
        Some(false) => {}
        told => ways.push(format!(
            "Your browser can ask for it, by its setting \"Do Not Track\" or \"Global Privacy Control\"{}.",
            if told.is_none() { ", where the log holds these" } else { "" }
        )),
    }
    if !in_force.cookies.is_empty() && tells(Meaning::OptOutCookies) != Some(false) {
        let cookies: Vec<String> = in_force.cookies.iter().map(ToString::to_string).collect();
        ways.push(format!(
            "You can have a cookie set by which your requests are not counted ({}). [Say where.]",
            cookies.join(", ")
        ));
    }
    if in_force.opt_out_addresses {
        ways.push(
            "You can ask us not to count the requests of your address. [Say whom to ask.]"
                .to_owned(),
        );
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_data_stands_in_its_place() {
        for (place, datum) in Datum::ALL.into_iter().enumerate() {
            assert_eq!(datum as usize, place);
        }
    }
}
