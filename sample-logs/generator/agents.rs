//! How visitors' browsers name themselves, and two machines that no list of crawlers knows.

/// Weight and `User-Agent` of each browser.
pub(crate) fn browsers() -> Vec<(u32, &'static str)> {
    let lines = include_str!("browsers.tsv").lines();
    lines
        .filter_map(|line| line.split_once('\t'))
        .filter_map(browser)
        .collect()
}

fn browser((weight, agent): (&str, &'static str)) -> Option<(u32, &'static str)> {
    Some((weight.parse().ok()?, agent))
}

/// What the scraper that no list knows pretends to be.
pub(crate) const SCRAPER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";

/// A display in a shop window that reports every so often.
pub(crate) const DISPLAY: &str = "Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/92.0.4515.98 Safari/537.36 CobaltSign/4.2";
