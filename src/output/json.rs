//! JSON for people and programs: indented, in the order given, with a newline at its end.

use std::fmt::Write;

use serde::Serialize;

use super::hygiene::is_hazardous;

/// Encodes a value. Characters that act instead of showing are escaped, also those that JSON allows.
pub(super) fn pretty(value: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_string_pretty(value).expect("strings and numbers serialise");
    let mut out = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        // All of these are below U+10000, and a raw one can only stand within a string.
        if character != '\n' && is_hazardous(character) {
            write!(out, "\\u{:04x}", u32::from(character)).expect("a string takes what is written");
        } else {
            out.push(character);
        }
    }
    out.push('\n');
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_hazardous_character_is_escaped_and_reads_back() {
        let value = json!({"z": "a\u{202e}b\u{9b}\u{7f}\n", "a": [1]});
        let bytes = pretty(&value);
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            "{\n  \"z\": \"a\\u202eb\\u009b\\u007f\\n\",\n  \"a\": [\n    1\n  ]\n}\n"
        );
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
    }
}
