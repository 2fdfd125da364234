//! Lines that are not quite those of their format: what is read of them is written so that it is read again.

use std::sync::LazyLock;

use hushlog::{
    format::{Format, Marks, Parsed, Parser},
    privacy::{
        AddressRule, AgentRules, Keys, OptOuts, ReferrerRules, Regions, ScrubRules, Scrubber,
        UrlRules, UrlSettings,
    },
    stats::{Account, Accounts},
    time::{Calendar, PeriodLength, Precision, TimeZone},
};
use proptest::{prelude::*, sample::Index};

use super::{format_of, lines::LINES};

static FORMATS: LazyLock<Vec<Format>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let format = |(name, _): &(&str, _)| format_of(name, folder.path()).1;
    LINES.iter().map(format).collect()
});

static RULES: LazyLock<ScrubRules> = LazyLock::new(|| ScrubRules {
    address: AddressRule::Visitor,
    calendar: Calendar::new(TimeZone::UTC, PeriodLength::Day),
    urls: UrlRules::new(&UrlSettings::default()).expect("usable settings"),
    referrers: ReferrerRules::new(&[]),
    agents: AgentRules::new(),
    hosts: Vec::new(),
    regions: Regions::none(),
    opt_outs: OptOuts::default(),
    precision: Precision::Exact,
});

/// What a line comes to, and how it ends.
fn rewritten(parser: &mut Parser, line: &[u8], scrubber: &mut Scrubber<'_>) -> Option<Vec<u8>> {
    let (mut marks, mut records) = (Marks::default(), Vec::new());
    parser
        .parse_marking(line, &mut marks, &mut records)
        .ok()??;
    let (mut written, mut accounts) = (Vec::new(), Accounts::default());
    scrubber.scrub(&records, &mut accounts, |_, scrubbed| {
        parser
            .rewrite(line, &marks, scrubbed, &mut written)
            .expect("a line that was read");
        Account::Parsed
    });
    (accounts.parsed == 1).then_some(written)
}

/// Time, status and bytes of a line.
fn told(parser: &mut Parser, line: &[u8]) -> Option<(i64, Option<u16>, u64)> {
    match parser.parse(line) {
        Parsed::Record(record) => Some((record.time.0, record.status, record.bytes)),
        _ => None,
    }
}

fn insertion() -> impl Strategy<Value = Vec<u8>> {
    let special = prop::sample::select(&b" \"\\,|{}[]:/?&=#+-%@;\t'.0"[..]);
    prop::collection::vec(prop_oneof![3 => special, 1 => any::<u8>()], 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn whatever_is_read_is_written_so_that_it_is_read_again(
        case in 0..LINES.len(),
        places in prop::collection::vec((any::<Index>(), insertion(), 0..3_usize), 0..4),
    ) {
        let keys = Keys::new([7; 32].into());
        let mut scrubber = Scrubber::new(&RULES, &keys);
        let mut parser = FORMATS[case].parser(TimeZone::UTC);
        let (name, log) = LINES[case];
        let (before, line) = log.rsplit_once('\n').unwrap_or(("", log));
        for directive in before.lines() {
            let _ = parser.parse(directive.as_bytes());
        }
        let mut line = line.as_bytes().to_vec();
        for (place, inserted, removed) in places {
            let place = place.index(line.len());
            let end = (place + removed).min(line.len());
            line.splice(place..end, inserted.into_iter().filter(|byte| *byte != b'\n'));
        }
        let expected = told(&mut parser, &line);
        if let Some(written) = rewritten(&mut parser, &line, &mut scrubber) {
            let found = told(&mut parser, &written);
            prop_assert_eq!(found, expected, "{}: {}\n{}", name, line.escape_ascii(), written.escape_ascii());
            let is_plain = |byte: &u8| (b' '..=b'~').contains(byte) || b"\t\r".contains(byte);
            prop_assert!(written.iter().all(is_plain), "{}", written.escape_ascii());
        }
    }
}
