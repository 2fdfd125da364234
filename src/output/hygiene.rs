//! The last defence of text on its way out: nothing that a spreadsheet runs or a terminal obeys.

/// Stands where a text had to be held back.
const PLACEHOLDER: &str = "(unknown)";

/// The text itself, or a placeholder if a spreadsheet would take it for a formula or it holds a
/// character that [`is_hazardous`]. Scrubbing leaves no such text, so this should never act.
pub(super) fn safe(text: &str) -> &str {
    let formula = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if formula || text.contains(is_hazardous) {
        PLACEHOLDER
    } else {
        text
    }
}

/// The text with every character that [`is_hazardous`] written as `\u{…}`, for names of files.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hazardous(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// Whether a character acts instead of showing: C0 and C1 controls, line separators, and the
/// controls of writing direction (Unicode Standard Annex 9).
#[must_use]
pub fn is_hazardous(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_and_hazardous_characters_are_held_back() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "\tx",
            "\rx",
            "a\nb",
            "a\0",
            "\u{1b}[2J",
            "a\u{7f}",
            "a\u{85}b",
            "a\u{9b}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{200f}",
            "a\u{61c}",
            "a\u{2028}b",
            "a\u{2029}b",
        ] {
            assert_eq!(safe(text), PLACEHOLDER, "{text:?}");
        }
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "",
            "/",
            "/a-b=c+d@e",
            "(other)",
            "00",
            "/straße/数据",
            "/a,b\"c",
            " x",
        ] {
            assert_eq!(safe(text), text);
            assert_eq!(escaped(text), text);
        }
    }

    #[test]
    fn names_are_escaped_where_they_would_act() {
        assert_eq!(
            escaped("a\u{1b}[2J\nb\u{202e}"),
            r"a\u{1b}[2J\u{a}b\u{202e}"
        );
    }
}
