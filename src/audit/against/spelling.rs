//! The spellings of an identifier that decoding a published text does not undo: reversed, hexadecimal,
//! base64, digests, and the forms in which addresses are written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{privacy::Client, release::digest};

/// Fewest bytes of an encoded spelling: shorter ones would be found by chance.
const FEWEST: usize = 8;

/// A way to write an identifier.
pub(super) struct Spelling {
    pub(super) bytes: Vec<u8>,
    /// In words.
    pub(super) name: &'static str,
    /// Letter case matters, as in base64.
    pub(super) is_exact: bool,
    /// It counts only where no letter or digit goes on before or after it.
    pub(super) is_bounded: bool,
}

impl Spelling {
    fn plain(text: &[u8], name: &'static str) -> Self {
        Self {
            bytes: text.to_vec(),
            name,
            is_exact: false,
            is_bounded: true,
        }
    }

    fn encoded(bytes: Vec<u8>, name: &'static str) -> Option<Self> {
        (bytes.len() >= FEWEST).then_some(Self {
            bytes,
            name,
            is_exact: false,
            is_bounded: false,
        })
    }
}

/// Every spelling of a text.
pub(super) fn of_text(text: &[u8]) -> Vec<Spelling> {
    let mut spellings = vec![Spelling::plain(text, "as it is")];
    spellings.extend(encodings(text));
    let lower = text.to_ascii_lowercase();
    if lower != text {
        spellings.extend(encodings(&lower));
    }
    spellings
}

fn encodings(text: &[u8]) -> Vec<Spelling> {
    let reversed = text.iter().rev().copied().collect();
    let hex = text
        .iter()
        .flat_map(|byte| format!("{byte:02x}").into_bytes());
    let mut spellings = vec![
        Spelling::encoded(reversed, "reversed"),
        Spelling::encoded(hex.collect(), "in hexadecimal"),
        Spelling::encoded(digest(text).into_bytes(), "as its SHA-256"),
    ];
    for offset in 0..3 {
        let bytes = base64(text, offset);
        let url: Vec<u8> = bytes.iter().map(|byte| url_safe(*byte)).collect();
        let other = (url != bytes).then_some(url);
        for bytes in [Some(bytes), other].into_iter().flatten() {
            let spelling = Spelling::encoded(bytes, "in base64");
            spellings.push(spelling.map(|it| Spelling {
                is_exact: true,
                ..it
            }));
        }
    }
    spellings.into_iter().flatten().collect()
}

/// Every spelling of a client: those of its text, and those that registries and programs have for
/// addresses.
pub(super) fn of_client(field: &[u8]) -> Vec<Spelling> {
    let mut spellings = of_text(field);
    let others: Vec<String> = match Client::read(field) {
        Client::Address(IpAddr::V4(address)) => of_ipv4(address),
        Client::Address(IpAddr::V6(address)) => of_ipv6(address),
        Client::Name(_) | Client::Absent => Vec::new(),
    };
    for (position, text) in others.iter().enumerate() {
        // The first is the canonical form.
        if position == 0 && text.as_bytes() != field {
            spellings.extend(of_text(text.as_bytes()));
        } else {
            spellings.push(Spelling::plain(
                text.as_bytes(),
                "as a number, a name or padded",
            ));
        }
    }
    spellings
}

fn of_ipv4(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let number = u32::from(address);
    vec![
        address.to_string(),
        format!("{d}.{c}.{b}.{a}"),
        format!("{a}-{b}-{c}-{d}"),
        format!("{d}-{c}-{b}-{a}"),
        format!("{a:03}.{b:03}.{c:03}.{d:03}"),
        format!("{a:03}{b:03}{c:03}{d:03}"),
        number.to_string(),
        format!("{number:08x}"),
        format!("0x{number:08x}"),
    ]
}

fn of_ipv6(address: Ipv6Addr) -> Vec<String> {
    let digits = format!("{:032x}", u128::from(address));
    let groups = address.segments().map(|group| format!("{group:04x}"));
    let nibbles: Vec<String> = digits.chars().rev().map(String::from).collect();
    vec![
        address.to_string(),
        groups.join(":"),
        groups.join("-"),
        nibbles.join("."),
        u128::from(address).to_string(),
        digits,
    ]
}

/// What of the base64 of a text (RFC 4648, section 4) is the same wherever the text stands, if it
/// begins so many bytes after a multiple of three.
fn base64(text: &[u8], offset: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = |position: usize| -> u32 {
        let bytes = (0..4).map(|at| {
            let place = (position / 8 + at).checked_sub(offset);
            let byte = place.and_then(|place| text.get(place));
            u32::from(byte.copied().unwrap_or(0))
        });
        let word = bytes.fold(0, |word, byte| word << 8 | byte);
        word << (position % 8) >> 26
    };
    let first = (offset * 8).div_ceil(6);
    let end = (offset + text.len()) * 8 / 6;
    let letters = (first..end).map(|number| ALPHABET[bits(number * 6) as usize]);
    letters.collect()
}

const fn url_safe(byte: u8) -> u8 {
    match byte {
        b'+' => b'-',
        b'/' => b'_',
        _ => byte,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(spellings: &[Spelling]) -> Vec<String> {
        let text = |it: &Spelling| String::from_utf8_lossy(&it.bytes).into_owned();
        spellings.iter().map(text).collect()
    }

    #[test]
    fn base64_is_found_wherever_the_text_begins() {
        // Of "alice@example.org" after none, one and two other bytes, by coreutils' base64.
        for (offset, expected) in [
            (0, "YWxpY2VAZXhhbXBsZS5vcm"),
            (1, "FsaWNlQGV4YW1wbGUub3Jn"),
            (2, "hbGljZUBleGFtcGxlLm9yZ"),
        ] {
            let found = String::from_utf8(base64(b"alice@example.org", offset)).unwrap();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn addresses_have_many_spellings() {
        let v4 = names(&of_client(b"192.0.2.77"));
        for expected in [
            "192.0.2.77",
            "77.2.0.192",
            "192-0-2-77",
            "3221226061",
            "c000024d",
            "77.2.0.291",
            "MTkyLjAuMi43N",
            "3139322e302e322e3737",
        ] {
            assert!(v4.iter().any(|it| it == expected), "{expected}: {v4:?}");
        }
        let v6 = names(&of_client(b"[2001:DB8::7]:443"));
        for expected in [
            "2001:db8::7",
            "2001:0db8:0000:0000:0000:0000:0000:0007",
            "20010db8000000000000000000000007",
        ] {
            assert!(v6.iter().any(|it| it == expected), "{expected}: {v6:?}");
        }
    }
}
