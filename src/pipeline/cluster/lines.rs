//! Lines out of the first column of an Arrow IPC stream, as a log file would have them.

use std::io::{self, Read};

use arrow_array::{RecordBatch, cast::AsArray};
use arrow_ipc::reader::StreamReader;
use arrow_schema::DataType;

use super::frame::unread;
use crate::error::{Error, Result};

/// The lines of a stream, each with a newline.
pub(super) struct ArrowLines<R: Read> {
    stream: StreamReader<R>,
    /// The lines of the batch under way, and how much of them is read.
    lines: Vec<u8>,
    read: usize,
}

impl<R: Read> ArrowLines<R> {
    /// The stream's first column must be binary or text.
    pub(super) fn new(input: R) -> Result<Self> {
        let stream = StreamReader::try_new(input, None);
        let stream = stream.map_err(|error| unread(super::map::NAME, error))?;
        let schema = stream.schema();
        let first = schema.fields().first().map(|field| field.data_type());
        let has_lines = matches!(
            first,
            Some(DataType::Binary | DataType::LargeBinary | DataType::Utf8 | DataType::LargeUtf8)
        );
        if !has_lines {
            return Err(Error::Setting(
                "standard input: the first column of the stream has no lines: it is neither binary nor text"
                    .to_owned(),
            ));
        }
        Ok(Self {
            stream,
            lines: Vec::new(),
            read: 0,
        })
    }
}

impl<R: Read> Read for ArrowLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.lines.len() {
            let Some(batch) = self.stream.next() else {
                return Ok(0);
            };
            let batch = batch.map_err(|_| io::Error::other("the stream is damaged"))?;
            self.lines.clear();
            self.read = 0;
            append(&batch, &mut self.lines);
        }
        let rest = &self.lines[self.read..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.read += count;
        Ok(count)
    }
}

/// Appends the lines of a batch; what is missing is none.
fn append(batch: &RecordBatch, lines: &mut Vec<u8>) {
    let column = batch.column(0);
    let mut add = |line: Option<&[u8]>| {
        if let Some(line) = line {
            lines.extend_from_slice(line);
            lines.push(b'\n');
        }
    };
    if let Some(column) = column.as_binary_opt::<i32>() {
        column.iter().for_each(add);
    } else if let Some(column) = column.as_binary_opt::<i64>() {
        column.iter().for_each(add);
    } else if let Some(column) = column.as_string_opt::<i32>() {
        column.iter().for_each(|line| add(line.map(str::as_bytes)));
    } else if let Some(column) = column.as_string_opt::<i64>() {
        column.iter().for_each(|line| add(line.map(str::as_bytes)));
    }
}
