//! `hushlog formats list`: all known names, with what they log and need.

use hushlog::format::{Format, Meaning};

use super::{aligned, has};

/// What a format may log, in the words of the list.
const LOGGED: [(Meaning, &str); 5] = [
    (Meaning::Host, "host"),
    (Meaning::Request, "request"),
    (Meaning::Status, "status"),
    (Meaning::Referrer, "referrer"),
    (Meaning::UserAgent, "user agent"),
];

/// Prints the list.
pub(super) fn run() {
    let head = ["name", "GoAccess", "logs client, time and", "needs"].map(String::from);
    let rows: Vec<_> = [head].into_iter().chain(rows()).collect();
    print!("{}", aligned(&rows));
    println!(
        "\nInstead of a name: auto, a format string of Apache, nginx or GoAccess, or @FILE[:NAME] for the \
         one that a configuration of nginx or Apache declares."
    );
}

fn rows() -> impl Iterator<Item = [String; 4]> {
    Format::names().filter_map(|name| {
        let format = Format::named(name)?;
        let goaccess = Format::goaccess_name(name).unwrap_or_default();
        let logged = LOGGED.iter().filter(|(meaning, _)| has(&format, *meaning));
        let logged: Vec<_> = logged.map(|(_, word)| *word).collect();
        let needs = if format.has_zone() {
            "nothing"
        } else {
            "--log-tz, unless it is UTC"
        };
        Some([name, &goaccess, &logged.join(", "), needs].map(String::from))
    })
}
