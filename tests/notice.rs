//! The notice: it tells what is in force, and only that.

use crate::program::{complaint, program, run_for};

/// What `notice` says with some arguments, in one line.
fn notice(arguments: &[&str]) -> String {
    let output = run_for(program().arg("notice").args(arguments), 0);
    assert_eq!(complaint(&output), "");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Arguments, what the notice then says, and what it does not.
type Case = (
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

const CASES: [Case; 12] = [
    (
        &[],
        &[
            "fewer than 10 networks",
            "256 neighbouring addresses",
            "longer than 30 minutes",
            "more than 300 pages or sends more than 2000 requests",
            "Once for each day",
            "Visits by country and region.",
            "end with each run",
            "8 levels deep",
            "where the log holds these",
            "by their names from 10 requests on",
        ],
        &[
            "Goals",
            "cookie set",
            "key file",
            "We do not track",
            "virtual host",
        ],
    ),
    (
        &["--profile", "strict"],
        &[
            "fewer than 20 networks",
            "19 networks that agree",
            "2 levels deep",
        ],
        &["10 networks"],
    ),
    (
        &["--profile", "counts-only"],
        &[
            "We do not track browsing behaviour",
            "without telling visitors apart",
            "Visitors are not told apart.",
            "By hour: requests, bytes, pageviews.",
            "fewer than 5 networks contributed",
            "The address of the page that led here: dropped",
        ],
        &[
            "isits by",
            "entries",
            "region",
            "campaign",
            "how long they stay",
            "30 minutes",
            "pseudonyms that change",
        ],
    ),
    (
        &["--k=12", "--period=month", "--visit-timeout=90"],
        &[
            "fewer than 12 networks",
            "Once for each month",
            "longer than 90 seconds",
        ],
        &["10 networks"],
    ),
    (
        &["--geo-db=none", "--goal=order=/thanks"],
        &["Goals reached."],
        &[
            "Visits by country",
            "are looked up",
            "Goals reached, by country.",
        ],
    ),
    (
        &["--goal=order=/thanks"],
        &["Goals reached.", "Goals reached, by country."],
        &[],
    ),
    (
        &["--site-host=example.com"],
        &["by virtual host", "kept if it is one of ours"],
        &[],
    ),
    (
        &["--key-file=key", "--period=week"],
        &[
            "The keys of a week are kept in a file until that week is published",
            "whoever has both",
        ],
        &["end with each run"],
    ),
    (
        &["-f", "combined"],
        &["a request cannot be left out"],
        &["Do Not Track", "The name of the site"],
    ),
    (
        &[
            "--opt-out-cookie=nostats=1",
            "--opt-out-ip=192.0.2.1",
            "-f",
            "%h %t \"%r\" \"%{Cookie}i\"",
        ],
        &["(nostats=1)", "not to count the requests of your address"],
        &["Do Not Track", "192.0.2.1"],
    ),
    (
        &["--opt-out-cookie=nostats", "-f", "combined"],
        &["a request cannot be left out"],
        &["nostats"],
    ),
    (
        &["--keep-query=lang", "--crawlers=ignore", "--include-open"],
        &[
            "utm_campaign) and lang.",
            "may be published before it is over",
        ],
        &["Search engines", "known machines"],
    ),
];

#[test]
fn it_tells_what_is_in_force_and_nothing_else() {
    for (arguments, said, unsaid) in CASES {
        let notice = notice(arguments);
        for said in said {
            assert!(
                notice.contains(said),
                "{arguments:?}: {said} not in {notice}"
            );
        }
        for unsaid in unsaid {
            assert!(
                !notice.contains(unsaid),
                "{arguments:?}: {unsaid} in {notice}"
            );
        }
    }
}

/// Whoever puts `notice` in the place of `report` leaves the rest as it is.
#[test]
fn it_takes_the_arguments_of_report_and_touches_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = program();
    command
        .arg("notice")
        .arg("missing.log")
        .current_dir(folder.path());
    run_for(command.args(["-o", "out", "-j1", "--profile=default"]), 0);
    assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
    let refused = run_for(program().args(["notice", "--k=4"]), 3);
    assert!(complaint(&refused).contains("fewer than 5 networks"));
}

#[test]
fn markdown_has_headings_and_lists() {
    let output = run_for(program().args(["notice", "--format", "markdown"]), 0);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        text.starts_with("# Statistics of this website\n\n## In short\n\n- "),
        "{text}"
    );
    assert_eq!(text.matches("\n## ").count(), 8);
}
