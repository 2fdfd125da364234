//! The runs that the program and the oracle are compared on: logs and settings.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use crate::generate::{Scenario, log};
use crate::reference::{Crawlers, Files, Format, PeriodLength, Settings, Zone, expected};

/// One comparison: a log, the settings it is read with, and the oracle's answer.
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) settings: Settings,
    pub(crate) log: String,
    pub(crate) expected: BTreeMap<String, Files>,
}

/// Every run, worked out once for all tests.
pub(crate) fn runs() -> &'static [Run] {
    static RUNS: OnceLock<Vec<Run>> = OnceLock::new();
    RUNS.get_or_init(|| scenarios().into_iter().map(run).collect())
}

fn run((name, scenario): (String, Scenario)) -> Run {
    let log = log(&scenario);
    let expected = expected(&log, &scenario.settings);
    Run {
        name,
        settings: scenario.settings,
        log,
        expected,
    }
}

const GOALS: &[(&str, &str)] = &[
    ("order", "/shop/*/done"),
    ("docs", "/docs/*"),
    ("contact", "/contact"),
    ("team", "/team"),
    ("imprint", "/imprint"),
    ("double", "/docs//*"),
];

/// Scenarios by name. Every seed is a log of its own.
fn scenarios() -> Vec<(String, Scenario)> {
    let k5 = Settings {
        k: 5,
        ..Settings::default()
    };
    let named = |name: &str, seeds: Range<u64>, scenario: Scenario| {
        let name = name.to_owned();
        seeds
            .map(move |seed| {
                (
                    format!("{name}, seed {seed}"),
                    Scenario {
                        seed,
                        ..scenario.clone()
                    },
                )
            })
            .collect::<Vec<_>>()
    };
    [
        named("days with k = 10", 0..3, Scenario::default()),
        named(
            "days with k = 5",
            10..14,
            Scenario {
                settings: k5.clone(),
                ..Scenario::default()
            },
        ),
        named("a tiny site", 20..24, tiny(&k5)),
        named("a busy day of many networks", 30..32, busy(&k5)),
        named("weeks with goals", 40..43, weeks()),
        named("months over their boundary", 50..52, months(&k5)),
        named("virtual hosts", 60..63, virtual_hosts(&k5)),
        named("hosts without names", 63..64, unnamed_hosts(&k5)),
        named(
            "Berlin in spring",
            70..72,
            berlin((2025, 3, 29), PeriodLength::Day),
        ),
        named(
            "Berlin in autumn",
            72..74,
            berlin((2025, 10, 25), PeriodLength::Week),
        ),
        named(
            "listed crawlers included",
            80..82,
            crawlers(Crawlers::Include, &k5),
        ),
        named("crawlers ignored", 82..84, crawlers(Crawlers::Ignore, &k5)),
        named("a short visit timeout", 90..92, short_timeout(&k5)),
        named("limits of automation", 100..101, automation(&k5)),
    ]
    .concat()
}

fn tiny(k5: &Settings) -> Scenario {
    Scenario {
        settings: k5.clone(),
        days: 4,
        visits_per_day: 22,
        networks: 12,
        ..Scenario::default()
    }
}

fn busy(k5: &Settings) -> Scenario {
    let settings = Settings {
        goals: GOALS,
        ..k5.clone()
    };
    Scenario {
        settings,
        days: 1,
        visits_per_day: 900,
        networks: 110,
        ..Scenario::default()
    }
}

fn weeks() -> Scenario {
    let settings = Settings {
        period: PeriodLength::Week,
        goals: GOALS,
        ..Settings::default()
    };
    Scenario {
        settings,
        first_day: (2025, 6, 6),
        days: 5,
        visits_per_day: 120,
        ..Scenario::default()
    }
}

fn months(k5: &Settings) -> Scenario {
    let settings = Settings {
        period: PeriodLength::Month,
        site_hosts: &["www.example.com"],
        ..k5.clone()
    };
    Scenario {
        settings,
        first_day: (2025, 6, 28),
        days: 6,
        visits_per_day: 80,
        ..Scenario::default()
    }
}

fn virtual_hosts(k5: &Settings) -> Scenario {
    let settings = Settings {
        format: Format::VhostCombined,
        site_hosts: &[
            "www.example.com",
            "shop.example.com",
            "old.example.com",
            "cdn.example.com",
        ],
        goals: GOALS,
        ..k5.clone()
    };
    Scenario {
        settings,
        ..Scenario::default()
    }
}

fn unnamed_hosts(k5: &Settings) -> Scenario {
    let settings = Settings {
        format: Format::VhostCombined,
        ..k5.clone()
    };
    Scenario {
        settings,
        days: 1,
        ..Scenario::default()
    }
}

fn berlin(first_day: (i64, i64, i64), period: PeriodLength) -> Scenario {
    let settings = Settings {
        zone: Zone::Berlin,
        period,
        k: 5,
        ..Settings::default()
    };
    Scenario {
        settings,
        first_day,
        days: 3,
        visits_per_day: 100,
        ..Scenario::default()
    }
}

fn crawlers(crawlers: Crawlers, k5: &Settings) -> Scenario {
    let settings = Settings {
        crawlers,
        excluded_statuses: &[301, 500],
        ..k5.clone()
    };
    Scenario {
        settings,
        ..Scenario::default()
    }
}

fn short_timeout(k5: &Settings) -> Scenario {
    Scenario {
        settings: Settings {
            visit_timeout: 600,
            ..k5.clone()
        },
        ..Scenario::default()
    }
}

fn automation(k5: &Settings) -> Scenario {
    Scenario {
        settings: k5.clone(),
        days: 1,
        visits_per_day: 60,
        automated: true,
        ..Scenario::default()
    }
}
