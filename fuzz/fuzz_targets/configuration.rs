//! Configurations of nginx and Apache.
//!
//! The first line of the input is the name of the wanted format, empty for that of the first log; the
//! rest is the configuration.

#![no_main]

use hushlog::format::Format;
use hushlog_fuzz::{check_lines, split_line};
use libfuzzer_sys::{Corpus, fuzz_target};

const LOG: &[u8] = br#"203.0.113.7 - - [21/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "A/1"
203.0.113.7 - jane [21/Nov/2026:09:00:00 +0000] "GET /\" HTTP/1.1" 404 - "https://example.org/" "A \"1\"" x
"#;

fuzz_target!(|input: &[u8]| -> Corpus {
    let (wanted, text) = split_line(input);
    let (Ok(wanted), Ok(text)) = (str::from_utf8(wanted), str::from_utf8(text)) else {
        return Corpus::Reject;
    };
    let wanted = (!wanted.is_empty()).then_some(wanted);
    if let Ok(format) = Format::from_configuration("server.conf", text, wanted) {
        assert!(format.parts().count() > 0);
        check_lines(&format, LOG);
    }
    Corpus::Keep
});
