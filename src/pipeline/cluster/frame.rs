//! Rows of text and whole numbers as Arrow IPC streams, whatever they mean.

use std::{
    collections::HashMap,
    io::{Read, Write},
    sync::Arc,
};

use arrow_array::{
    Array, ArrayRef, RecordBatch,
    builder::{Int64Builder, ListBuilder, StringBuilder},
    cast::AsArray,
    types::Int64Type,
};
use arrow_ipc::{
    CompressionType,
    reader::StreamReader,
    writer::{IpcWriteOptions, StreamWriter},
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use crate::error::{Error, Result};

/// What a column holds; any value may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Numbers,
}

/// A column's name and what it holds.
pub(super) type Column = (&'static str, Kind);

/// One value of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'v> {
    Missing,
    Text(&'v str),
    Number(i64),
    Numbers(&'v [i64]),
}

impl<'v> Value<'v> {
    pub(super) fn text(text: Option<&'v str>) -> Self {
        text.map_or(Self::Missing, Self::Text)
    }
}

/// Text beside a stream's columns.
pub(super) type Metadata = HashMap<String, String>;

/// Rows of a batch.
const ROWS: usize = 1 << 15;

/// Writes rows.
pub(super) struct RowWriter<W: Write> {
    stream: StreamWriter<W>,
    schema: SchemaRef,
    builders: Vec<Builder>,
    rows: usize,
}

enum Builder {
    Text(StringBuilder),
    Number(Int64Builder),
    Numbers(ListBuilder<Int64Builder>),
}

impl<W: Write> RowWriter<W> {
    /// A stream of these columns, compressed if it is to be kept. What they are is written at once.
    pub(super) fn new(
        output: W,
        columns: &[Column],
        metadata: Metadata,
        compressed: bool,
    ) -> Result<Self> {
        let fields: Vec<Field> = columns.iter().copied().map(field).collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let compression = compressed.then_some(CompressionType::LZ4_FRAME);
        let options = IpcWriteOptions::default().try_with_compression(compression);
        let mut stream = options
            .and_then(|options| StreamWriter::try_new_with_options(output, &schema, options))
            .map_err(unwritten)?;
        stream.flush().map_err(unwritten)?;
        Ok(Self {
            stream,
            schema,
            builders: columns
                .iter()
                .map(|(_, kind)| Builder::new(*kind))
                .collect(),
            rows: 0,
        })
    }

    /// Adds a row, which has a value for each column.
    pub(super) fn push(&mut self, row: &[Value<'_>]) -> Result<()> {
        for (builder, value) in self.builders.iter_mut().zip(row) {
            builder.push(*value);
        }
        self.rows += 1;
        if self.rows == ROWS {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends a batch.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let columns = self.builders.iter_mut().map(Builder::finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        batch
            .and_then(|batch| self.stream.write(&batch))
            .map_err(unwritten)
    }

    /// Ends the stream.
    pub(super) fn finish(mut self) -> Result<()> {
        self.flush()?;
        self.stream.finish().map_err(unwritten)
    }
}

impl Builder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Number => Self::Number(Int64Builder::new()),
            Kind::Numbers => Self::Numbers(ListBuilder::new(Int64Builder::new())),
        }
    }

    /// A value of another kind is taken for a missing one.
    fn push(&mut self, value: Value<'_>) {
        match (self, value) {
            (Self::Text(texts), Value::Text(text)) => texts.append_value(text),
            (Self::Text(texts), _) => texts.append_null(),
            (Self::Number(numbers), Value::Number(number)) => numbers.append_value(number),
            (Self::Number(numbers), _) => numbers.append_null(),
            (Self::Numbers(lists), Value::Numbers(numbers)) => {
                lists.values().append_slice(numbers);
                lists.append(true);
            }
            (Self::Numbers(lists), _) => lists.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(texts) => Arc::new(texts.finish()),
            Self::Number(numbers) => Arc::new(numbers.finish()),
            Self::Numbers(lists) => Arc::new(lists.finish()),
        }
    }
}

/// Reads rows, batch by batch.
pub(super) struct RowReader<R: Read> {
    stream: StreamReader<R>,
    name: String,
}

impl<R: Read> RowReader<R> {
    /// The stream of the given name in messages, which must have these columns.
    pub(super) fn new(input: R, name: &str, columns: &[Column]) -> Result<Self> {
        let stream = StreamReader::try_new(input, None).map_err(|error| unread(name, error))?;
        let reader = Self {
            stream,
            name: name.to_owned(),
        };
        let schema = reader.stream.schema();
        let found = schema.fields().iter();
        let found: Vec<(&str, &DataType)> = found
            .map(|field| (field.name().as_str(), field.data_type()))
            .collect();
        let expected: Vec<Field> = columns.iter().copied().map(field).collect();
        let expected: Vec<(&str, &DataType)> = expected
            .iter()
            .map(|field| (field.name().as_str(), field.data_type()))
            .collect();
        if found != expected {
            return Err(reader.problem("its columns are not those of this stage"));
        }
        Ok(reader)
    }

    /// The text beside the columns.
    pub(super) fn metadata(&self) -> Metadata {
        self.stream.schema().metadata().clone().into()
    }

    /// The next rows; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Rows>> {
        let batch = self.stream.next().transpose();
        let batch = batch.map_err(|error| unread(&self.name, error))?;
        Ok(batch.map(Rows))
    }

    /// That something is wrong with the stream.
    pub(super) fn problem(&self, what: &str) -> Error {
        Error::Setting(format!("{}: {what}", self.name))
    }
}

/// Some rows.
pub(super) struct Rows(RecordBatch);

impl Rows {
    pub(super) fn count(&self) -> usize {
        self.0.num_rows()
    }

    /// The text of a column in a row.
    pub(super) fn text(&self, column: usize, row: usize) -> Option<&str> {
        let texts = self.0.column(column).as_string_opt::<i32>()?;
        texts.is_valid(row).then(|| texts.value(row))
    }

    /// The number of a column in a row.
    pub(super) fn number(&self, column: usize, row: usize) -> Option<i64> {
        let numbers = self.0.column(column).as_primitive_opt::<Int64Type>()?;
        numbers.is_valid(row).then(|| numbers.value(row))
    }

    /// The numbers of a column in a row.
    pub(super) fn numbers(&self, column: usize, row: usize) -> Option<Vec<i64>> {
        let lists = self.0.column(column).as_list_opt::<i32>()?;
        let list = lists.is_valid(row).then(|| lists.value(row))?;
        let numbers = list.as_primitive_opt::<Int64Type>()?;
        Some(numbers.values().to_vec())
    }
}

fn field((name, kind): Column) -> Field {
    let of = match kind {
        Kind::Text => DataType::Utf8,
        Kind::Number => DataType::Int64,
        Kind::Numbers => DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true))),
    };
    Field::new(name, of, true)
}

/// Arrow's own words may have text of the stream in them.
pub(super) fn unread(name: &str, error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, source) => Error::Read {
            name: name.to_owned(),
            source,
        },
        _ => Error::Setting(format!(
            "{name}: it is not an Arrow IPC stream, or it is damaged"
        )),
    }
}

fn unwritten(error: ArrowError) -> Error {
    let source = match error {
        ArrowError::IoError(_, source) => source,
        _ => std::io::Error::other("the stream cannot be encoded"),
    };
    Error::Write {
        path: "standard output".into(),
        source,
    }
}
