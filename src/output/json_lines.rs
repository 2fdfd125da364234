//! A published table as JSON lines: an object a row, its members in the order of the columns.

use serde_json::{Map, Value};

use super::cells::{DATE, keys, measures, texts};
use crate::{release::PublishedTable, time::Period};

/// Encodes a table in the order of its rows. `null` is the open end of a bin or a withheld measure.
pub(super) fn encode(period: Period, table: &PublishedTable) -> Vec<u8> {
    let (date, keys) = (period.to_string(), keys(period, table));
    let mut lines = String::new();
    for row in &table.rows {
        let texts = texts(row).map(|text| (!text.is_empty()).then_some(text));
        let texts = keys.iter().copied().zip(texts.map(Value::from));
        let numbers = measures(table).zip(row.measures.iter().copied().map(Value::from));
        let members = [(DATE, Value::from(date.as_str()))].into_iter();
        let members = members.chain(texts).chain(numbers);
        let object: Map<String, Value> = members.map(|(name, it)| (name.to_owned(), it)).collect();
        lines += &Value::Object(object).to_string();
        lines.push('\n');
    }
    lines.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{aggregate::Table, release::Row, time::PeriodLength};

    #[test]
    fn a_row_is_a_line_and_what_is_empty_is_null() {
        let row = |keys: [&str; 2], visits| Row {
            keys: keys.map(str::to_owned).to_vec(),
            measures: vec![visits],
        };
        let table = PublishedTable {
            table: Table::Durations,
            rows: vec![row(["0", "10"], None), row(["1800", ""], Some(11))],
        };
        let period = Period {
            start: "2026-11-16".parse().unwrap(),
            length: PeriodLength::Day,
        };
        let expected = concat!(
            r#"{"date":"2026-11-16","duration_from":"0","duration_to":"10","visits":null}"#,
            "\n",
            r#"{"date":"2026-11-16","duration_from":"1800","duration_to":null,"visits":11}"#,
            "\n",
        );
        assert_eq!(String::from_utf8(encode(period, &table)).unwrap(), expected);
    }

    #[test]
    fn texts_that_act_are_held_back_and_others_escaped() {
        let row = |key: &str| Row {
            keys: vec!["404".to_owned(), key.to_owned()],
            measures: vec![Some(10)],
        };
        let pages = ["/\"},{\"", "=HYPERLINK(1)", "/a\r\n{}", "/\u{202e}b"];
        let table = PublishedTable {
            table: Table::Errors,
            rows: pages.map(row).to_vec(),
        };
        let period = Period {
            start: "2026-11-16".parse().unwrap(),
            length: PeriodLength::Day,
        };
        let bytes = String::from_utf8(encode(period, &table)).unwrap();
        let lines = bytes
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        let pages: Vec<Value> = lines.map(|line: Value| line["page"].clone()).collect();
        assert_eq!(pages, ["/\"},{\"", "(unknown)", "(unknown)", "(unknown)"]);
    }
}
