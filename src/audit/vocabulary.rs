//! Holds keys to their closed lists, and pages to what scrubbing leaves, by the words of the contract
//! and not by the scrubber's code.

use serde_json::Value;

use super::{
    finding::{Check, Findings},
    table::{OTHER, Rows},
};
use crate::{
    aggregate::Table as T,
    privacy::{Browser, Category, Crawler, Device, Probe, System, registrable_domain},
};

/// What stands for something unknown.
const UNKNOWN: &str = "(unknown)";

const CHANNELS: [&str; 8] = [
    "ai", "campaign", "direct", "email", "internal", "referral", "search", "social",
];

/// What stands for referrers that are no domain.
const REFERRERS: [&str; 6] = [
    "direct",
    "(internal)",
    "(ip)",
    "(intranet)",
    "(app)",
    UNKNOWN,
];

/// Bins of visit durations and depths.
const DURATIONS: [[&str; 2]; 7] = [
    ["0", "10"],
    ["10", "30"],
    ["30", "60"],
    ["60", "180"],
    ["180", "600"],
    ["600", "1800"],
    ["1800", ""],
];
const DEPTHS: [[&str; 2]; 7] = [
    ["1", "1"],
    ["2", "2"],
    ["3", "3"],
    ["4", "5"],
    ["6", "10"],
    ["11", "20"],
    ["21", ""],
];

/// What scrubbing puts in the place of a path segment.
const PLACEHOLDERS: [&str; 8] = [
    "{email}", "{user}", "{ip}", "{token}", "{num}", "{val}", "{long}", "{…}",
];

/// Words after which a path segment is somebody's.
const PATH_WORDS: &str = "user users u profile profiles account accounts member members author authors \
    order orders ticket tickets search q s reset verify confirm invite unsubscribe share tag token session";

/// Most segments of a page before `{…}`, unless the settings say fewer, and most characters of one.
const MOST_SEGMENTS: u64 = 8;
const LONGEST_SEGMENT: usize = 48;

/// Most characters of a campaign's tag or a kept query value.
const LONGEST_TAG: usize = 32;

/// Checks the keys of a table under the settings in force.
pub(super) fn check(rows: &Rows, policy: &Value, findings: &mut Findings) {
    let pages = Pages::under(policy);
    for row in &rows.rows {
        for (position, name) in rows.keys.iter().enumerate() {
            let key = row.keys[position].as_str();
            let holds = key == OTHER || fits(rows.table, name, key, &row.keys, &pages);
            findings.require(
                Check::Vocabulary,
                holds,
                || rows.place(row).column(name),
                || "not of the closed list, or not of the shape that scrubbing leaves".to_owned(),
            );
        }
    }
}

fn fits(table: T, name: &str, key: &str, keys: &[String], pages: &Pages) -> bool {
    let below = |limit: u8| key.len() == 2 && key.parse::<u8>().is_ok_and(|it| it < limit);
    let parent = keys.first().map_or("", String::as_str);
    match name {
        "hour" => below(24),
        "weekday" => key.len() == 1 && ("1"..="7").contains(&key),
        "page" | "from_page" => pages.fit(key),
        "to_page" => key == "(same)" || pages.fit(key),
        "channel" => CHANNELS.contains(&key),
        "referrer" => {
            let fits = REFERRERS.contains(&key)
                || registrable_domain(key.as_bytes()).as_deref() == Some(key);
            let is_direct = key == "direct";
            let of_channel = if is_direct {
                ["direct", "campaign"].contains(&parent)
            } else {
                parent != "direct"
            };
            fits && of_channel
        }
        "source" => is_tag(key),
        "medium" | "campaign" => key == UNKNOWN || is_tag(key),
        "country" => key == UNKNOWN || is_country(key),
        "region" => key == UNKNOWN || is_region_of(key, parent),
        "browser" => names(
            Browser::UNKNOWN.number(),
            |n| Browser::from_number(n).name(),
            key,
        ),
        "system" => names(
            System::UNKNOWN.number(),
            |n| System::from_number(n).name(),
            key,
        ),
        "device" => names(
            Device::UNKNOWN.number(),
            |n| Device::from_number(n).name(),
            key,
        ),
        "duration_from" | "duration_to" => DURATIONS.iter().any(|bin| *keys == *bin),
        "pageviews_from" | "pageviews_to" => DEPTHS.iter().any(|bin| *keys == *bin),
        "status" if table == T::Errors => is_status(key, 400),
        "status" => key == "(invalid)" || is_status(key, 100),
        "category" => Category::ALL.iter().any(|category| category.name() == key),
        "crawler" => {
            let numbers = 0..=Crawler::UNKNOWN.number();
            let mut crawlers = numbers.map(Crawler::from_number);
            key == UNKNOWN || crawlers.any(|crawler| crawler.name() == key)
        }
        "host" => key == "(other host)" || is_host(key),
        "probe" => Probe::named(key).is_some(),
        // The names of goals are the operator's own words.
        "goal" => key
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || "_-. ".contains(it)),
        _ => false,
    }
}

fn names(last: u8, name: impl Fn(u8) -> &'static str, key: &str) -> bool {
    (0..=last).any(|number| name(number) == key)
}

fn is_tag(key: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.len() <= LONGEST_TAG
        && key.bytes().next().is_some_and(rest)
        && key.bytes().all(|byte| rest(byte) || b"_.-".contains(&byte))
}

fn is_country(key: &str) -> bool {
    key.len() == 2 && key.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// ISO 3166-2: the country, a hyphen, and up to three letters or digits.
fn is_region_of(key: &str, country: &str) -> bool {
    let rest = key
        .strip_prefix(country)
        .and_then(|it| it.strip_prefix('-'));
    let is_code = |it: u8| it.is_ascii_uppercase() || it.is_ascii_digit();
    rest.is_some_and(|it| (1..=3).contains(&it.len()) && it.bytes().all(is_code))
}

fn is_status(key: &str, first: u16) -> bool {
    key.parse()
        .is_ok_and(|status: u16| (first..600).contains(&status))
}

fn is_host(key: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| is_plain(byte) || b"-._".contains(&byte))
}

/// What pages may look like under the settings in force.
struct Pages {
    routes: Vec<String>,
    kept: Vec<String>,
    words: Vec<String>,
    /// Most segments before `{…}`.
    levels: u64,
}

impl Pages {
    fn under(policy: &Value) -> Self {
        let texts = |name: &str| -> Vec<String> {
            let items = policy[name].as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let words = PATH_WORDS.split_whitespace().map(str::to_owned);
        let added = texts("path_words").into_iter().map(|it| it.to_lowercase());
        Self {
            routes: texts("pages"),
            kept: texts("keep_query"),
            words: words.chain(added).collect(),
            levels: policy["path_levels"].as_u64().unwrap_or(MOST_SEGMENTS),
        }
    }

    fn fit(&self, page: &str) -> bool {
        let (path, query) = page.split_once('?').unwrap_or((page, ""));
        let has_query = page.contains('?');
        (path == "(opaque)"
            || self.routes.iter().any(|route| route == path)
            || self.is_scrubbed(path))
            && (!has_query || query.split('&').all(|pair| self.is_kept(pair)))
    }

    fn is_kept(&self, pair: &str) -> bool {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        self.kept.iter().any(|kept| kept == key) && is_tag(value)
    }

    fn is_scrubbed(&self, path: &str) -> bool {
        let Some(rest) = path.strip_prefix('/') else {
            return false;
        };
        let mut follows_word = false;
        for (position, segment) in (0..).zip(rest.split('/')) {
            let is_placeholder = PLACEHOLDERS.contains(&segment);
            let is_last = segment == "{…}";
            if (position >= self.levels) != is_last || position > self.levels {
                return false;
            }
            if !segment.is_empty() && !is_placeholder && (follows_word || !is_plain(segment)) {
                return false;
            }
            if !segment.is_empty() {
                follows_word = self.words.contains(&segment.to_lowercase());
            }
        }
        true
    }
}

/// A segment that may be published as it is.
fn is_plain(segment: &str) -> bool {
    let is_allowed = |it: char| {
        it.is_alphanumeric() || "-_.~".contains(it) || (!it.is_ascii() && !it.is_whitespace())
    };
    let longest_number = segment
        .split(|it: char| !it.is_numeric())
        .map(|run| run.chars().count())
        .max();
    let is_code = |run: &str| run.len() >= 16 && run.bytes().any(|it| it.is_ascii_digit());
    let of_code = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    segment.chars().count() <= LONGEST_SEGMENT
        && !segment.starts_with('~')
        && segment.chars().all(is_allowed)
        && longest_number < Some(6)
        && !segment.split(|it| !of_code(it)).any(is_code)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_are_what_scrubbing_leaves() {
        let policy =
            json!({"pages": ["/blog/:slug"], "path_words": ["Kunde"], "keep_query": ["lang"]});
        let pages = Pages::under(&policy);
        for (page, expected) in [
            ("/", true),
            ("/blog/", true),
            ("//a", true),
            ("/blog/:slug", true),
            ("/shop/:slug", false),
            ("(opaque)", true),
            ("about", false),
            ("/user/{val}", true),
            ("/user/alice", false),
            ("/User//alice", false),
            ("/kunde/alice", false),
            ("/reset/{token}/done", true),
            ("/~alice", false),
            ("/a/123456", false),
            ("/a/12345", true),
            ("/a b", false),
            ("/a@b", false),
            ("/数据", true),
            ("/1/2/3/4/5/6/7/8", true),
            ("/1/2/3/4/5/6/7/8/9", false),
            ("/1/2/3/4/5/6/7/8/{…}", true),
            ("/1/{…}", false),
            ("/privacy-policy-2024", false),
            ("/?lang=de", true),
            ("/?lang=DE", false),
            ("/?q=x", false),
            ("/?", false),
        ] {
            assert_eq!(pages.fit(page), expected, "{page}");
        }
        assert!(!pages.fit(&format!("/{}", "a".repeat(49))));
        let two_levels = Pages::under(&json!({"path_levels": 2}));
        for (page, expected) in [
            ("/a/b", true),
            ("/a/b/{…}", true),
            ("/a/b/c", false),
            ("/a/{…}", false),
            ("/a/b/c/{…}", false),
        ] {
            assert_eq!(two_levels.fit(page), expected, "{page}");
        }
    }
}
