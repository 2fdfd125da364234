//! Detection on any bytes: its answer is of the lines that it looked at, its error shows none of them.

#![no_main]

use hushlog::format::Format;
use hushlog_fuzz::check_lines;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|log: &[u8]| {
    match Format::detect("log", log) {
        Ok(detected) => {
            assert!(detected.parsed <= detected.lines && (0.5..=1.0).contains(&detected.share()));
            check_lines(&detected.format, log);
        }
        Err(error) => {
            let message = error.to_string();
            let names_only = |name: &str| {
                ["log", "mixed"].contains(&name) || Format::names().any(|known| known == name)
            };
            let guesses = message
                .split_once('(')
                .map_or("", |(_, guesses)| guesses)
                .trim_end_matches(" of them)");
            for guess in guesses.split(", ") {
                let name = guess.split(' ').next().unwrap_or_default();
                assert!(names_only(name), "an error that says more than it should");
            }
        }
    }
});
