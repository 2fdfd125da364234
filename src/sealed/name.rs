//! Names of segments: the day and a number, and whether the segment is finished.

use std::{cmp::Ordering, fmt, path::Path};

use crate::time::{Date, Period};

/// What a segment's file is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentName {
    /// The day of its lines.
    pub day: Date,
    /// Which one of the day, counted from one.
    pub number: u32,
    /// Whether it is written to its end, so that all of it opens.
    pub is_finished: bool,
}

const FINISHED: &str = ".age";
const UNFINISHED: &str = ".age.part";

impl SegmentName {
    /// The name that a path ends in, if that is one of a segment.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let text = path.file_name()?.to_str()?;
        let (stem, is_finished) = match text.strip_suffix(UNFINISHED) {
            Some(stem) => (stem, false),
            None => (text.strip_suffix(FINISHED)?, true),
        };
        let (day, number) = stem.rsplit_once('.')?;
        let name = Self {
            day: Period::named("day", day)?.start,
            number: number.parse().ok()?,
            is_finished,
        };
        (name.to_string() == text).then_some(name)
    }

    /// The same segment, finished.
    #[must_use]
    pub const fn finished(self) -> Self {
        Self {
            is_finished: true,
            ..self
        }
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.is_finished {
            FINISHED
        } else {
            UNFINISHED
        };
        write!(formatter, "{}.{:06}{end}", self.day, self.number)
    }
}

impl Ord for SegmentName {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |name: &Self| (name.day, name.number, name.is_finished);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for SegmentName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_other_names_are_none() {
        for text in [
            "2026-11-22.000001.age",
            "2026-11-22.000001.age.part",
            "2026-11-22.1000000.age",
        ] {
            let name = SegmentName::of(Path::new("/sealed").join(text).as_path());
            assert_eq!(name.map(|name| name.to_string()).as_deref(), Some(text));
        }
        for text in [
            "",
            "lock",
            "register.jsonl",
            "2026-11-22.age",
            "2026-11-22.1.age",
            "2026-11-31.000001.age",
            "2026-11-22.+00001.age",
            "2026-11-22.000001.age.part.age",
        ] {
            assert_eq!(SegmentName::of(Path::new(text)), None, "{text}");
        }
    }

    #[test]
    fn they_are_ordered_by_day_and_number() {
        let name = |text: &str| SegmentName::of(Path::new(text)).unwrap();
        let ordered = [
            "2026-11-21.000002.age",
            "2026-11-22.000001.age.part",
            "2026-11-22.999999.age",
            "2026-11-22.1000000.age",
        ];
        assert!(ordered.map(name).is_sorted());
    }
}
