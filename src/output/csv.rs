//! A published table as CSV: RFC 4180 with CRLF, UTF-8, a header row.

use csv::{Terminator, WriterBuilder};

use super::cells::{DATE, keys, measures, texts};
use crate::{
    release::{PublishedTable, Row},
    time::Period,
};

/// Encodes a table in the order of its rows. An empty cell of a measure is a withheld one.
pub(super) fn encode(period: Period, table: &PublishedTable) -> Vec<u8> {
    let date = period.to_string();
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new());
    let mut write = |record: Vec<&str>| {
        let written = writer.write_record(record);
        written.expect("memory takes what is written");
    };
    let header = [DATE]
        .into_iter()
        .chain(keys(period, table).iter().copied());
    write(header.chain(measures(table)).collect());
    for row in &table.rows {
        let numbers = numbers(row);
        let record = [date.as_str()].into_iter().chain(texts(row));
        write(record.chain(numbers.iter().map(String::as_str)).collect());
    }
    writer.into_inner().expect("memory takes what is written")
}

fn numbers(row: &Row) -> Vec<String> {
    let text = |measure: &Option<u64>| measure.map_or_else(String::new, |it| it.to_string());
    row.measures.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{aggregate::Table, time::PeriodLength};

    fn check(
        length: PeriodLength,
        table: Table,
        rows: &[(&[&str], &[Option<u64>])],
        expected: &str,
    ) {
        let start = "2026-11-16".parse().unwrap();
        let rows = rows.iter().map(|(keys, measures)| Row {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            measures: measures.to_vec(),
        });
        let table = PublishedTable {
            table,
            rows: rows.collect(),
        };
        let bytes = encode(Period { start, length }, &table);
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn rows_follow_a_header_in_the_order_given() {
        check(
            PeriodLength::Day,
            Table::Goals,
            &[
                (&["signup"], &[Some(30), Some(20)]),
                (&["(other)"], &[Some(12), None]),
            ],
            "date,goal,completions,visitors\r\n\
             2026-11-16,signup,30,20\r\n\
             2026-11-16,(other),12,\r\n",
        );
    }

    #[test]
    fn open_bins_and_withheld_measures_are_empty_cells() {
        check(
            PeriodLength::Day,
            Table::Durations,
            &[(&["0", "10"], &[None]), (&["1800", ""], &[Some(11)])],
            "date,duration_from,duration_to,visits\r\n\
             2026-11-16,0,10,\r\n\
             2026-11-16,1800,,11\r\n",
        );
    }

    #[test]
    fn traffic_of_a_longer_period_has_weekdays() {
        check(
            PeriodLength::Week,
            Table::Traffic,
            &[(&["1", "00"], &[Some(1), Some(2), Some(3), Some(4), Some(5)])],
            "date,weekday,hour,requests,bytes,pageviews,visits,peak_concurrent_visits\r\n\
             2026-11-16,1,00,1,2,3,4,5\r\n",
        );
    }

    #[test]
    fn separators_are_quoted_and_formulas_held_back() {
        check(
            PeriodLength::Day,
            Table::Errors,
            &[
                (&["404", "/a,\"b\""], &[Some(10)]),
                (&["404", "=HYPERLINK(1)"], &[Some(10)]),
                (&["404", "/a\r\nb"], &[Some(10)]),
            ],
            "date,status,page,requests\r\n\
             2026-11-16,404,\"/a,\"\"b\"\"\",10\r\n\
             2026-11-16,404,(unknown),10\r\n\
             2026-11-16,404,(unknown),10\r\n",
        );
    }
}
