//! The words of a path after which a person or a secret is named.

use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result};

/// One word a line, `#` begins a comment.
const BUILT_IN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/path-words.txt"));

/// Lengths told apart, in bytes; what is longer counts as the last.
const LENGTHS: usize = 16;

/// Path words, compared without regard to ASCII case.
#[derive(Clone, Debug)]
pub(super) struct PathWords {
    words: Vec<String>,
    /// Per length, a bit for each initial: most segments need no look at the words.
    initials: [u32; LENGTHS],
}

impl PathWords {
    /// The built-in words and `added` ones.
    pub(super) fn new(added: &[String]) -> Result<Self> {
        let built_in = BUILT_IN.lines().filter(|line| !line.starts_with('#'));
        let added = added.iter().map(|word| validated(word));
        let words: Vec<String> = built_in
            .map(|word| Ok(word.to_owned()))
            .chain(added)
            .collect::<Result<_>>()?;
        let mut initials = [0; LENGTHS];
        for (length, initial) in words.iter().filter_map(|word| signature(word)) {
            initials[length] |= initial;
        }
        Ok(Self { words, initials })
    }

    /// Whether a segment, in its NFKC form, is one of the words.
    pub(super) fn contains(&self, segment: &str) -> bool {
        signature(segment).is_some_and(|(length, initial)| self.initials[length] & initial != 0)
            && self
                .words
                .iter()
                .any(|word| word.eq_ignore_ascii_case(segment))
    }
}

/// The length class of a word and the bit of its initial, the same in either case.
fn signature(word: &str) -> Option<(usize, u32)> {
    let initial = word.bytes().next()? & 0x1f;
    Some((word.len().min(LENGTHS - 1), 1 << initial))
}

/// A word in NFKC form, as segments are compared.
fn validated(word: &str) -> Result<String> {
    let fits = |character: char| {
        !character.is_control() && !character.is_whitespace() && !"/?#;%".contains(character)
    };
    if word.is_empty() || !word.chars().all(fits) {
        return Err(Error::Setting(format!(
            "path word {word:?}: must be one path segment, decoded, without spaces"
        )));
    }
    Ok(word.nfkc().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_words_are_those_of_the_policy() {
        let expected = "user users u profile profiles account accounts member members author authors order \
            orders ticket tickets search q s reset verify confirm invite unsubscribe share tag token session";
        assert_eq!(
            PathWords::new(&[]).unwrap().words,
            expected.split_whitespace().collect::<Vec<_>>()
        );
    }

    #[test]
    fn words_are_added_and_compared_without_case() {
        let words = PathWords::new(&["Kunde".to_owned(), "ｆｏｏ".to_owned()]).unwrap();
        for word in ["user", "USER", "kunde", "KUNDE", "foo"] {
            assert!(words.contains(word), "{word}");
        }
        for word in ["", "userx", "use", "#"] {
            assert!(!words.contains(word), "{word}");
        }
    }

    #[test]
    fn unusable_words_are_refused() {
        for word in ["", "a/b", "a b", "a\n", "%41", "a?", "a;b"] {
            assert!(PathWords::new(&[word.to_owned()]).is_err(), "{word:?}");
        }
    }
}
