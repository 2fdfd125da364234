//! What is published, and how those are protected whom it is about.

use hushlog::{
    aggregate::{Crawlers, Measure, Table},
    privacy::{IPV4_NETWORK_BITS, IPV6_NETWORK_BITS},
    release::{
        FEWEST_CONTRIBUTORS, FEWEST_CRAWLER_REQUESTS, Spending,
        noise::{BUDGET_DAYS, DELTA, epsilon},
    },
    time::PeriodLength,
};

use super::{data, layout::Section, rewritten};
use crate::cli::{report::InForce, scrub::Rewritten};

/// What site owners promise in their statements, as far as it is so.
pub(super) fn in_short(in_force: &InForce, rewritten: Option<&Rewritten>) -> Section {
    let holding = STATEMENTS.into_iter().filter(|it| (it.holds)(in_force));
    let mut items: Vec<String> = holding.map(|it| it.text.to_owned()).collect();
    if let Some(retention) = in_force.retain {
        items.push(format!(
            "The statistics are removed {retention} after the end of their {}.",
            in_force.settings.calendar.length().name()
        ));
    }
    items.extend(rewritten.into_iter().flat_map(rewritten::in_short));
    Section::of("In short", Vec::new()).with_items(items)
}

/// A sentence of the privacy statements that sites publish, and what must be so for it to be true.
struct Statement {
    holds: fn(&InForce) -> bool,
    text: &'static str,
}

const STATEMENTS: [Statement; 11] = [
    Statement {
        holds: |_| true,
        text: "The statistics of this website are aggregates, without information that identifies anybody.",
    },
    Statement {
        holds: |in_force| !tells_visitors(in_force),
        text: "We do not track browsing behaviour: no request is connected with another one of the same \
               visitor.",
    },
    Statement {
        holds: tells_visitors,
        text: "We learn how many people visit, how long they stay, which pages they look at, from which site \
               they come, and which ways they take from page to page; not who they are.",
    },
    Statement {
        holds: |in_force| tells_visitors(in_force) && is_made(Table::Regions, in_force),
        text: "We learn which countries and regions visits come from, and keep no address for it.",
    },
    Statement {
        holds: |in_force| is_made(Table::Goals, in_force),
        text: "We learn how often what we hope for happens, such as an order, and after which campaigns; not by \
               whom.",
    },
    Statement {
        holds: |in_force| in_force.spending.is_none(),
        text: "What only few did is not told by itself: it is put together with more, or left out.",
    },
    Statement {
        holds: |in_force| in_force.spending.is_some(),
        text: "Every number has random noise, which hides what one address did on a day.",
    },
    Statement {
        holds: tells_visitors,
        text: "Visitors are told apart by pseudonyms that change every day and that nobody can compute \
               again once their key is gone, us included.",
    },
    Statement {
        holds: |_| true,
        text: "No address, user name or other identifier that the server's log holds is in the statistics.",
    },
    Statement {
        holds: data::heeds_opt_outs,
        text: "Who asks not to be counted is not: such a request is dropped before anything is made of it.",
    },
    Statement {
        holds: |_| true,
        text: "Nothing is stored on your device to count you, and nobody else is asked or told.",
    },
];

fn tells_visitors(in_force: &InForce) -> bool {
    in_force.policy.senders.are_visitors()
}

/// The tables that are published.
pub(super) fn published(in_force: &InForce) -> Section {
    let period = in_force.settings.calendar.length().name();
    let tables = Table::ALL.into_iter().filter(|it| is_made(*it, in_force));
    let lead = format!("Once for each {period}, as tables:");
    Section::of("What is published", [lead])
        .with_items(tables.map(|it| told(it, in_force)).collect())
}

/// What a table tells: all that it is for, or what can be told without visits.
fn told(table: Table, in_force: &InForce) -> String {
    if in_force.policy.senders.are_visitors() {
        return table.description().to_owned();
    }
    let is_longer = in_force.settings.calendar.length() != PeriodLength::Day;
    let measures = names(table.measures(), in_force);
    match table.keys(is_longer).join(" and ") {
        none if none.is_empty() => format!("The period as a whole: {measures}."),
        keys => format!("By {keys}: {measures}."),
    }
}

/// The names of those of some measures that are told.
fn names(measures: &[Measure], in_force: &InForce) -> String {
    let visits = in_force.policy.senders.are_visitors();
    let told = measures.iter().filter(|it| visits || !it.is_of_visits());
    told.map(|it| it.name()).collect::<Vec<_>>().join(", ")
}

/// Whether there can be anything in a table.
fn is_made(table: Table, in_force: &InForce) -> bool {
    let policy = &in_force.policy;
    let has_visits = policy.senders.are_visitors() || !table.measures()[0].is_of_visits();
    has_visits
        && match table {
            Table::Goals => !policy.goals.names().is_empty(),
            Table::GoalRegions => {
                !policy.goals.names().is_empty() && !policy.regions.databases().is_empty()
            }
            Table::Hosts => in_force.names_hosts(),
            Table::Regions => !policy.regions.databases().is_empty(),
            Table::Probes | Table::ProbeHours => in_force.spending.is_none(),
            Table::ProbeRegions => {
                policy.senders.are_visitors()
                    && !policy.regions.databases().is_empty()
                    && in_force.spending.is_none()
            }
            Table::Crawlers => in_force.settings.visits.crawlers != Crawlers::Ignore,
            Table::Summary
            | Table::Traffic
            | Table::Pages
            | Table::Transitions
            | Table::Referrers
            | Table::Campaigns
            | Table::Browsers
            | Table::Systems
            | Table::Devices
            | Table::Durations
            | Table::Depths
            | Table::Statuses
            | Table::Errors => true,
        }
}

/// What keeps anybody from being told from the numbers.
pub(super) fn protected(in_force: &InForce) -> Section {
    match in_force.spending {
        Some(spending) => hidden_by_noise(spending),
        None => above_the_threshold(in_force),
    }
}

/// Noise and what goes with it.
fn hidden_by_noise(spending: Spending) -> Section {
    let Spending { a_day, budget } = spending;
    let paragraphs = [
        format!(
            "Every number has random noise, so that whether one address was here on one day makes hardly a \
             difference to what is published (differential privacy: epsilon {:.2} for a day at delta \
             {DELTA:e}, rho {a_day}). What an address adds to a table is limited. Names of pages and sites are \
             told only if many addresses sent them.",
            epsilon(a_day.real(), 1)
        ),
        format!(
            "Noise is drawn once for each period. Over any {BUDGET_DAYS} days an address cannot lose more than \
             rho {budget} (epsilon {:.2}); a release beyond that is refused.",
            epsilon(budget.real(), BUDGET_DAYS as u32)
        ),
        "What this does not promise: an address is not a person, and who changes it is protected less; and \
         that statistics were made, or that lines were missing, is not hidden."
            .to_owned(),
    ];
    Section::of("How nobody can be told from a number", paragraphs)
}

/// The threshold and what goes with it.
fn above_the_threshold(in_force: &InForce) -> Section {
    let k = in_force.settings.k;
    let addresses = 1_u32 << (32 - IPV4_NETWORK_BITS);
    let senders = if in_force.policy.senders.are_visitors() {
        "visitors"
    } else {
        "networks"
    };
    let but = if is_made(Table::Crawlers, in_force) {
        ", known machines apart"
    } else {
        ""
    };
    let volumes = names(&Measure::VOLUMES, in_force);
    let mut paragraphs = vec![
        format!(
            "No row of these tables describes fewer than {k} networks{but}. A network is {addresses} \
             neighbouring addresses (of IPv6, all that have their first {IPV6_NETWORK_BITS} bits in common). \
             What is rarer is put together under \"(other)\", or left out."
        ),
        format!(
            "No sum ({volumes}) is published to which fewer than {FEWEST_CONTRIBUTORS} {senders} contributed, \
             or of which one made up more than half. Nothing is published of a {} with fewer than {k} networks.",
            in_force.settings.calendar.length().name()
        ),
    ];
    if is_made(Table::Crawlers, in_force) {
        paragraphs.push(format!(
            "Search engines and other known machines are listed by their names from \
             {FEWEST_CRAWLER_REQUESTS} requests on. They are not people."
        ));
    }
    paragraphs.push(format!(
        "What this does not promise: networks are not people, and somebody who uses {k} networks can make a \
         row alone; {} networks that agree to could find out about one more; and the statistics of one log \
         are published once, since two that differ could be subtracted from each other.",
        k - 1
    ));
    Section::of("How few people can be behind a number", paragraphs)
}
