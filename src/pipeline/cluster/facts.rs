//! The accounts of lines as rows of a stream: numbers that add up, however the lines were divided among
//! tasks. What a task counts twice because it was retried is in no row twice, as the rows of a failed
//! attempt are thrown away with it.

use std::collections::BTreeMap;

use crate::{
    privacy::LineCounts,
    stats::Accounts,
    time::{Period, Timestamp},
};

/// Numbers by period (none for what no period is known of), kind and index.
#[derive(Default)]
pub(super) struct Facts {
    numbers: BTreeMap<(String, &'static str, i64), i64>,
}

/// One number.
pub(super) struct Fact<'f> {
    pub(super) period: &'f str,
    pub(super) kind: &'f str,
    pub(super) index: i64,
    pub(super) number: i64,
}

const COUNT: &str = "lines/count";
/// The sum of the lines' hashes in four parts of 32 bits, which add up without carrying.
const SUM: &str = "lines/sum";
const PARSED: &str = "lines/parsed";
const EXCLUDED: &str = "lines/excluded";
const REFUSED: &str = "lines/refused";
/// In microseconds since 1970.
const EARLIEST: &str = "lines/earliest";
/// A bit for each minute, in words of 64.
const MINUTES: &str = "lines/minutes";

const ACCOUNTS: [&str; 7] = [
    "account/already_released",
    "account/excluded",
    "account/ignored",
    "account/malformed",
    "account/not_yet_over",
    "account/opted_out",
    "account/parsed",
];

const KINDS: [&str; 7] = [COUNT, SUM, PARSED, EXCLUDED, REFUSED, EARLIEST, MINUTES];

const LIMB: u32 = 32;

impl Facts {
    /// Whether rows of a kind are facts.
    pub(super) fn is_kind(kind: &str) -> bool {
        known(kind).is_some()
    }

    /// Adds a number; `None` if there is none of that kind.
    pub(super) fn add(&mut self, fact: &Fact<'_>) -> Option<()> {
        let kind = known(fact.kind)?;
        let place = (fact.period.to_owned(), kind, fact.index);
        let numbers = self.numbers.entry(place);
        numbers
            .and_modify(|number| *number = together(kind, *number, fact.number))
            .or_insert(fact.number);
        Some(())
    }

    /// Adds what is known of a period's lines.
    pub(super) fn add_lines(&mut self, period: Period, lines: &LineCounts) {
        let period = period.to_string();
        let limbs =
            (0..4).map(|limb| (SUM, limb, (lines.sum >> (LIMB * limb) & 0xffff_ffff) as i64));
        let counts = [
            (COUNT, 0, lines.lines as i64),
            (PARSED, 0, lines.parsed as i64),
            (EXCLUDED, 0, lines.excluded as i64),
            (REFUSED, 0, i64::from(lines.refused)),
        ];
        let earliest = lines.earliest.map(|time| (EARLIEST, 0, time.0));
        let minutes = lines
            .minutes
            .iter()
            .zip(0..)
            .filter(|(word, _)| **word != 0);
        let minutes = minutes.map(|(word, index)| (MINUTES, index, word.cast_signed()));
        let all = limbs.chain(counts).chain(earliest).chain(minutes);
        for (kind, index, number) in all {
            self.add(&Fact {
                period: &period,
                kind,
                index: index.into(),
                number,
            });
        }
    }

    /// Adds lines by account.
    pub(super) fn add_accounts(&mut self, accounts: &Accounts) {
        let mut accounts = *accounts;
        for (kind, number) in ACCOUNTS.into_iter().zip(by_kind(&mut accounts)) {
            self.add(&Fact {
                period: "",
                kind,
                index: 0,
                number: *number as i64,
            });
        }
    }

    /// All numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Fact<'_>> {
        let numbers = self.numbers.iter();
        numbers.map(|((period, kind, index), number)| Fact {
            period,
            kind,
            index: *index,
            number: *number,
        })
    }

    /// The periods that lines were seen of.
    pub(super) fn periods(&self) -> impl Iterator<Item = &str> {
        let counts = self.numbers.keys().filter(|(_, kind, _)| *kind == COUNT);
        counts.map(|(period, ..)| period.as_str())
    }

    /// What is known of a period's lines.
    pub(super) fn lines(&self, period: &str) -> LineCounts {
        let number = |kind, index| self.number(period, kind, index);
        let count = |kind| number(kind, 0).unwrap_or(0).cast_unsigned();
        let limbs =
            (0..4).map(|limb| (number(SUM, limb).unwrap_or(0) as u128) << (LIMB * limb as u32));
        let words = (period.to_owned(), MINUTES, 0)..=(period.to_owned(), MINUTES, i64::MAX);
        let words = self.numbers.range(words);
        let mut minutes = Vec::new();
        for ((.., index), bits) in words {
            let word = usize::try_from(*index).unwrap_or(0).min(MOST_WORDS);
            minutes.resize(minutes.len().max(word + 1), 0);
            minutes[word] = bits.cast_unsigned();
        }
        LineCounts {
            lines: count(COUNT),
            sum: limbs.fold(0, u128::wrapping_add),
            parsed: count(PARSED),
            excluded: count(EXCLUDED),
            refused: count(REFUSED) > 0,
            earliest: number(EARLIEST, 0).map(Timestamp),
            minutes,
        }
    }

    /// Lines by account.
    pub(super) fn accounts(&self) -> Accounts {
        let mut accounts = Accounts::default();
        for (kind, account) in ACCOUNTS.into_iter().zip(by_kind(&mut accounts)) {
            *account = self.number("", kind, 0).unwrap_or(0).cast_unsigned();
        }
        accounts
    }

    fn number(&self, period: &str, kind: &'static str, index: i64) -> Option<i64> {
        self.numbers.get(&(period.to_owned(), kind, index)).copied()
    }
}

/// Words of minutes that a period of 32 days has at most.
const MOST_WORDS: usize = 32 * 24 * 60 / 64;

fn by_kind(accounts: &mut Accounts) -> [&mut u64; 7] {
    let Accounts {
        already_released,
        excluded,
        ignored,
        malformed,
        not_yet_over,
        opted_out,
        parsed,
    } = accounts;
    [
        already_released,
        excluded,
        ignored,
        malformed,
        not_yet_over,
        opted_out,
        parsed,
    ]
}

fn known(kind: &str) -> Option<&'static str> {
    let mut kinds = KINDS.into_iter().chain(ACCOUNTS);
    kinds.find(|known| *known == kind)
}

/// Two numbers of the same kind and place as one.
fn together(kind: &str, one: i64, other: i64) -> i64 {
    match kind {
        EARLIEST => one.min(other),
        REFUSED => one.max(other),
        MINUTES => one | other,
        _ => one.wrapping_add(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::PeriodLength;

    fn period() -> Period {
        Period {
            start: "2026-11-21".parse().unwrap(),
            length: PeriodLength::Day,
        }
    }

    proptest! {
        #[test]
        fn what_tasks_saw_adds_up(
            parts in proptest::collection::vec(
                (any::<u128>(), 0..1000_u64, any::<bool>(), 0..1_000_000_i64, any::<[u64; 3]>()),
                1..9,
            ),
        ) {
            let mut facts = Facts::default();
            let mut expected = LineCounts { minutes: vec![0; 3], ..LineCounts::default() };
            for (sum, lines, refused, earliest, minutes) in parts {
                let earliest = Some(Timestamp(earliest));
                facts.add_lines(period(), &LineCounts {
                    lines, sum, parsed: lines / 2, excluded: lines - lines / 2, refused, earliest,
                    minutes: minutes.to_vec(),
                });
                expected.lines += lines;
                expected.sum = expected.sum.wrapping_add(sum);
                expected.parsed += lines / 2;
                expected.excluded += lines - lines / 2;
                expected.refused |= refused;
                expected.earliest = expected.earliest.or(earliest).min(earliest);
                expected.minutes.iter_mut().zip(minutes).for_each(|(mine, other)| *mine |= other);
            }
            while expected.minutes.last() == Some(&0) {
                expected.minutes.pop();
            }
            prop_assert_eq!(facts.lines("2026-11-21"), expected);
            prop_assert_eq!(facts.periods().collect::<Vec<_>>(), ["2026-11-21"]);
        }
    }

    #[test]
    fn accounts_add_up() {
        let mut facts = Facts::default();
        let one = Accounts {
            excluded: 1,
            malformed: 2,
            parsed: 3,
            ..Accounts::default()
        };
        facts.add_accounts(&one);
        facts.add_accounts(&one);
        let mut twice = one;
        twice += one;
        assert_eq!(facts.accounts(), twice);
    }

    #[test]
    fn other_kinds_are_no_facts() {
        for (kind, is) in [
            ("lines/sum", true),
            ("request", false),
            ("account/other", false),
        ] {
            assert_eq!(Facts::is_kind(kind), is, "{kind}");
        }
    }
}
