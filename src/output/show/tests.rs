use std::fs;

use tempfile::TempDir;

use unicode_width::UnicodeWidthStr;

use super::*;
use crate::{
    output::{Encoding, files},
    release::{PublishedTable, Release, Row},
    time::Period,
};

type Rows<'r> = &'r [(&'r [&'r str], &'r [Option<u64>])];

/// An output folder with days that have these tables.
fn folder(days: &[(&str, Table, Rows<'_>)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (date, table, rows) in days {
        let row = |(keys, measures): &(&[&str], &[Option<u64>])| Row {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            measures: measures.to_vec(),
        };
        let period = Period {
            start: date.parse().unwrap(),
            length: PeriodLength::Day,
        };
        let table = PublishedTable {
            table: *table,
            rows: rows.iter().map(row).collect(),
        };
        let path = folder.path().join(format!("date={date}"));
        fs::create_dir(&path).unwrap();
        for file in files(&Release::example(period, vec![table]), Encoding::Csv) {
            fs::write(path.join(file.name), file.bytes).unwrap();
        }
    }
    folder
}

const GOALS: [(&str, Table, Rows<'static>); 3] = [
    (
        "2026-11-14",
        Table::Goals,
        &[(&["order"], &[Some(30), Some(20)])],
    ),
    (
        "2026-11-15",
        Table::Goals,
        &[
            (&["order"], &[Some(12), None]),
            (&["(other)"], &[Some(15), Some(15)]),
        ],
    ),
    (
        "2026-11-16",
        Table::Goals,
        &[(&["order"], &[Some(10), Some(10)])],
    ),
];

const TERMINAL: Style = Style::Terminal(Screen {
    width: 80,
    colours: false,
});

fn check(days: &[(&str, Table, Rows<'_>)], showing: &Showing, style: Style, expected: &str) {
    let folder = folder(days);
    assert_eq!(show(folder.path(), showing, style).unwrap(), expected);
}

fn goals() -> Showing {
    Showing {
        table: Some(Table::Goals),
        ..Showing::default()
    }
}

#[test]
fn a_table_is_shown_period_by_period() {
    let expected = "Goals
  date        goal     completions  visitors
  2026-11-14  order             30        20
  2026-11-15  order             12  withheld
  2026-11-15  (other)           15        15
  2026-11-16  order             10        10

";
    check(&GOALS, &goals(), TERMINAL, expected);
}

#[test]
fn periods_are_chosen_by_their_first_day() {
    let showing = Showing {
        from: Some("2026-11-15".parse().unwrap()),
        to: Some("2026-11-15".parse().unwrap()),
        ..goals()
    };
    let expected = "date,goal,completions,visitors\r\n\
                    2026-11-15,order,12,\r\n2026-11-15,(other),15,15\r\n";
    check(&GOALS, &showing, Style::Csv, expected);
}

#[test]
fn days_are_added_up_by_week_and_a_sum_with_a_withheld_cell_is_withheld() {
    let showing = Showing {
        by: Some(Group::Week),
        ..goals()
    };
    let expected = "date,goal,completions,visitor_days,periods\r\n\
                    2026-11-09,order,42,,2\r\n\
                    2026-11-09,(other),15,15,1\r\n\
                    2026-11-16,order,10,10,1\r\n";
    check(&GOALS, &showing, Style::Csv, expected);
}

#[test]
fn without_a_table_the_largest_rows_of_all_are_shown_with_bars() {
    let expected = "Goals
  goal     completions  visitor_days
  order             52      withheld  ████████████
  (other)           15            15  ███▍

";
    check(&GOALS, &Showing::default(), TERMINAL, expected);
}

#[test]
fn json_has_null_where_something_is_withheld() {
    let showing = Showing {
        from: Some("2026-11-16".parse().unwrap()),
        ..goals()
    };
    let expected = r#"[
  {
    "site": null,
    "tables": {
      "goals": [
        {
          "date": "2026-11-16",
          "goal": "order",
          "completions": 10,
          "visitors": 10
        }
      ]
    }
  }
]
"#;
    check(&GOALS, &showing, Style::Json, expected);
}

#[test]
fn text_acts_in_no_format() {
    let hostile: Rows<'_> = &[
        (&["=HYPERLINK(1)"], &[Some(10), Some(10)]),
        (&["a|b<script>[x](javascript:1)`*"], &[Some(11), Some(11)]),
        (&["a\u{1b}[2J\u{202e}"], &[Some(12), Some(12)]),
    ];
    let days = [("2026-11-14", Table::Goals, hostile)];
    let folder = folder(&days);
    for style in [TERMINAL, Style::Csv, Style::Json, Style::Markdown] {
        let shown = show(folder.path(), &goals(), style).unwrap();
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{style:?}");
        assert!(!shown.contains("=HYPERLINK"), "{style:?}");
    }
    let markdown = show(folder.path(), &goals(), Style::Markdown).unwrap();
    assert!(
        markdown.contains(r"a\|b\<script\>\[x\](javascript:1)\`\*"),
        "{markdown}"
    );
}

#[test]
fn what_cannot_be_shown_is_said() {
    let folder = folder(&GOALS);
    let message = |showing: &Showing, style| {
        let error = show(folder.path(), showing, style).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "DIR")
    };
    let late = Showing {
        from: Some("2027-01-01".parse().unwrap()),
        ..goals()
    };
    let pages = Showing {
        table: Some(Table::Pages),
        ..goals()
    };
    assert_eq!(
        message(&Showing::default(), Style::Csv),
        "--format csv: name the table with --table"
    );
    assert_eq!(
        message(&late, TERMINAL),
        "DIR: no period of those days is released in this folder"
    );
    assert_eq!(
        message(&pages, Style::Csv),
        "DIR: no period has the table pages"
    );
}

#[test]
fn the_least_and_the_most_that_a_release_can_have_fit_into_a_terminal() {
    let width = |text: &str| text.lines().map(UnicodeWidthStr::width).max();
    let nothing: [(&str, Table, Rows<'_>); 1] = [("2026-11-14", Table::Goals, &[])];
    let withheld: [(&str, Table, Rows<'_>); 1] =
        [("2026-11-14", Table::Goals, &[(&["order"], &[None, None])])];
    let large: [(&str, Table, Rows<'_>); 1] = [(
        "2026-11-14",
        Table::Goals,
        &[
            (&["order"], &[Some(u64::MAX), Some(u64::MAX)]),
            (
                &["of a name that is longer than any terminal is wide, and then some"],
                &[Some(1), None],
            ),
        ],
    )];
    for (days, expected) in [
        (&nothing, "Goals\n  date  goal  completions  visitors\n\n"),
        (
            &withheld,
            "Goals\n  date        goal   completions  visitors\n  2026-11-14  order     withheld  withheld\n\n",
        ),
    ] {
        check(days, &goals(), TERMINAL, expected);
    }
    let folder = folder(&large);
    for showing in [goals(), Showing::default()] {
        let shown = show(folder.path(), &showing, TERMINAL).unwrap();
        assert!(width(&shown) <= Some(80), "{shown}");
        assert!(shown.contains("18446744073709551615"), "{shown}");
    }
}
