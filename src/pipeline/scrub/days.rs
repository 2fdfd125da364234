//! Which days the lines of a chunk are of, for those who keep the originals.

use crate::{
    sealed::DatedLines,
    time::{Calendar, Day, Timestamp},
};

/// The days of a chunk's lines, told line by line.
pub(super) struct Days<'c> {
    calendar: &'c Calendar,
    /// That of the last line with a time.
    day: Option<Day>,
    end: usize,
    told: &'c mut Vec<DatedLines>,
}

impl<'c> Days<'c> {
    /// Nothing is told of a chunk yet.
    pub(super) fn new(calendar: &'c Calendar, told: &'c mut Vec<DatedLines>) -> Self {
        told.clear();
        Self {
            calendar,
            day: None,
            end: 0,
            told,
        }
    }

    /// Takes the next line, given without its newline. Without a time it goes with the line before it.
    pub(super) fn tell(&mut self, line: &[u8], time: Option<Timestamp>) {
        self.end += line.len() + 1;
        let day = time.map(|time| self.day(time).date);
        match self.told.last_mut() {
            Some(last) if day.is_none() || day == last.day => last.end = self.end,
            _ => self.told.push(DatedLines { day, end: self.end }),
        }
    }

    /// Ends a chunk of that length: its last line need not have a newline.
    pub(super) fn finish(self, length: usize) {
        if let Some(last) = self.told.last_mut() {
            last.end = length;
        }
    }

    fn day(&mut self, time: Timestamp) -> Day {
        match self.day {
            Some(day) if day.contains(time) => day,
            _ => *self.day.insert(self.calendar.day(time)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::time::{PeriodLength, TimeZone};

    use super::*;

    #[test]
    fn lines_are_of_the_day_of_their_time_or_of_the_line_before() {
        let calendar = Calendar::new(TimeZone::UTC, PeriodLength::Day);
        let hour = |hour: i64| Some(Timestamp(hour * 3600 * Timestamp::MICROSECONDS));
        let mut told = Vec::new();
        let mut days = Days::new(&calendar, &mut told);
        for time in [None, None, hour(1), None, hour(23), hour(24), hour(2), None] {
            days.tell(b"four", time);
        }
        days.finish(39);
        let told: Vec<_> = told
            .iter()
            .map(|it| (it.day.map(|day| day.to_string()), it.end))
            .collect();
        let day = |day: &str| Some(day.to_owned());
        let expected = [
            (None, 10),
            (day("1970-01-01"), 25),
            (day("1970-01-02"), 30),
            (day("1970-01-01"), 39),
        ];
        assert_eq!(told, expected);
    }
}
