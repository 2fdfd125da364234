//! What tells visitors apart, what is kept and for how long, and who may see it.

use hushlog::{
    aggregate::VisitSettings,
    privacy::{Identity, LineDigest},
    time::Timestamp,
};

use super::layout::Section;
use crate::cli::report::InForce;

/// What is known of a sender in memory, and kept of a released period's lines: the sentences below tell of
/// these. Whoever adds to them finds this, and has to find words for it.
const _: fn(Identity) = |Identity {
                             network: _,
                             region: _,
                             agent: _,
                         }| ();
const _: fn(LineDigest) = |LineDigest {
                               key: _,
                               lines: _,
                               sum: _,
                           }| ();

/// How visitors are told apart.
pub(super) fn told_apart(in_force: &InForce) -> Section {
    if !in_force.policy.senders.are_visitors() {
        let none = format!(
            "Visitors are not told apart. To count the networks behind each row, a secret number is made of the \
             network that a request came from, by a key, {}.",
            held(in_force)
        );
        return Section::of("How visitors are told apart", [none]);
    }
    let VisitSettings {
        timeout,
        most_pageviews,
        most_requests,
        crawlers: _,
    } = in_force.settings.visits;
    let timeout = minutes(timeout);
    let paragraphs = [
        format!(
            "Two requests are taken to be of one visitor if they come from the same address, with the same \
             description of a browser, on the same day. For this a secret number is made of the two, by a key \
             of the day; another one of the network, by a key of the period. Both are {}, with the visitor's \
             country, region, browser, system and class of device, and never written to anything that stays.",
            held(in_force)
        ),
        format!(
            "The requests of one visitor are one visit as long as no pause between them is longer than \
             {timeout}. On another day a visitor is a new one: nobody is recognised."
        ),
        format!(
            "Who asks for more than {most_pageviews} pages or sends more than {most_requests} requests in a day \
             is taken for a machine, and not counted as a visitor."
        ),
    ];
    Section::of("How visitors are told apart", paragraphs)
}

/// Where the numbers of visitors are.
const fn held(in_force: &InForce) -> &'static str {
    if in_force.leaves_memory {
        "in memory, or in a file without a name that is encrypted and ends with the program's run"
    } else {
        "in memory only"
    }
}

/// What is kept, and how long.
pub(super) fn kept(in_force: &InForce) -> Section {
    let period = in_force.settings.calendar.length();
    let keys = if in_force.has_key_file {
        format!(
            "The keys of a {0} are kept in a file until that {0} is published, so that several runs or hosts \
             know the same visitors; then they are overwritten, and cannot be computed from what is left.",
            period.name()
        )
    } else {
        "The keys are random, in memory only, and end with each run of the program; no file has them."
            .to_owned()
    };
    let items = vec![
        keys,
        format!(
            "Of each published {} three numbers are kept to notice when its log has changed: a random key, how \
             many lines there were, and a checksum of them under that key. They are not published.",
            period.name()
        ),
        match in_force.retain {
            Some(retention) => format!(
                "The tables are removed {retention} after the end of their {}, and these numbers with them. They \
                 are anonymous in the sense described here.",
                period.name()
            ),
            None => "The tables are kept as long as we publish them. They are anonymous in the sense described \
                     here. [Say how long, if you take them down.]"
                .to_owned(),
        },
        "The server's log itself is not changed by this. [Say how long you keep it, and what for.]".to_owned(),
    ];
    let open = if in_force.settings.include_open {
        format!("A {} may be published before it is over.", period.name())
    } else {
        format!("A {} is published when it is over.", period.name())
    };
    Section::of("What is kept, and for how long", [open]).with_items(items)
}

/// Who may see what.
pub(super) fn seen_by(in_force: &InForce) -> Section {
    let mut items = vec![
        "Everybody may see what is published. [Say where.]".to_owned(),
        "The server's log is for those who run the server. [Say who they are.]".to_owned(),
        "What is kept beside the tables is for the account that the program runs under, and nobody else.".to_owned(),
        "The numbers that tell visitors or networks apart are for nobody: they are shown to no one, and gone \
         with the program's run."
            .to_owned(),
    ];
    if in_force.has_key_file {
        items.push(
            "Until a period is published, whoever has both the key file and the log could compute its \
             pseudonyms. [Say who has them.]"
                .to_owned(),
        );
    }
    Section::of("Who may see what", Vec::new()).with_items(items)
}

/// A time span in words.
fn minutes(microseconds: i64) -> String {
    let seconds = microseconds / Timestamp::MICROSECONDS;
    let of = |number: i64, unit: &str| match number {
        1 => format!("one {unit}"),
        _ => format!("{number} {unit}s"),
    };
    if seconds % 60 == 0 {
        of(seconds / 60, "minute")
    } else {
        of(seconds, "second")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_largest_whole_unit() {
        for (seconds, expected) in [
            (1800, "30 minutes"),
            (60, "one minute"),
            (90, "90 seconds"),
            (1, "one second"),
        ] {
            assert_eq!(minutes(seconds * 1_000_000), expected);
        }
    }
}
