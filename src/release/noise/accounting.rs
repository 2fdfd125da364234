//! What noise costs: zero-concentrated differential privacy, exactly added up, and told as ε and δ.
//!
//! ρ-zCDP (Bun and Steinke, *Concentrated Differential Privacy*, TCC 2016, arXiv 1605.02065): releases of
//! ρ₁ and ρ₂ together cost ρ₁+ρ₂, and Gaussian noise of variance σ² on integers of which a unit changes a
//! vector by at most Δ in Euclidean length costs Δ²/2σ² (Canonne, Kamath and Steinke, arXiv 2004.00010, on
//! the multivariate discrete Gaussian).

use std::{fmt, str::FromStr};

use jiff::ToSpan;

use crate::{
    error::Error,
    time::{Date, Period},
};

/// An amount of zCDP's ρ, in millionths, so that sums are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rho {
    millionths: u64,
}

/// What an address may lose by being in a log: ρ a day, and at most so much over any 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spending {
    /// What an address present on a day loses by that day.
    pub a_day: Rho,
    /// What an address may lose over any [`BUDGET_DAYS`] in a row.
    pub budget: Rho,
}

/// Days over which the budget holds.
pub const BUDGET_DAYS: i64 = 30;

/// The δ at which everything is told.
pub const DELTA: f64 = 1e-7;

/// The part of δ that the thresholds of one day may use up: that a name appears which the addresses of
/// one client alone are behind. A month of it is under a third of [`DELTA`].
pub const THRESHOLD_DELTA: f64 = 1e-9;

impl Rho {
    /// The default for a day: ε is about 2.35.
    pub const DEFAULT: Self = Self::of_millionths(100_000);

    /// The default budget: every day of 30 at the default.
    pub const DEFAULT_BUDGET: Self = Self::of_millionths(3_000_000);

    /// The smallest and largest amounts a day: less drowns every number in noise, more protects hardly
    /// (ε is about 8.2).
    pub const LIMITS: [Self; 2] = [Self::of_millionths(10_000), Self::of_millionths(1_000_000)];

    /// So many millionths.
    #[must_use]
    pub const fn of_millionths(millionths: u64) -> Self {
        Self { millionths }
    }

    /// In millionths.
    #[must_use]
    pub const fn millionths(self) -> u64 {
        self.millionths
    }

    /// As a real number, to be told.
    #[must_use]
    pub fn real(self) -> f64 {
        self.millionths as f64 / 1e6
    }
}

impl fmt::Display for Rho {
    /// As a decimal number without needless zeros.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.millionths / 1_000_000, self.millionths % 1_000_000);
        let part = format!("{part:06}");
        match part.trim_end_matches('0') {
            "" => write!(formatter, "{whole}"),
            part => write!(formatter, "{whole}.{part}"),
        }
    }
}

impl FromStr for Rho {
    type Err = Error;

    /// Reads a decimal number with at most six decimals.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        let millionths = (is_number(whole) && is_number(part) && part.len() <= 6)
            .then(|| format!("{whole}{part:0<6}").parse().ok());
        let problem = || Error::Setting("not a decimal number such as 0.1".to_owned());
        millionths
            .flatten()
            .map(Self::of_millionths)
            .ok_or_else(problem)
    }
}

impl Spending {
    /// Whether a period can be added to what is spent already: over any 30 days in a row that it lies
    /// in, an address present on all of them stays within the budget.
    ///
    /// Noise of a longer period is that of its days added up, so that n of its days cost n days' ρ at
    /// most, wherever they lie.
    #[must_use]
    pub fn permits(self, period: Period, spent: &[(Period, Rho)]) -> bool {
        let (start, end) = (period.start, period.end());
        let mut first = start.saturating_sub((BUDGET_DAYS - 1).days());
        while first < end {
            let after = first.saturating_add(BUDGET_DAYS.days());
            let own = [(period, self.a_day)];
            let all = spent.iter().chain(&own);
            let cost =
                all.map(|(period, a_day)| shared_days(*period, first, after) * a_day.millionths);
            if cost.sum::<u64>() > self.budget.millionths {
                return false;
            }
            first = first.saturating_add(1.day());
        }
        true
    }
}

/// How many days of a period lie from one day on and before another.
fn shared_days(period: Period, first: Date, after: Date) -> u64 {
    let (first, after) = (first.max(period.start), after.min(period.end()));
    let days = (after - first).get_days();
    u64::try_from(days).unwrap_or(0)
}

/// How many days a period has.
pub(super) fn days(period: Period) -> u32 {
    u32::try_from((period.end() - period.start).get_days()).unwrap_or(1)
}

/// The ε that ρ comes to at [`DELTA`], of which the thresholds of so many days have their part.
///
/// By Canonne, Kamath and Steinke (arXiv 2004.00010v3, page 13) ρ-zCDP gives (ε, δ) with
/// δ = exp((α-1)(αρ-ε))/(α-1) · (1-1/α)^α for every α above 1. Solved for ε that is
/// αρ + (ln(1/δ) - ln α)/(α-1) + ln(1-1/α); the least over some α is taken, and any α gives a valid ε, so
/// that the result can be too large by a trifle, but never too small.
#[must_use]
pub fn epsilon(rho: f64, threshold_days: u32) -> f64 {
    let delta = DELTA - THRESHOLD_DELTA * f64::from(threshold_days);
    let bound = |alpha: f64| {
        alpha * rho + ((1.0 / delta).ln() - alpha.ln()) / (alpha - 1.0) + (1.0 - 1.0 / alpha).ln()
    };
    // α from 1.01 to 20,000.
    let alphas = (0..2000).map(|step| 1.0 + 0.01 * 1.007_28_f64.powi(step));
    alphas.map(bound).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::PeriodLength;

    #[test]
    fn epsilon_is_as_promised() {
        for (rho, days, expected) in [(0.1, 1, 2.35), (0.7, 7, 6.87), (3.0, 30, 16.18)] {
            let epsilon = epsilon(rho, days);
            assert!((epsilon - expected).abs() < 0.01, "{rho}: {epsilon}");
        }
    }

    /// Against the exact δ of the Gaussian mechanism (Balle and Wang, ICML 2018, theorem 8): conversion
    /// from zCDP may lose something, but never promises too little.
    #[test]
    fn epsilon_is_no_less_than_that_of_the_gaussian_mechanism() {
        for rho in [0.001, 0.1, 0.7, 3.0_f64] {
            let epsilon = epsilon(rho, 1);
            let step = (2.0 * rho).sqrt();
            let delta = normal_tail(epsilon / step - step / 2.0)
                - epsilon.exp() * normal_tail(epsilon / step + step / 2.0);
            assert!(delta <= DELTA - THRESHOLD_DELTA, "{rho}: {delta}");
            assert!(delta >= DELTA / 100.0, "{rho}: {delta}, needlessly careful");
        }
    }

    /// Against the plain conversion (Bun and Steinke, TCC 2016, proposition 1.3): ρ + 2√(ρ ln(1/δ)).
    #[test]
    fn epsilon_is_no_more_than_that_of_the_plain_conversion() {
        for rho in [0.001, 0.1, 3.0, 30.0, 300.0_f64] {
            let logarithm = (1.0 / (DELTA - THRESHOLD_DELTA)).ln();
            let plain = rho + 2.0 * (rho * logarithm).sqrt();
            assert!(epsilon(rho, 1) < plain, "{rho}");
        }
    }

    /// The probability that a standard normal variable exceeds x, by Simpson's rule.
    fn normal_tail(x: f64) -> f64 {
        let (steps, end) = (20_000, x + 12.0);
        let width = (end - x) / f64::from(steps);
        let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let weight = |step: i32| match step {
            0 => 1.0,
            step if step == steps => 1.0,
            step if step % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let values = (0..=steps).map(|step| weight(step) * density(x + width * f64::from(step)));
        values.sum::<f64>() * width / 3.0
    }

    #[test]
    fn amounts_are_decimal_numbers() {
        for (text, millionths, told) in [
            ("0.1", 100_000, "0.1"),
            ("3", 3_000_000, "3"),
            ("3.000000", 3_000_000, "3"),
            ("0.000001", 1, "0.000001"),
            ("12.5", 12_500_000, "12.5"),
        ] {
            let rho: Rho = text.parse().unwrap();
            assert_eq!(
                (rho.millionths(), rho.to_string().as_str()),
                (millionths, told)
            );
        }
        for text in [
            "",
            ".1",
            "1.",
            "-1",
            "1e3",
            "0.0000001",
            "NaN",
            "99999999999999999999",
        ] {
            assert!(text.parse::<Rho>().is_err(), "{text}");
        }
    }

    fn period(start: &str, length: PeriodLength) -> Period {
        Period {
            start: start.parse().unwrap(),
            length,
        }
    }

    #[test]
    fn any_thirty_days_stay_within_the_budget() {
        let spending = |a_day: &str, budget: &str| Spending {
            a_day: a_day.parse().unwrap(),
            budget: budget.parse().unwrap(),
        };
        let day = |number: i64| {
            let start: Date = "2026-11-01".parse().unwrap();
            let start = start.saturating_add(number.days());
            let length = PeriodLength::Day;
            Period { start, length }
        };
        let usual: Rho = "0.1".parse().unwrap();
        let spent: Vec<(Period, Rho)> = (0..29).map(|it| (day(it), usual)).collect();
        assert!(spending("0.1", "3").permits(day(29), &spent));
        assert!(!spending("0.100001", "3").permits(day(29), &spent));
        // A day later the first one no longer counts.
        assert!(spending("0.2", "3").permits(day(30), &spent));
        assert!(!spending("0.200001", "3").permits(day(30), &spent));
        // A gap in the middle counts in both directions.
        let around: Vec<_> = (0..59)
            .filter(|it| *it != 29)
            .map(|it| (day(it), usual))
            .collect();
        assert!(spending("0.1", "3").permits(day(29), &around));
        assert!(!spending("0.11", "3").permits(day(29), &around));
        assert!(!spending("0.1", "0.05").permits(day(0), &[]));
        // What is too far away to be in 30 days with it does not count, however much it is.
        let afar = [
            (day(0), "9".parse().unwrap()),
            (day(60), "9".parse().unwrap()),
        ];
        assert!(spending("0.1", "3").permits(day(30), &afar));
        assert!(!spending("0.1", "3").permits(day(29), &afar));
        assert!(!spending("0.1", "3").permits(day(31), &afar));
    }

    #[test]
    fn longer_periods_cost_each_of_their_days() {
        let a_day: Rho = "0.1".parse().unwrap();
        let spending = |budget: &str| Spending {
            a_day,
            budget: budget.parse().unwrap(),
        };
        let week = period("2026-11-16", PeriodLength::Week);
        assert!(spending("0.7").permits(week, &[]));
        assert!(!spending("0.69").permits(week, &[]));
        let month = period("2026-10-01", PeriodLength::Month);
        assert_eq!(days(month), 31);
        assert!(spending("3").permits(month, &[]));
        assert!(
            spending("3").permits(period("2026-11-01", PeriodLength::Month), &[(month, a_day)])
        );
    }
}
