//! Reads the lines that the generator writes: combined and Debian's `vhost_combined`, nothing escaped.

use super::Settings;
use super::calendar::{date, days_since_epoch};

/// The log formats the tests use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Combined,
    VhostCombined,
}

impl Format {
    /// The format's name for `--log-format`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Combined => "combined",
            Self::VhostCombined => "vhost_combined",
        }
    }
}

/// One line of a log.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) instant: i64,
    pub(crate) client: String,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) status: u16,
    pub(crate) bytes: u64,
    pub(crate) referrer: String,
    pub(crate) agent: String,
    pub(crate) host: Option<String>,
}

/// Every line that no filter excludes.
pub(crate) fn parse(log: &str, settings: &Settings) -> Vec<Request> {
    log.lines()
        .map(|line| request(line, settings.format))
        .filter(|request| !settings.excluded_statuses.contains(&request.status))
        .collect()
}

fn request(line: &str, format: Format) -> Request {
    let (host, line) = match format {
        Format::Combined => (None, line),
        Format::VhostCombined => {
            let (host, rest) = line.split_once(' ').expect("a host and port");
            let (name, _port) = host.split_once(':').expect("a port");
            (Some(name.to_owned()), rest)
        }
    };
    // client - - [time] "request" status bytes "referrer" "agent"
    let quoted: Vec<&str> = line.split('"').collect();
    let (client, _) = quoted[0].split_once(' ').expect("a client");
    let (_, time) = quoted[0]
        .trim()
        .trim_end_matches(']')
        .split_once('[')
        .expect("a time");
    let words: Vec<&str> = quoted[1].split(' ').collect();
    let numbers: Vec<&str> = quoted[2].split_whitespace().collect();
    Request {
        instant: instant(time),
        client: client.to_owned(),
        method: words[0].to_owned(),
        target: words[1].to_owned(),
        status: numbers[0].parse().expect("a status"),
        bytes: if numbers[1] == "-" {
            0
        } else {
            numbers[1].parse().expect("a byte count")
        },
        referrer: quoted[3].to_owned(),
        agent: quoted[5].to_owned(),
        host,
    }
}

/// `30/Mar/2025:01:02:03 +0200`.
fn instant(text: &str) -> i64 {
    let (local, offset) = text.split_once(' ').expect("an offset");
    let parts: Vec<&str> = local.split(['/', ':']).collect();
    let number = |part: &str| part.parse::<i64>().expect("a number");
    let day = days_since_epoch(number(parts[2]), month(parts[1]), number(parts[0]));
    let seconds = number(parts[3]) * 3600 + number(parts[4]) * 60 + number(parts[5]);
    let ahead = number(&offset[1..3]) * 3600 + number(&offset[3..5]) * 60;
    let ahead = if offset.starts_with('-') {
        -ahead
    } else {
        ahead
    };
    day * 86_400 + seconds - ahead
}

/// An instant as logs write it, in a zone so many minutes ahead of UTC.
pub(crate) fn log_time(instant: i64, minutes_ahead: i64) -> String {
    let local = instant + minutes_ahead * 60;
    let (year, month, day) = date(local.div_euclid(86_400));
    let second = local.rem_euclid(86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let month = MONTHS[month as usize - 1];
    let sign = if minutes_ahead < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes_ahead.abs() / 60, minutes_ahead.abs() % 60);
    format!(
        "{day:02}/{month}/{year}:{hour:02}:{minute:02}:{second:02} {sign}{hours:02}{minutes:02}"
    )
}

/// The English abbreviations of the months, January first.
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn month(name: &str) -> i64 {
    let position = MONTHS
        .iter()
        .position(|&month| month == name)
        .expect("a month");
    position as i64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        let instant = days_since_epoch(2025, 3, 1) * 86_400 + 61;
        assert_eq!(log_time(instant, -300), "28/Feb/2025:19:01:01 -0500");
        for zone in [0, 120, -300, 330] {
            assert_eq!(super::instant(&log_time(instant, zone)), instant);
        }
    }

    #[test]
    fn a_line_of_each_format_is_taken_apart() {
        let plain = r#"81.2.3.4 - - [30/Mar/2025:01:00:05 +0200] "GET /a?b=c HTTP/1.1" 404 - "-" "Agent (x)""#;
        let request = request(plain, Format::Combined);
        assert_eq!(
            request.instant,
            days_since_epoch(2025, 3, 29) * 86_400 + 23 * 3600 + 5
        );
        assert_eq!(
            (request.client.as_str(), request.status, request.bytes),
            ("81.2.3.4", 404, 0)
        );
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            ("GET", "/a?b=c")
        );
        assert_eq!(
            (request.referrer.as_str(), request.agent.as_str()),
            ("-", "Agent (x)")
        );
        assert_eq!(request.host, None);

        let with_host = super::request(
            &format!("www.example.com:443 {plain}"),
            Format::VhostCombined,
        );
        assert_eq!(with_host.host.as_deref(), Some("www.example.com"));
        assert_eq!(with_host.instant, request.instant);
    }
}
