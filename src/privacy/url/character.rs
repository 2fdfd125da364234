//! What a character is to the scrubber: a letter, a digit, or not to be published.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};

/// Whether `text` has nothing but letters and marks of one script, ASCII digits and `-_.~`: what a
/// segment may consist of to be published.
pub(super) fn is_plain(text: &str) -> bool {
    let all_plain = text.chars().all(|character| {
        matches!(character, '0'..='9' | '-' | '_' | '.' | '~') || is_written(character)
    });
    all_plain && (text.is_ascii() || is_of_one_script(text))
}

/// Whether the letters and marks are of one script. Those that scripts share (`Common` and
/// `Inherited`) go with any; one that is too new to have a known script goes with none.
fn is_of_one_script(text: &str) -> bool {
    let mut scripts = text
        .chars()
        .filter(|&character| is_written(character))
        .map(|character| character.script())
        .filter(|script| !matches!(script, Script::Common | Script::Inherited));
    let first = scripts.next();
    first != Some(Script::Unknown) && scripts.all(|script| Some(script) == first)
}

/// Whether it is a letter or mark that can be seen.
fn is_written(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    let group = character.general_category_group();
    matches!(
        group,
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark
    ) && !is_invisible(character)
}

/// Letters and marks of the property `Default_Ignorable_Code_Point` (Unicode 16,
/// `DerivedCoreProperties.txt`): joiners, fillers and variation selectors that show nothing. Its other
/// characters are no letters or marks.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{034F}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180D}'
            | '\u{180F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FFA0}'
            | '\u{E0100}'..='\u{E01EF}'
    )
}

/// Whether it is a letter of any script.
pub(super) fn is_letter(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    character.general_category_group() == GeneralCategoryGroup::Letter
}

/// Whether it is a decimal digit of any script.
pub(super) fn is_digit(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_digit();
    }
    character.general_category() == GeneralCategory::DecimalNumber
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_marks_of_one_script_are_plain() {
        for text in [
            "",
            "about",
            "About_Us-2.html~",
            "2026",
            "café",
            "naïve",
            "ελληνικά",
            "новости",
            "한국어",
            "日本",
            "ひらがな",
            "カー",
            "हिन्दी",
            "עברית",
            "العربية",
            "e\u{301}",
            "Å",
            "ǅ",
            "ʻokina",
            "ไทย",
        ] {
            assert!(is_plain(text), "{text}");
        }
    }

    #[test]
    fn everything_else_is_not() {
        for text in [
            "a b",
            "a+b",
            "a%b",
            "a=b",
            "a,b",
            "a:b",
            "a(b)",
            "a'b",
            "a\\b",
            "a@b",
            "a/b",
            "{num}",
            "!",
            "*",
            "€",
            "½",
            "№",
            "раypal",
            "новости.html",
            "аdmin",
            "日本ひら",
            "αa",
            "١٢٣",
            "२",
            "😀",
            "a\u{200D}b",
            "a\u{200B}",
            "\u{FEFF}a",
            "a\u{34F}b",
            "\u{3164}",
            "\u{115F}",
            "\u{FFA0}",
            "a\u{FE0F}",
            "ᠠ\u{180B}",
            "a\u{E0100}",
            "a\u{E0041}",
            "a\u{AD}b",
            "\u{202E}a",
            "a\u{2028}",
            "\u{85}",
            "\0",
            "\u{E000}",
            "\u{378}",
            "a\u{A0}b",
            "…",
            "a\u{17B4}",
        ] {
            assert!(!is_plain(text), "{text:?}");
        }
    }
}
