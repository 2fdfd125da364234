//! `hushlog formats explain`: what a format reads of a line, and what becomes of each field.

use clap::Args;
use hushlog::{
    error::{Error, Result},
    format::{Dialect, Format, Meaning, Part},
};

use super::{REQUESTS, aligned, has};
use crate::cli::{
    Exit,
    log_format::{self, DateArguments},
};

/// What a format reads of a line, field by field, and what becomes of each
#[derive(Args)]
pub(super) struct ExplainArguments {
    /// A name, a format string, or @FILE[:NAME]
    #[arg(value_name = "SPEC", allow_hyphen_values = true)]
    spec: String,

    #[command(flatten)]
    dates: DateArguments,
}

/// Prints the fields.
pub(super) fn run(arguments: &ExplainArguments) -> Result<Exit> {
    let Some(format) = log_format::chosen(&arguments.spec, &arguments.dates)? else {
        return Err(Error::Setting(
            "auto is no format: `hushlog formats test auto FILE` tells which one a log is in"
                .to_owned(),
        ));
    };
    println!("{}\n", title(&arguments.spec, &format));
    print!("{}", aligned(&rows(&format)));
    for note in notes(&format) {
        println!("\n{note}");
    }
    Ok(Exit::Done)
}

fn title(spec: &str, format: &Format) -> String {
    let title = match format.name() {
        Some(name) => format!("{name}, a known format"),
        None if spec.starts_with('@') => format!("The format of {}", &spec[1..]),
        None if format.is_of_string() => format!("A format string, read as {}", Dialect::of(spec)),
        None => "A layout with fields of one's own".to_owned(),
    };
    match format.wrapper_name() {
        Some(wrapper) => format!("{title}, in the wrapper {wrapper}"),
        None => title,
    }
}

/// A row for each field, with what stands after it.
fn rows(format: &Format) -> Vec<[String; 4]> {
    let mut rows = vec![["field", "then", "says", "what becomes of it"].map(String::from)];
    let mut is_lead = true;
    for part in format.parts() {
        match part {
            Part::Literal(literal) => {
                if is_lead {
                    rows.push(<[String; 4]>::default());
                }
                if let Some([_, then, ..]) = rows.last_mut() {
                    *then = quoted(literal);
                }
            }
            Part::Field { name, meaning } => {
                rows.push([&*name, "", says(meaning), fate(meaning)].map(String::from));
            }
        }
        is_lead = false;
    }
    rows
}

/// A literal, so that its blanks are seen.
fn quoted(literal: &[u8]) -> String {
    format!("'{}'", literal.escape_ascii()).replace("\\\"", "\"")
}

const fn says(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Bytes => "bytes sent",
        Meaning::Client => "client address",
        Meaning::Cookies => "cookies",
        Meaning::ForwardedFor => "forwarded address",
        Meaning::Host => "virtual host",
        Meaning::Method => "method",
        Meaning::OptOut => "opt-out",
        Meaning::OptOutCookies => "opt-out cookies",
        Meaning::Path => "path",
        Meaning::ProxyRequest => "request line, host",
        Meaning::Query => "query string",
        Meaning::Referrer => "referrer",
        Meaning::Request => "request line",
        Meaning::Status => "status",
        Meaning::Time => "time",
        Meaning::Unused => "not used",
        Meaning::Url => "URL",
        Meaning::UserAgent => "user agent",
    }
}

/// What the privacy policy makes of a field.
const fn fate(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Bytes => "summed over many requests",
        Meaning::Client | Meaning::ForwardedFor => {
            "pseudonymised with a key that is thrown away; reduced to a region; never written"
        }
        Meaning::Cookies => "dropped at parse, unless --opt-out-cookie names one",
        Meaning::Host => "kept if it is a --site-host, else (other host)",
        Meaning::Method => "reduced to a closed vocabulary, else (invalid)",
        Meaning::OptOut => "1 drops the line before anything is made of it",
        Meaning::OptOutCookies => "one that opts out drops the line before anything is made of it",
        Meaning::Path => "scrubbed; named only above the threshold",
        Meaning::Query => "reduced to campaign and --keep-query; named only above the threshold",
        Meaning::Referrer => "reduced to a registrable domain; named only above the threshold",
        Meaning::ProxyRequest | Meaning::Request => {
            "reduced to method, scrubbed path and campaign; named only above the threshold"
        }
        Meaning::Status => "reduced to a closed vocabulary, else (invalid)",
        Meaning::Time => "used to the second for visits and dwell; only day and hour come out",
        Meaning::Unused => "dropped at parse",
        Meaning::Url => "scrubbed, its host as a virtual host; named only above the threshold",
        Meaning::UserAgent => {
            "part of the pseudonym; reduced to browser, system, device class and crawler"
        }
    }
}

/// What lines of the format leave open.
fn notes(format: &Format) -> impl Iterator<Item = &'static str> {
    let is_known = format.parts().next().is_some();
    let lacks = |meaning| is_known && !has(format, meaning);
    let notes = [
        (
            !is_known,
            "What its lines say is told by the log itself: by its directives, or line by line.",
        ),
        (
            !format.has_zone(),
            "Its times have no zone: say by --log-tz of which zone they are.",
        ),
        (
            has(format, Meaning::ForwardedFor),
            "The client is the last public address of a header, which anybody can send where no proxy of \
             one's own adds to it.",
        ),
        (
            lacks(Meaning::UserAgent),
            "Without the user agent, clients behind one address are one visitor, and there are no \
             browsers, systems, devices and crawlers.",
        ),
        (
            lacks(Meaning::Referrer),
            "Without the referrer, it is not known where visits come from.",
        ),
        (
            REQUESTS.into_iter().all(lacks),
            "Without the request line or the path there are no pages.",
        ),
        (
            lacks(Meaning::Status),
            "Without the status no request is known to have succeeded, and there are no pages.",
        ),
    ];
    notes
        .into_iter()
        .filter(|(is_so, _)| *is_so)
        .map(|(_, note)| note)
}
