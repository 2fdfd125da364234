//! Holds what a release with noise says of itself to its ledger: what it costs, that 30 days stay within
//! the budget, and that ε and δ follow from it.

use serde_json::{Map, Value};

use super::{
    chain::{Entry, Manifest},
    finding::{Check, Findings, Place},
    folder::Artefact,
};
use crate::time::{Date, Period};

/// Members of the manifest's `privacy`, in their order.
const PRIVACY: [&str; 7] = [
    "mode",
    "rho",
    "epsilon",
    "delta",
    "epsilon_7d",
    "epsilon_30d",
    "noise",
];

/// The only δ at which ε is told.
const DELTA: f64 = 1e-7;

/// The part of δ that the thresholds of a day have.
const THRESHOLD_DELTA: f64 = 1e-9;

/// Days that the budget is for.
const BUDGET_DAYS: i32 = 30;

/// What is lost by writing a number down.
const ROUNDING: f64 = 1e-5;

/// What an entry of the ledger says of noise.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Cost {
    /// zCDP's ρ a day.
    pub(super) a_day: f64,
    /// Most that 30 days may cost.
    pub(super) budget: f64,
}

/// What the members of an entry say of noise; `None` if they are not as releases write them.
pub(super) fn cost(members: &Map<String, Value>) -> Option<Option<Cost>> {
    let (rho, budget) = match (members.get("rho"), members.get("budget")) {
        (None, None) => return Some(None),
        pair => (pair.0?.as_str()?, pair.1?.as_str()?),
    };
    let amount = |text: &str| {
        text.parse()
            .ok()
            .filter(|it: &f64| it.is_finite() && *it > 0.0)
    };
    Some(Some(Cost {
        a_day: amount(rho)?,
        budget: amount(budget)?,
    }))
}

/// Whether any 30 days of a ledger that hold a period cost more than its budget.
pub(super) fn exceeds_budget(entry: &Entry, entries: &[Entry]) -> bool {
    let Some(Cost { budget, .. }) = entry.cost else {
        return false;
    };
    let costly = |first: Date| {
        let of_day = |entry: &Entry| {
            let cost = entry.cost.map_or(0.0, |cost| cost.a_day);
            cost * f64::from(days_of(entry.period, first))
        };
        entries.iter().map(of_day).sum::<f64>() > budget + ROUNDING
    };
    // The dearest 30 days begin with a period, or end with one.
    let starts = entries.iter().map(|it| it.period.start);
    let ends = entries
        .iter()
        .map(|it| later(it.period.end(), -BUDGET_DAYS));
    starts
        .chain(ends)
        .any(|first| days_of(entry.period, first) > 0 && costly(first))
}

/// How many of 30 days from the given one are of a period.
fn days_of(period: Period, first: Date) -> i32 {
    let start = first.max(period.start);
    let end = later(first, BUDGET_DAYS).min(period.end());
    (end - start).get_days().max(0)
}

fn later(date: Date, days: i32) -> Date {
    date.saturating_add(jiff::Span::new().days(days))
}

/// Checks what a manifest says of its noise; without noise there is nothing to check.
pub(super) fn check(
    artefact: &Artefact,
    manifest: &Manifest,
    entry: Option<&Entry>,
    findings: &mut Findings,
) {
    let place = || Place::file(&artefact.name);
    let is_noisy = manifest.is_noisy();
    let cost = entry.and_then(|entry| entry.cost);
    findings.require(
        Check::Ledger,
        entry.is_none() || cost.is_some() == is_noisy,
        place,
        || "the ledger says otherwise what protects".to_owned(),
    );
    let Some(cost) = cost.filter(|_| is_noisy) else {
        return;
    };
    let privacy = &manifest.value["privacy"];
    let members = privacy.as_object().into_iter().flat_map(Map::keys);
    let number = |name: &str| privacy[name].as_f64().unwrap_or(0.0);
    let days = f64::from((manifest.period.end() - manifest.period.start).get_days());
    let rho = cost.a_day / days;
    findings.require(
        Check::Description,
        members.eq(PRIVACY) && number("rho") >= rho && number("rho") <= rho + ROUNDING,
        place,
        || "what it says of noise is not what its ledger does".to_owned(),
    );
    for (name, rho, days) in [
        ("epsilon", rho, 1.0),
        ("epsilon_7d", cost.a_day * 7.0, 7.0),
        ("epsilon_30d", cost.a_day * 30.0, 30.0),
    ] {
        let delta = delta(rho, number(name)) + THRESHOLD_DELTA * days;
        findings.require(
            Check::Description,
            privacy["delta"].as_f64() == Some(DELTA) && delta <= DELTA * (1.0 + 1e-3),
            || place().column(name),
            || "it promises more than follows from the noise".to_owned(),
        );
    }
}

/// The least δ for which ρ-zCDP is known to give (ε, δ): the conversion of Canonne, Kamath and Steinke
/// (arXiv 2004.00010v3, page 13), at the best of some orders.
fn delta(rho: f64, epsilon: f64) -> f64 {
    let of_order = |alpha: f64| {
        let exponent = (alpha - 1.0) * (alpha * rho - epsilon);
        exponent.exp() * (1.0 - 1.0 / alpha).powf(alpha) / (alpha - 1.0)
    };
    let orders = (1..40_000).map(|step| 1.0 + f64::from(step) / 100.0);
    orders.map(of_order).fold(1.0, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::PeriodLength;

    #[test]
    fn delta_follows_from_rho_and_epsilon() {
        for (rho, epsilon) in [(0.1, 2.349), (0.7, 6.853), (3.0, 16.022)] {
            assert!(delta(rho, epsilon) <= 1e-7, "{rho}");
            assert!(delta(rho, epsilon - 0.01) > 1e-7, "{rho}");
        }
    }

    #[test]
    fn thirty_days_over_the_budget_are_seen() {
        let entry = |day: i8, length, a_day| {
            let start: Date = jiff::civil::date(2026, 6, day);
            let cost = Cost { a_day, budget: 1.0 };
            Entry::example(Period { start, length }, Some(cost))
        };
        let day = |number, a_day| entry(number, PeriodLength::Day, a_day);
        let exceeds = |entries: &[Entry]| entries.iter().any(|it| exceeds_budget(it, entries));
        assert!(!exceeds(&[day(1, 0.5), day(30, 0.5)]));
        assert!(exceeds(&[day(1, 0.5), day(30, 0.51)]));
        assert!(!exceeds(&[entry(1, PeriodLength::Month, 0.033)]));
        assert!(exceeds(&[entry(1, PeriodLength::Month, 0.034)]));
        assert!(exceeds(&[day(29, 0.5), day(3, 0.3), day(15, 0.21)]));
    }
}
