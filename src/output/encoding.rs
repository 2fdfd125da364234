//! What tables can be written in, each by an encoder of its own.

use super::{csv, json_lines, parquet};
use crate::{release::PublishedTable, time::Period};

/// An encoding of published tables. All have the same columns and rows, in the same order.
///
/// CSV is always written, since whatever reads a release back reads that; another encoding is for those who
/// analyse it, and stands beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 4180. An empty cell is a withheld one.
    #[default]
    Csv,
    /// An object a line (<https://jsonlines.org>). A withheld cell is `null`.
    JsonLines,
    /// Apache Parquet, compressed by zstd. A withheld cell is null.
    Parquet,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Self; 3] = [Self::Csv, Self::JsonLines, Self::Parquet];

    /// With which names of files end, after a dot; also its name in manifests.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    /// Encodes a table in the order of its rows. The same table gives the same bytes, always.
    #[must_use]
    pub fn encode(self, period: Period, table: &PublishedTable) -> Vec<u8> {
        match self {
            Self::Csv => csv::encode(period, table),
            Self::JsonLines => json_lines::encode(period, table),
            Self::Parquet => parquet::encode(period, table),
        }
    }
}
