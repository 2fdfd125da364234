//! Detection: which known format fits the first lines of a log, or whether they are of several.

use memchr::memrchr;

use super::{
    Format, Parsed,
    layout::{Layout, is_address},
    predefined::{COMBINED, FORMATS},
    setting::mixed,
    wrapper::Wrapper,
};
use crate::{
    error::{Error, Result},
    time::TimeZone,
};

/// How much of a source is looked at.
const SAMPLE_LINES: usize = 1000;
const SAMPLE_BYTES: usize = 1024 * 1024;

/// How many guesses the error names.
const GUESSES: usize = 3;

/// The format that fits a log best, and how well it does.
#[derive(Clone, Debug)]
pub struct Detected {
    /// The format.
    pub format: Format,
    /// How many of the lines looked at it parses.
    pub parsed: usize,
    /// How many lines were looked at, blank ones and `#` directives left out. Where there are none,
    /// every format fits, and `combined` is assumed.
    pub lines: usize,
}

impl Detected {
    /// The share of the lines that the format parses, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.lines == 0 {
            1.0
        } else {
            self.parsed as f64 / self.lines as f64
        }
    }

    /// Whether at least half of the lines are of the format.
    const fn is_majority(&self) -> bool {
        self.parsed * 2 >= self.lines
    }
}

/// How well a format fits the sample.
struct Fit {
    detected: Detected,
    /// Lines with an address for the client. A plan that is off by a field may read a line, since a
    /// user's name can be anything, but then it takes something else for the client.
    addresses: usize,
}

/// See [`Format::detect`].
pub(super) fn detect(name: &str, sample: &[u8]) -> Result<Detected> {
    let lines = sampled(sample);
    let wrapper = Wrapper::of_most(lines.iter().copied());
    let known = FORMATS.iter().map(|known| known.format());
    let mut fits: Vec<_> = known
        .chain([mixed()])
        .filter_map(|format| format.wrapped(wrapper))
        .map(|format| fit(format, &lines))
        .collect();
    fits.sort_by_key(Fit::rank);
    match fits.pop() {
        Some(best) if best.detected.lines == 0 => Ok(Detected {
            format: without_lines(sample),
            ..best.detected
        }),
        Some(best) if best.detected.is_majority() => Ok(best.detected),
        best => {
            let guesses = fits.iter().chain(&best).rev().take(GUESSES);
            Err(Error::Format {
                name: name.into(),
                message: no_format(guesses),
            })
        }
    }
}

/// The format of a log that has no lines yet: directives tell one.
fn without_lines(sample: &[u8]) -> Format {
    let directed = FORMATS.iter().map(|known| known.format()).find(|format| {
        let mut passed = format.clone();
        passed.pass(sample);
        matches!(&passed.layout, Layout::W3c(directives) if directives.are_complete())
    });
    directed.unwrap_or_else(|| COMBINED.format())
}

/// Tries the format on the sample's lines.
fn fit(format: Format, sampled: &[&[u8]]) -> Fit {
    let mut parser = format.parser(TimeZone::UTC);
    let (mut addresses, mut parsed, mut lines) = (0, 0, 0);
    let mut buffer = Vec::new();
    for line in sampled {
        match parser.parse(format.unwrapped(line, &mut buffer)) {
            Parsed::Record(record) => {
                lines += 1;
                parsed += 1;
                addresses += usize::from(is_address(record.client));
            }
            Parsed::Malformed(_) => lines += 1,
            Parsed::Ignored => {}
        }
    }
    Fit {
        detected: Detected {
            format,
            parsed,
            lines,
        },
        addresses,
    }
}

/// The lines of the sample, without the last one where that may be cut.
fn sampled(sample: &[u8]) -> Vec<&[u8]> {
    let sample = &sample[..sample.len().min(SAMPLE_BYTES)];
    let end = memrchr(b'\n', sample).unwrap_or(sample.len());
    sample[..end]
        .split(|&byte| byte == b'\n')
        .take(SAMPLE_LINES)
        .collect()
}

/// What was tried, the best guess first; what fits no line is none.
fn no_format<'a>(guesses: impl Iterator<Item = &'a Fit>) -> String {
    let fitting = guesses.filter(|Fit { detected, .. }| detected.parsed > 0);
    let guesses = fitting.map(|Fit { detected, .. }| {
        let percent = detected.parsed * 100 / detected.lines.max(1);
        format!(
            "{} fits {percent} %",
            detected.format.name().unwrap_or_default()
        )
    });
    let guesses = guesses.collect::<Vec<_>>().join(", ");
    if guesses.is_empty() {
        "no known format fits a single one of its first lines".into()
    } else {
        format!("its first lines are of no known format ({guesses} of them)")
    }
}

impl Fit {
    /// Ascending from the worst; of formats that fit equally well the more specific one is better, and any
    /// one format is than all of them.
    fn rank(&self) -> (bool, usize, usize, bool, usize) {
        let detected = &self.detected;
        let layout = &detected.format.layout;
        (
            detected.is_majority(),
            self.addresses,
            detected.parsed,
            !matches!(layout, Layout::Mixed(_)),
            layout.fields(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMON: &str = r#"203.0.113.7 - - [21/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 5"#;
    const AGENT: &str = r#" "https://example.org/" "Mozilla/5.0""#;

    fn check(lines: &[String], expected: &str) {
        let found = Format::detect("access.log", (lines.join("\n") + "\n").as_bytes()).unwrap();
        assert_eq!(found.format.name(), Some(expected), "{lines:?}");
    }

    fn combined() -> String {
        format!("{COMMON}{AGENT}")
    }

    #[test]
    fn each_known_format_is_told_from_the_others() {
        check(&[COMMON.into()], "common");
        check(&[combined()], "combined");
        check(&[combined() + " 712 5310"], "combinedio");
        check(&[format!("example.org:443 {COMMON}")], "vhost_common");
        check(
            &[format!("example.org:443 {}", combined())],
            "vhost_combined",
        );
        check(&[format!("example.org {}", combined())], "vhost_combined");
        check(&[format!("192.0.2.1:80 {}", combined())], "vhost_combined");
        check(&[combined().replace("- -", "- john doe")], "combined");
        check(
            &[combined().replace("203.0.113.7", "host.example.net")],
            "combined",
        );
        check(
            &[combined().replace("203.0.113.7", "2001:db8::7")],
            "combined",
        );
        let start = "[21/Nov/2026:09:00:00 +0000]";
        let end = r#"- GET https example.org "/" [Client 203.0.113.7] [Length 5] [Gzip -]"#;
        check(
            &[format!("{start} - 200 200 {end} [Sent-to web]{AGENT}")],
            "nginx_proxy_manager",
        );
        check(
            &[format!("{start} 200 {end}{AGENT}")],
            "nginx_proxy_manager_fallback",
        );
    }

    #[test]
    fn lines_of_no_format_do_not_matter() {
        let garbage = "\u{1}\u{fffd}\"\\ \u{0}".to_owned();
        check(&[garbage.clone(), combined(), combined()], "combined");
        check(&[garbage, COMMON.into(), COMMON.into()], "common");
        check(
            &["# comment".into(), String::new(), "  ".into(), combined()],
            "combined",
        );
    }

    #[test]
    fn a_log_whose_lines_are_of_several_formats_is_mixed() {
        let vhost = format!("example.org:443 {}", combined());
        check(&[vhost.clone(), combined(), vhost], "mixed");
        check(&[combined(), COMMON.into(), combined()], "mixed");
        // One format would read this line too, but take the host for the client.
        let bare = format!("example.org {}", combined());
        check(&[combined(), combined(), bare], "mixed");
        let json = r#"{"remote_addr":"::1","msec":"1794297600.250","request":"GET / HTTP/1.1"}"#;
        check(&[combined(), json.into()], "mixed");
    }

    #[test]
    fn a_log_of_no_known_format_is_an_error_that_names_the_best_guesses() {
        let sample = format!("{}\n{COMMON}\nx\ny\nz\n", combined());
        let error = Format::detect("access.log", sample.as_bytes()).unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with("access.log: its first lines are of no known format"),
            "{message}"
        );
        assert!(
            message.contains("combined fits 20 %, common fits 20 %"),
            "{message}"
        );
    }

    #[test]
    fn where_no_format_fits_any_line_none_is_guessed() {
        for sample in ["Dear editors,\nall is well.\n", "\u{1}\u{2}\n{}\n[]\n"] {
            let error = Format::detect("letter.txt", sample.as_bytes()).unwrap_err();
            assert_eq!(
                error.to_string(),
                "letter.txt: no known format fits a single one of its first lines"
            );
        }
    }

    #[test]
    fn the_share_is_of_the_lines_that_are_not_blank() {
        let sample = format!("\n{0}\n\n{0}\n{0}\nx\n", combined());
        let found = Format::detect("access.log", sample.as_bytes()).unwrap();
        assert_eq!((found.parsed, found.lines), (3, 4));
        assert!((found.share() - 0.75).abs() < f64::EPSILON);
    }

    #[test]
    fn nothing_at_all_is_taken_for_combined() {
        for sample in ["", "\n \n", "# only a comment\n"] {
            let found = Format::detect("access.log", sample.as_bytes()).unwrap();
            assert_eq!((found.format.name(), found.lines), (Some("combined"), 0));
        }
    }

    #[test]
    fn a_last_line_that_may_be_cut_does_not_count() {
        let sample = format!("{}\n{}", combined(), &combined()[..90]);
        assert_eq!(
            Format::detect("access.log", sample.as_bytes())
                .unwrap()
                .lines,
            1
        );
        let sample = combined();
        assert_eq!(
            Format::detect("access.log", sample.as_bytes())
                .unwrap()
                .lines,
            1
        );
    }

    #[test]
    fn no_more_than_a_thousand_lines_are_looked_at() {
        let sample = format!("{}\n", combined()).repeat(1500);
        assert_eq!(
            Format::detect("access.log", sample.as_bytes())
                .unwrap()
                .lines,
            1000
        );
    }
}
