//! Clocks: times that a client cannot forge, but a broken server, another machine's clock or a planted
//! line can. No period may be taken for over because a log says so, and no line may break the others.

use jiff::{Timestamp, ToSpan, Zoned, civil::Date, tz::TimeZone};

use super::{Released, Request, Site, readers};
use crate::program::run_for;

/// Times that are none, or of days that are not over. None may be released.
const NEVER: [(&str, &str); 16] = [
    ("next year", "02/Jun/2099:08:00:00 +0000"),
    ("the last year", "31/Dec/9999:23:59:59 +0000"),
    (
        "beyond the last year by its zone",
        "31/Dec/9999:23:59:59 -1200",
    ),
    ("the year 0", "01/Jan/0000:00:00:00 +0000"),
    (
        "before the year 0 by its zone",
        "01/Jan/0000:00:00:00 +1200",
    ),
    ("five digits", "02/Jun/12025:08:00:00 +0000"),
    ("a day that there is not", "31/Jun/2025:08:00:00 +0000"),
    ("a leap day of no leap year", "29/Feb/2025:08:00:00 +0000"),
    ("the day 0", "00/Jun/2025:08:00:00 +0000"),
    ("a month that there is not", "02/Juh/2025:08:00:00 +0000"),
    ("the hour 24", "02/Jun/2025:24:00:01 +0000"),
    ("the minute 60", "02/Jun/2025:08:60:00 +0000"),
    ("the second 61", "02/Jun/2025:08:00:61 +0000"),
    ("a zone of days", "02/Jun/2025:08:00:00 +9999"),
    ("no zone", "02/Jun/2025:08:00:00"),
    ("digits of another script", "０２/Jun/2025:08:00:00 +0000"),
];

/// So many readers at a time.
fn at(time: &str) -> String {
    let request = Request::default();
    readers(40..60, &request)
        .lines()
        .map(|line| {
            let (client, rest) = line.split_once(" - - [").expect("a client");
            let (_, rest) = rest.split_once(']').expect("a time");
            format!("{client} - - [{time}]{rest}\n")
        })
        .collect()
}

fn honest() -> String {
    readers(0..20, &Request::default())
}

#[test]
fn forged_times_release_no_other_day() {
    let expected = Released::of(&honest(), &[]);
    for (attack, time) in NEVER {
        let found = Released::of(&(at(time) + &honest()), &[]);
        assert_eq!(found.days(), ["2025-06-02"], "{attack}");
        assert_eq!(found.rows("summary"), expected.rows("summary"), "{attack}");
    }
}

/// What is odd and true.
#[test]
fn odd_times_are_of_their_days() {
    for (time, day) in [
        ("29/Feb/2024:23:59:59 +0000", "2024-02-29"),
        ("31/Dec/2016:23:59:60 +0000", "2016-12-31"),
        ("01/Jan/1970:00:00:00 +0000", "1970-01-01"),
        ("19/Jan/2038:03:14:08 +0000", ""),
        ("02/Jun/2024:23:30:00 -0100", "2024-06-03"),
    ] {
        let found = Released::of(&at(time), &[]);
        assert_eq!(found.days().concat(), day, "{time}");
    }
}

/// Every line of both, whatever its account.
#[test]
fn forged_times_lose_no_line() {
    let forged: String = NEVER.iter().map(|(_, time)| at(time)).collect();
    let site = Site::new(forged.clone() + &honest());
    let output = run_for(site.report().args(["-v", "-f", "combined"]), 0);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let count = |name: &str| -> usize {
        let line = said
            .lines()
            .find(|line| line.trim_start().starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().last());
        number.map_or(0, |number| {
            number.replace(['.', ','], "").parse().expect("a number")
        })
    };
    let read = (forged + &honest()).lines().count();
    assert_eq!(count("read"), read, "{said}");
    assert_eq!(count("parsed"), 20, "{said}");
    assert_eq!(
        count("not yet over") + count("malformed"),
        read - 20,
        "{said}"
    );
}

/// Noon of yesterday, today and tomorrow on the clocks of a zone.
fn around_now(zone: &str) -> [(Date, String); 3] {
    let zone = TimeZone::get(zone).expect("a zone");
    let today = Timestamp::now().to_zoned(zone.clone()).date();
    [-1, 0, 1].map(|days| {
        let date = today.checked_add(days.days()).expect("a day");
        let noon: Zoned = date.at(12, 0, 0, 0).to_zoned(zone.clone()).expect("a noon");
        (date, noon.strftime("%d/%b/%Y:%H:%M:%S %z").to_string())
    })
}

/// Neither does the zone whose days are released make one end before it does there.
#[test]
fn a_day_is_over_when_its_midnight_is_past() {
    for zone in [
        "UTC",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Asia/Kathmandu",
    ] {
        let days = around_now(zone);
        let log: String = days.iter().map(|(_, time)| at(time)).collect();
        let found = Released::of(&log, &["--tz", zone]);
        // Midnight may have passed since.
        let yesterday = days[0].0.to_string();
        assert_eq!(found.days().first(), Some(&yesterday.as_str()), "{zone}");
        let [.., (_, tomorrow)] = &days;
        assert!(
            Released::of(&at(tomorrow), &["--tz", zone])
                .days()
                .is_empty(),
            "{zone}"
        );
        let grace = Released::of(&log, &["--tz", zone, "--grace=49h"]);
        assert!(grace.days().is_empty(), "{zone}: {:?}", grace.days());
        for length in ["week", "month"] {
            let found = Released::of(&at(&days[1].1), &["--tz", zone, "--period", length]);
            assert!(found.days().is_empty(), "{zone}, {length}");
        }
    }
}

/// Days of 23 and 25 hours, and local times that there are twice or not at all.
#[test]
fn changes_of_clocks_move_no_request_to_another_day() {
    let log = |day: &str, hours: &[u32]| -> String {
        let times = hours.iter().map(|hour| format!("{day}:{hour:02}:30:00"));
        times.map(|time| at(&time)).collect()
    };
    let hours: Vec<u32> = (0..24).collect();
    let format = r#"%h %l %u [%{%d/%b/%Y:%H:%M:%S}t] "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;
    let zones = ["--tz=Europe/Berlin", "--log-tz=Europe/Berlin", "-f", format];
    for (day, date) in [("30/Mar/2025", "2025-03-30"), ("26/Oct/2025", "2025-10-26")] {
        let found = Released::of(&log(day, &hours), &zones);
        assert_eq!(found.days(), [date]);
        let summary =
            String::from_utf8_lossy(&found.0[&format!("date={date}/summary.csv")]).into_owned();
        let requests = summary.lines().nth(1).and_then(|row| row.split(',').nth(1));
        assert_eq!(requests, Some("480"), "{summary}");
    }
}
