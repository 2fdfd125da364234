//! A published table as Apache Parquet, out of Arrow's columns: a date, texts and 64-bit integers.
//!
//! A file has what the table has and no more: no statistics, no indexes, no schema of Arrow's beside its own,
//! and a writer's name without a version, so that the same table is the same bytes.

use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::{
    arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions},
    basic::{Compression, ZstdLevel},
    errors::Result,
    file::properties::{EnabledStatistics, WriterProperties},
};

use super::cells::{DATE, keys, measures, texts};
use crate::{
    release::{PublishedTable, Row},
    time::{Date, Period},
};

/// The program that is named in each file.
const CREATED_BY: &str = "hushlog";

/// The first day of Parquet's calendar.
const EPOCH: Date = Date::constant(1970, 1, 1);

/// Encodes a table in the order of its rows. Null is the open end of a bin or a withheld measure.
pub(super) fn encode(period: Period, table: &PublishedTable) -> Vec<u8> {
    written(&columns(period, table)).expect("memory takes columns of one length")
}

fn written(columns: &[(Field, ArrayRef)]) -> Result<Vec<u8>> {
    let fields: Vec<Field> = columns.iter().map(|(field, _)| field.clone()).collect();
    let arrays = columns.iter().map(|(_, array)| Arc::clone(array)).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options())?;
    writer.write(&batch)?;
    writer.into_inner()
}

fn options() -> ArrowWriterOptions {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(CREATED_BY.to_owned())
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .build();
    ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true)
}

fn columns(period: Period, table: &PublishedTable) -> Vec<(Field, ArrayRef)> {
    let rows = &table.rows;
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![day(period.start); rows.len()]));
    let mut columns = vec![(Field::new(DATE, DataType::Date32, false), dates)];
    for (position, name) in keys(period, table).iter().enumerate() {
        let array = rows.iter().map(|row| text(row, position));
        let array: ArrayRef = Arc::new(array.collect::<StringArray>());
        columns.push((Field::new(*name, DataType::Utf8, true), array));
    }
    for (position, name) in measures(table).enumerate() {
        let array = rows.iter().map(|row| number(row, position));
        let array: ArrayRef = Arc::new(array.collect::<Int64Array>());
        columns.push((Field::new(name, DataType::Int64, true), array));
    }
    columns
}

fn text(row: &Row, position: usize) -> Option<&str> {
    texts(row).nth(position).filter(|text| !text.is_empty())
}

/// A number that no reader takes for a negative one is rather not there.
fn number(row: &Row, position: usize) -> Option<i64> {
    let number = row.measures.get(position).copied().flatten();
    number.and_then(|number| i64::try_from(number).ok())
}

/// The days from the first one of Parquet's calendar on.
fn day(date: Date) -> i32 {
    let days = date.duration_since(EPOCH).as_hours() / 24;
    i32::try_from(days).expect("a year of four digits")
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io::Write};

    use arrow_array::{
        cast::AsArray,
        types::{Date32Type, Int64Type},
    };
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::{aggregate::Table, time::PeriodLength};

    fn example() -> (Period, PublishedTable) {
        let row = |keys: [&str; 2], requests| Row {
            keys: keys.map(str::to_owned).to_vec(),
            measures: vec![requests],
        };
        let table = PublishedTable {
            table: Table::Errors,
            rows: vec![
                row(["404", "/straße"], Some(4200)),
                row(["404", "=HYPERLINK(1)"], Some(1)),
                row(["404", ""], None),
                row(["500", "(other)"], Some(u64::MAX)),
            ],
        };
        let period = Period {
            start: "2026-11-16".parse().unwrap(),
            length: PeriodLength::Week,
        };
        (period, table)
    }

    fn reader(bytes: &[u8]) -> ParquetRecordBatchReaderBuilder<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        ParquetRecordBatchReaderBuilder::try_new(file).unwrap()
    }

    #[test]
    fn a_table_reads_back_with_its_types() {
        let (period, table) = example();
        let reader = reader(&encode(period, &table));
        let batch = reader.build().unwrap().next().unwrap().unwrap();
        let schema = batch.schema();
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|it| it.name().as_str())
            .collect();
        assert_eq!(names, ["date", "status", "page", "requests"]);
        assert_eq!(
            batch.column(0).as_primitive::<Date32Type>().value(3),
            20_773
        );
        let pages = batch.column(2).as_string::<i32>();
        let pages: Vec<Option<&str>> = pages.iter().collect();
        let expected = [Some("/straße"), Some("(unknown)"), None, Some("(other)")];
        assert_eq!(pages, expected);
        let requests = batch.column(3).as_primitive::<Int64Type>();
        let requests: Vec<Option<i64>> = requests.iter().collect();
        assert_eq!(requests, [Some(4200), Some(1), None, None]);
    }

    #[test]
    fn a_file_has_columns_and_a_footer_and_no_byte_between() {
        let (period, table) = example();
        let bytes = encode(period, &table);
        assert_eq!(bytes, encode(period, &table), "the same bytes");
        let length = bytes.len() as u64;
        let footer = u64::from(u32::from_le_bytes(
            bytes[bytes.len() - 8..][..4].try_into().unwrap(),
        ));
        let reader = reader(&bytes);
        let metadata = reader.metadata();
        let groups = metadata.row_groups().iter().flat_map(|it| it.columns());
        let columns: i64 = groups.map(|it| it.compressed_size()).sum();
        assert_eq!(4 + u64::try_from(columns).unwrap() + footer + 8, length);
        assert_eq!(metadata.file_metadata().key_value_metadata(), None);
        assert_eq!(metadata.file_metadata().created_by(), Some("hushlog"));
    }
}
