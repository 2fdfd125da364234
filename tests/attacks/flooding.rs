//! Flooding: a client fills what the program remembers with values that are all different, or makes the
//! work per line as dear as it can. Time and memory must stay within a small multiple of those of an
//! ordinary log of as many bytes.
//!
//! `HUSHLOG_SLOW_TESTS=1` floods with ten times as much.

use std::{env, fs, io::Write, process::Stdio, thread, time::Duration};

use super::{Request, Site, readers};

/// Peak memory in bytes, and processor time.
struct Cost(u64, Duration);

/// Lines of a flood.
fn lines() -> usize {
    let slow = env::var_os("HUSHLOG_SLOW_TESTS").is_some_and(|value| value == "1");
    if slow { 200_000 } else { 20_000 }
}

/// A log of so many bytes, of clients with twenty requests each, lest they be taken for machines.
fn flood(bytes: usize, request: impl Fn(usize, &mut Fields)) -> String {
    let mut log = String::new();
    for number in 0.. {
        if log.len() >= bytes {
            break;
        }
        let mut fields = Fields {
            client: format!("81.{}.{}.9", number / 20 / 256 % 200, number / 20 % 256),
            target: "/".to_owned(),
            referrer: "-".to_owned(),
            agent: super::WINDOWS.to_owned(),
        };
        request(number, &mut fields);
        let Fields {
            client,
            target,
            referrer,
            agent,
        } = &fields;
        let second = number % 86_400;
        log += &Request {
            client,
            second,
            target,
            referrer,
            agent,
            ..Request::default()
        }
        .line();
    }
    log
}

/// What a client may choose, its address included.
struct Fields {
    client: String,
    target: String,
    referrer: String,
    agent: String,
}

/// The cost of a report on a log.
fn cost(log: &str) -> Cost {
    let site = Site::new(log);
    let mut command = site.report();
    command
        .args(["-q", "-j2", "-f", "combined"])
        .stdout(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let process = format!("/proc/{}", child.id());
    let mut cost = Cost(0, Duration::ZERO);
    while child.try_wait().expect("a child").is_none() {
        let seen = Cost(high_water(&process), processor_time(&process));
        cost = Cost(cost.0.max(seen.0), cost.1.max(seen.1));
        thread::sleep(Duration::from_millis(5));
    }
    let status = child.wait().expect("the program ends");
    assert!(status.success(), "{status}");
    cost
}

/// `VmHWM` of Linux, in bytes; nothing once the process has ended.
fn high_water(process: &str) -> u64 {
    let status = fs::read_to_string(format!("{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.map_or(0, |kibibytes| 1024 * kibibytes)
}

/// `utime` and `stime` of Linux, in its hundredths of a second, on all processors: how busy the machine
/// is with other things does not matter. Nothing once the process has ended.
fn processor_time(process: &str) -> Duration {
    let status = fs::read_to_string(format!("{process}/stat")).unwrap_or_default();
    let after_name = status.rsplit(')').next().unwrap_or_default();
    let times = after_name.split_whitespace().skip(11).take(2);
    let hundredths: u64 = times.filter_map(|time| time.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * hundredths)
}

/// A flood and an ordinary log of the same size.
#[track_caller]
fn check(attack: &str, request: impl Fn(usize, &mut Fields)) {
    let size = 180 * lines();
    let log = flood(size, request);
    let ordinary = flood(size, |number, fields| {
        fields.target = format!("/page-{}", ["a", "b", "c", "d"][number % 4]);
    });
    let (Cost(memory, time), Cost(usual_memory, usual_time)) = (cost(&log), cost(&ordinary));
    let tell = format!("{attack}: {memory} B, {time:?}; usually {usual_memory} B, {usual_time:?}");
    writeln!(std::io::stderr(), "{tell}").expect("standard error");
    // Each distinct value is held once, with its bookkeeping.
    assert!(memory < 3 * usual_memory + 8 * log.len() as u64, "{tell}");
    assert!(
        time < 12 * usual_time + Duration::from_millis(500),
        "{tell}"
    );
}

#[test]
fn values_that_are_all_different() {
    check("paths", |number, fields| {
        fields.target = format!("/{}/{}", letters(number), letters(number * 7));
    });
    check("agents", |number, fields| {
        fields.agent = format!(
            "Mozilla/5.0 ({}) {}/1.0",
            letters(number),
            letters(number * 3)
        );
    });
    check("referrers and campaigns", |number, fields| {
        let name = letters(number);
        fields.referrer = format!("https://{name}.com/");
        fields.target = format!("/?utm_source={name}&utm_medium={name}&utm_campaign={name}");
    });
    check("clients", |number, fields| {
        fields.client = format!("2a02:{:x}:{:x}::1", number >> 16, number & 0xffff);
    });
}

/// A number in letters, as a path that scrubbing leaves as it is.
fn letters(mut number: usize) -> String {
    let mut text = String::from("x");
    while number > 0 {
        text.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    text
}

/// Values for whose rules the work grows faster than their length, if it does.
#[test]
fn values_that_are_dear_to_reduce() {
    const LONG: usize = 1000;
    for (attack, start, part) in [
        ("percent signs, encoded again and again", "%", "25"),
        ("slashes", "", "/"),
        ("dots and digits", "", "1."),
        ("colons", "", "1:"),
        ("hyphens", "", "1-a"),
        ("at signs", "", "@"),
        ("a character that grows under NFKC", "", "%EF%B7%BA"),
        ("marks", "", "e%CC%81%CC%A3"),
        ("parameters", "", "&utm_source="),
        ("escapes", "", r"\x41"),
    ] {
        let repeated = part.repeat(LONG / part.len());
        check(attack, |line, fields| {
            if line % 20 == 0 {
                let long = format!("{start}{repeated}{}", letters(line));
                fields.target = format!("/{long}?{long}");
                fields.referrer = format!("https://{long}.com/");
                fields.agent = long;
            }
        });
    }
}

/// Lines that never end are counted, not held.
#[test]
fn a_line_without_an_end() {
    let size = if lines() > 100_000 {
        400 << 20
    } else {
        24 << 20
    };
    let endless = "x".repeat(size) + "\n" + &readers(0..20, &Request::default());
    let Cost(memory, _) = cost(&endless);
    let Cost(usual, _) = cost(&readers(0..20, &Request::default()));
    assert!(memory < usual + (16 << 20), "{memory} B; usually {usual} B");
}
