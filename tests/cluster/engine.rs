//! What an engine does between the stages: divides lines among tasks, and sorts and divides hits.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use arrow_array::{
    Array, ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, cast::AsArray,
    types::Int64Type,
};
use arrow_ipc::{reader::StreamReader, writer::StreamWriter};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::{
    keys::Scene,
    program::{program, run_on},
};

/// A job: how lines are divided, and the settings of all stages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job<'j> {
    pub(super) format: &'j str,
    pub(super) settings: &'j [&'j str],
    /// Tasks that map.
    pub(super) tasks: usize,
    /// Tasks that reduce.
    pub(super) reducers: usize,
    /// Whether the last lines come first.
    pub(super) reversed: bool,
    /// Whether lines come in a stream too.
    pub(super) as_arrow: bool,
}

impl Job<'_> {
    /// The settings of all stages and of a report.
    pub(super) fn arguments(&self) -> Vec<&str> {
        [&["-f", self.format], self.settings].concat()
    }

    /// The command of a task that maps.
    pub(super) fn map(&self, scene: &Scene) -> Command {
        let mut command = program();
        command.arg("map").arg("--key-file").arg(scene.file());
        command.args(self.arguments());
        command
    }

    /// The command of a task that reduces.
    pub(super) fn reduce(&self) -> Command {
        let mut command = program();
        command.arg("reduce").args(self.arguments());
        command
    }

    /// The hits of all tasks, as they come.
    pub(super) fn hits(&self, scene: &Scene, log: &[u8]) -> Stream {
        let log = log.strip_suffix(b"\n").unwrap_or(log);
        let mut lines: Vec<&[u8]> = log.split(|byte| *byte == b'\n').collect();
        if self.reversed {
            lines.reverse();
        }
        let mut whole: Option<Stream> = None;
        for lines in lines.chunks(lines.len().div_ceil(self.tasks)) {
            let input = if self.as_arrow {
                lines_as_stream(lines)
            } else {
                lines.join(&b'\n')
            };
            let output = run_on(&mut self.map(scene), &input);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(0), "{said}");
            let hits = Stream::read(&output.stdout);
            match &mut whole {
                Some(whole) => {
                    assert_eq!(whole.schema, hits.schema);
                    whole.rows.extend(hits.rows);
                }
                None => whole = Some(hits),
            }
        }
        whole.expect("at least one task")
    }

    /// The partials of all reducers, as files in a folder.
    pub(super) fn partials(&self, scene: &Scene, log: &[u8], folder: &Path) -> Vec<PathBuf> {
        let mut hits = self.hits(scene, log);
        hits.sort();
        let visitor = hits.position("visitor");
        let reducers = 0..self.reducers;
        let partial = reducers.map(|number| {
            let own = |row: &&Vec<Cell>| match row[visitor] {
                Cell::Number(visitor) => visitor.cast_unsigned() as usize % self.reducers == number,
                _ => panic!("a row without a visitor"),
            };
            let part = Stream {
                schema: Arc::clone(&hits.schema),
                rows: hits.rows.iter().filter(own).cloned().collect(),
            };
            let output = run_on(&mut self.reduce(), &part.written());
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(0), "{said}");
            let path = folder.join(format!("{number}.arrow"));
            fs::write(&path, output.stdout).expect("a partial");
            path
        });
        partial.collect()
    }
}

/// The hits of a stream as they come to a reducer.
pub(crate) fn sorted(hits: &[u8]) -> Vec<u8> {
    let mut hits = Stream::read(hits);
    hits.sort();
    hits.written()
}

/// Lines as an engine hands them on: without a mark of byte order.
fn lines_as_stream(lines: &[&[u8]]) -> Vec<u8> {
    let values = lines.iter();
    let values = values.map(|line| line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line));
    let column: ArrayRef = Arc::new(BinaryArray::from_iter_values(values));
    let field = Field::new("value", DataType::Binary, true);
    let schema = Arc::new(Schema::new(vec![field]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).expect("lines");
    written(&schema, &batch)
}

fn written(schema: &SchemaRef, batch: &RecordBatch) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), schema).expect("a stream");
    writer.write(batch).expect("rows");
    writer.into_inner().expect("a whole stream")
}

/// A value of a row; what is missing comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    Missing,
    Number(i64),
    Numbers(Vec<i64>),
    Text(String),
}

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A stream of rows.
pub(super) struct Stream {
    schema: SchemaRef,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Stream {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let reader = StreamReader::try_new(bytes, None).expect("a stream");
        let schema = reader.schema();
        let mut rows = Vec::new();
        for batch in reader {
            let batch = batch.expect("rows");
            let row = |row| batch.columns().iter().map(|it| cell(it, row)).collect();
            rows.extend((0..batch.num_rows()).map(row));
        }
        Self { schema, rows }
    }

    /// The position of a column.
    pub(super) fn position(&self, name: &str) -> usize {
        self.schema.index_of(name).expect("a column")
    }

    /// Sorts by all columns.
    pub(super) fn sort(&mut self) {
        self.rows.sort_unstable();
    }

    /// The bytes of a stream without lists.
    pub(super) fn written(&self) -> Vec<u8> {
        let fields = self.schema.fields().iter().enumerate();
        let columns = fields.map(|(column, field)| -> ArrayRef {
            let cells = self.rows.iter().map(|row| &row[column]);
            if *field.data_type() == DataType::Utf8 {
                Arc::new(StringArray::from_iter(cells.map(|cell| match cell {
                    Cell::Text(text) => Some(text.as_str()),
                    _ => None,
                })))
            } else {
                Arc::new(Int64Array::from_iter(cells.map(|cell| match cell {
                    Cell::Number(number) => Some(*number),
                    _ => None,
                })))
            }
        });
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns.collect());
        written(&self.schema, &batch.expect("rows"))
    }
}

fn cell(column: &ArrayRef, row: usize) -> Cell {
    if column.is_null(row) {
        return Cell::Missing;
    }
    match column.data_type() {
        DataType::Int64 => Cell::Number(column.as_primitive::<Int64Type>().value(row)),
        DataType::Utf8 => Cell::text(column.as_string::<i32>().value(row)),
        DataType::List(_) => {
            let list = column.as_list::<i32>().value(row);
            Cell::Numbers(list.as_primitive::<Int64Type>().values().to_vec())
        }
        other => panic!("a column of {other}, which is neither text nor whole numbers"),
    }
}
