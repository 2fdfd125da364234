//! The path scrubber: a path as it may be published, whatever was sent.

use std::borrow::Cow;

use memchr::memchr3;

use super::{
    percent::decode_fully,
    segment::{REST, Segment},
    words::PathWords,
};

/// Segments, empty ones included, that a published path has at most before [`REST`], unless settings allow
/// fewer.
pub(super) const SEGMENTS: usize = 8;

/// A path without parameters, decoded until nothing is left to decode. Begins with `/`. Personal.
pub(super) struct DecodedPath<'a>(Cow<'a, [u8]>);

impl<'a> DecodedPath<'a> {
    /// The decoded form of a target's path; `None` where it is no path or escaped too often.
    pub(super) fn of(path: &'a [u8]) -> Option<Self> {
        let end = memchr3(b'?', b'#', b';', path).unwrap_or(path.len());
        let path = path.starts_with(b"/").then_some(&path[..end])?;
        decode_fully(path).map(Self)
    }

    /// The segments: as many as the path has slashes.
    pub(super) fn segments(&self) -> impl Iterator<Item = &[u8]> {
        self.0[1..].split(|byte| *byte == b'/')
    }

    /// The text, if it is valid UTF-8 without control bytes.
    fn text(&self) -> Option<&str> {
        let text = str::from_utf8(&self.0).ok()?;
        (!text.bytes().any(|byte| byte.is_ascii_control())).then_some(text)
    }
}

/// The path as it may be published; `None` where it is not valid UTF-8 or has control bytes.
/// Segments after so many levels are left out. Scrubbing it again changes nothing.
pub(super) fn scrub(path: &DecodedPath<'_>, words: &PathWords, levels: usize) -> Option<String> {
    path.text().map(|text| scrub_text(text, words, levels))
}

fn scrub_text(path: &str, words: &PathWords, levels: usize) -> String {
    let mut scrubbed = String::with_capacity(path.len());
    let mut follows_word = false;
    for (position, segment) in path[1..].split('/').enumerate() {
        scrubbed.push('/');
        if position == levels {
            scrubbed.push_str(REST);
            break;
        }
        let segment = Segment::new(segment);
        scrubbed.push_str(segment.published(follows_word));
        // Neither a doubled slash nor `/./` hides a value from the word before it.
        if !["", "."].contains(&segment.form()) {
            follows_word = words.contains(segment.form());
        }
    }
    scrubbed
}
