//! `hushlog formats list`: all known names, with what they log and need.

use hushlog::format::{Format, Meaning};

use super::{REQUESTS, aligned, has};

/// What a format may log, in the words of the list.
const LOGGED: [(&[Meaning], &str); 5] = [
    (
        &[Meaning::Host, Meaning::ProxyRequest, Meaning::Url],
        "host",
    ),
    (&REQUESTS, "request"),
    (&[Meaning::Status], "status"),
    (&[Meaning::Referrer], "referrer"),
    (&[Meaning::UserAgent], "user agent"),
];

/// Prints the list.
pub(super) fn run() {
    let head = ["name", "GoAccess", "logs client, time and", "needs"].map(String::from);
    let rows: Vec<_> = [head].into_iter().chain(rows()).collect();
    print!("{}", aligned(&rows));
    println!(
        "\nInstead of a name: auto, mixed, a format string of Apache, nginx or GoAccess, @FILE[:NAME] for \
         the one that a configuration of nginx or Apache declares, w3c:FIELDS, json:MAP or \
         haproxy:HEADERS. All but auto and @FILE may stand after cri:, docker:, syslog: or compose:, in \
         which the lines are wrapped."
    );
}

fn rows() -> impl Iterator<Item = [String; 4]> {
    Format::names().filter_map(|name| {
        let format = Format::named(name)?;
        let goaccess = Format::goaccess_name(name).unwrap_or_default();
        let says_any = |meanings: &[Meaning]| meanings.iter().any(|&one| has(&format, one));
        let words = LOGGED.iter().filter(|(meanings, _)| says_any(meanings));
        let words: Vec<_> = words.map(|(_, word)| *word).collect();
        let logged = match format.parts().next() {
            Some(_) => words.join(", "),
            None => "what its directives name".to_owned(),
        };
        let needs = if format.has_zone() {
            "nothing"
        } else {
            "--log-tz, unless it is UTC"
        };
        Some([name, &goaccess, &logged, needs].map(String::from))
    })
}
