//! The log that is written again beside the statistics: what is left in it, and who may see it.

use super::layout::Section;
use crate::cli::{
    scrub::{AddressArgument, Rewritten, TimeArgument},
    sealing::Originals,
};

/// What site owners promise of such a log in their statements.
pub(super) fn in_short(rewritten: &Rewritten) -> Vec<String> {
    let copy = format!(
        "A copy of the log is kept in which {}, and no user name, cookie or other identifier. It is not \
         published.",
        address(rewritten.address)
    );
    let mut sentences = vec![copy];
    if let Originals::Sealed(retention) = &rewritten.originals {
        let long = retention.map_or_else(
            || "without a limit of time".to_owned(),
            |retention| format!("for {retention} after their day"),
        );
        sentences.push(format!(
            "The original lines of the log are kept {long}, those of who asks not to be counted among them, \
             encrypted so that the server cannot read them: against fraud and intrusion, and where the law \
             demands it."
        ));
    }
    sentences
}

/// All of it.
pub(super) fn section(rewritten: &Rewritten) -> Section {
    let lead = "Beside the statistics, the log is written again for other programs, line by line. This copy is \
                pseudonymous, not anonymous, and so it is not published. Of each request it has:";
    let time = match rewritten.time {
        TimeArgument::Exact => "The time, to the second.",
        TimeArgument::Hour => "The day and hour.",
    };
    let items = [
        format!("Of the client: {}.", address(rewritten.address)),
        time.to_owned(),
        "The path that was asked for, with mail addresses, names of users, long numbers, codes and the like \
         replaced, and campaign tags; the answer's status and size."
            .to_owned(),
        "The name of the site that led here, and an agent that names the same browser, system and class of \
         device."
            .to_owned(),
    ];
    let mut keeping = vec![keys(rewritten)];
    keeping.push(
        "The copy is for those who run the server. [Say who they are, and how long it is kept.]"
            .to_owned(),
    );
    let section = Section::of("The copy of the log", [lead.to_owned()])
        .with_items(items.into())
        .then(keeping.join(" "));
    match &rewritten.originals {
        Originals::Left => section,
        Originals::Sealed(_) => section.then(sealed()),
    }
}

/// How sealed originals are protected, and what that is not up to.
fn sealed() -> String {
    "The original lines are encrypted as they pass. Only the private key opens them, which is not on the \
     server. [Say who has it, and in which cases it is used.] Each opening by this program is entered in a \
     register that cannot be changed without a trace. The lines of one person cannot be removed by \
     themselves; they go with their day."
        .to_owned()
}

/// What stands for the client's address.
const fn address(rule: AddressArgument) -> &'static str {
    match rule {
        AddressArgument::Visitor => {
            "visitors have pseudonyms that change every day in the place of addresses"
        }
        AddressArgument::Stable => "addresses have pseudonyms that change every day in their place",
        AddressArgument::Truncate => "addresses are cut to their network",
        AddressArgument::Region => "addresses are replaced by a region",
        AddressArgument::Drop => "there are no addresses",
    }
}

/// Where the keys of pseudonyms are.
fn keys(rewritten: &Rewritten) -> String {
    match rewritten.address {
        AddressArgument::Visitor | AddressArgument::Stable if rewritten.has_key_file => {
            "The keys of its pseudonyms are in a file until their day is over. [Say who has it.]"
        }
        AddressArgument::Visitor | AddressArgument::Stable => {
            "The keys of its pseudonyms are random, in memory only, and end with the day or with the \
             program's run."
        }
        AddressArgument::Truncate | AddressArgument::Region | AddressArgument::Drop => {
            "It has no pseudonyms."
        }
    }
    .to_owned()
}
