//! Finds what must not come out, in every form in which it might be written.

use std::{collections::BTreeMap, net::IpAddr, sync::OnceLock};

use aho_corasick::AhoCorasick;
use sha2::{Digest, Sha256};

/// Texts that must not occur, in many spellings; letter case does not matter.
#[derive(Default)]
pub(crate) struct Traces {
    /// What each spelling stands for.
    spellings: BTreeMap<Vec<u8>, String>,
    search: OnceLock<AhoCorasick>,
}

impl Traces {
    /// A text, as it is and encoded.
    pub(crate) fn add_text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let reversed: String = text.chars().rev().collect();
        let digest = hex(&Sha256::digest(bytes));
        self.add(text, [text.to_owned(), reversed, hex(bytes), digest]);
        self.add(text, base64_anywhere(bytes));
    }

    /// Bytes that are no text, as they are and encoded.
    pub(crate) fn add_bytes(&mut self, name: &str, bytes: &[u8]) {
        let backwards: Vec<u8> = bytes.iter().rev().copied().collect();
        for bytes in [bytes, &backwards] {
            self.spellings.insert(bytes.to_owned(), name.to_owned());
            self.add(name, [hex(bytes)]);
            self.add(name, base64_anywhere(bytes));
        }
    }

    /// An address or host name of a client, also as registries and programs write addresses.
    pub(crate) fn add_address(&mut self, text: &str) {
        self.add_text(text);
        let Ok(address) = text.parse::<IpAddr>() else {
            return;
        };
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                let number = u32::from(address);
                self.add_text(&address.to_string());
                self.add(
                    text,
                    [
                        format!("{d}.{c}.{b}.{a}"),
                        format!("{a}-{b}-{c}-{d}"),
                        number.to_string(),
                    ],
                );
                self.add(text, [format!("{number:08x}")]);
            }
            IpAddr::V6(address) => {
                let digits = format!("{:032x}", u128::from(address));
                let groups = address
                    .segments()
                    .map(|group| format!("{group:04x}"))
                    .join(":");
                let nibbles: Vec<String> = digits.chars().rev().map(String::from).collect();
                self.add(text, [digits, groups, nibbles.join(".")]);
            }
        }
    }

    /// Digests that were worked out elsewhere.
    pub(crate) fn add_digests(&mut self, text: &str, md5: &str, sha1: &str) {
        self.add(text, [md5.to_owned(), sha1.to_owned()]);
    }

    fn add(&mut self, text: &str, spellings: impl IntoIterator<Item = String>) {
        for spelling in spellings {
            assert!(spelling.len() >= 8, "{spelling} would be found by chance");
            self.spellings
                .insert(spelling.into_bytes(), text.to_owned());
        }
    }

    /// The first thing found, and how it is written, also under percent-encoding of any depth.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Option<String> {
        self.found_plainly_in(bytes).or_else(|| {
            let decoded = percent_decoded(bytes);
            (decoded.len() < bytes.len()).then(|| self.found_in(&decoded))?
        })
    }

    fn found_plainly_in(&self, bytes: &[u8]) -> Option<String> {
        let search = self.search.get_or_init(|| {
            let mut builder = AhoCorasick::builder();
            let builder = builder.ascii_case_insensitive(true);
            builder
                .build(self.spellings.keys())
                .expect("a search of a few thousand words")
        });
        let found = search.find(bytes)?;
        let (spelling, text) = self.spellings.iter().nth(found.pattern().as_usize())?;
        Some(format!("{text} as {}", String::from_utf8_lossy(spelling)))
    }

    #[track_caller]
    pub(crate) fn assert_none_in(&self, bytes: &[u8], place: &str) {
        if let Some(found) = self.found_in(bytes) {
            panic!("{found} in {place}:\n{}", String::from_utf8_lossy(bytes));
        }
    }
}

/// Percent-encoding of every byte.
pub(crate) fn percent(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

fn percent_decoded(mut bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    while let [first, rest @ ..] = bytes {
        let digits = rest.get(..2).filter(|_| *first == b'%');
        let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(byte.unwrap_or(*first));
        bytes = if byte.is_some() { &rest[2..] } else { rest };
    }
    decoded
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 4648, section 4.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte));
        let bits = bits << (8 * (3 - group.len()));
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            let padding = digit > group.len();
            text.push(if padding {
                '='
            } else {
                char::from(ALPHABET[value as usize])
            });
        }
    }
    text
}

/// RFC 4648, section 5, without padding.
pub(crate) fn base64_url(bytes: &[u8]) -> String {
    base64(bytes)
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_")
}

/// What base64 of any text that contains this one contains, by its place in the other.
fn base64_anywhere(bytes: &[u8]) -> Vec<String> {
    let shifted = |shift: usize| {
        let before = vec![0; shift];
        let encoded = base64(&[&before, bytes].concat());
        let first = (shift * 8).div_ceil(6);
        let last = (shift + bytes.len()) * 8 / 6;
        encoded[first..last].to_owned()
    };
    let standard = (0..3).map(shifted);
    standard
        .flat_map(|text| [text.replace('+', "-").replace('/', "_"), text])
        .collect()
}
