//! Format strings of each dialect, and lines by them.
//!
//! The input is three lines and a log: the format string or another setting of a format, the formats
//! of a date and of a time as `GoAccess` has them, each empty where it is not given.

#![no_main]

use hushlog::format::{DateFormats, Dialect, Format, Part};
use hushlog_fuzz::{check_lines, split_line};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|input: &[u8]| -> Corpus {
    let (setting, rest) = split_line(input);
    let (date, rest) = split_line(rest);
    let (time, log) = split_line(rest);
    let [Ok(setting), Ok(date), Ok(time)] = [setting, date, time].map(str::from_utf8) else {
        return Corpus::Reject;
    };
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let dates = DateFormats {
        date: given(date),
        time: given(time),
    };
    let _ = Dialect::of(setting);
    if let Ok(format) = Format::of_setting(setting, &dates) {
        let fields = format
            .parts()
            .filter(|part| matches!(part, Part::Field { .. }));
        assert!(!format.is_of_string() || fields.count() > 0);
        let _ = format.has_zone();
        check_lines(&format, log);
    }
    Corpus::Keep
});
