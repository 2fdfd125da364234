//! The readings of a published text: as it stands, and with every reversible spelling undone.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Most spellings undone one within another.
const ROUNDS: usize = 4;

/// The text as it stands, then as often decoded as something changes: percent-encoding, escapes of JSON
/// and C, numeric and common named entities of HTML, and full-width forms.
pub(super) fn views(text: &str) -> Vec<Cow<'_, str>> {
    let mut views = vec![Cow::Borrowed(text)];
    if text
        .bytes()
        .all(|byte| byte.is_ascii() && !matches!(byte, b'%' | b'\\' | b'&'))
    {
        return views;
    }
    for _ in 0..ROUNDS {
        let latest = &views[views.len() - 1];
        let decoded = without_escapes(latest);
        let folded: String = decoded.nfkc().filter(|it| !is_invisible(*it)).collect();
        if folded == **latest {
            break;
        }
        views.push(Cow::Owned(folded));
    }
    views
}

/// Characters that take no place, and would tear an identifier apart.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
    )
}

/// One round of decoding.
fn without_escapes(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escape = match first {
            b'%' => percent(after),
            b'\\' => backslash(after),
            b'&' => entity(after),
            _ => None,
        };
        match escape {
            Some((Decoded::Byte(byte), length)) => {
                out.push(byte);
                rest = &after[length..];
            }
            Some((Decoded::Character(character), length)) => {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &after[length..];
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

enum Decoded {
    Byte(u8),
    Character(char),
}

/// `%40`, and `%u0040` as old scripts write it (RFC 3986, section 2.1; ECMA-262, annex B).
fn percent(after: &[u8]) -> Option<(Decoded, usize)> {
    if let [b'u' | b'U', digits @ ..] = after {
        let character = char::from_u32(hexadecimal(digits.get(..4)?)?)?;
        return Some((Decoded::Character(character), 5));
    }
    let byte = u8::try_from(hexadecimal(after.get(..2)?)?).ok()?;
    Some((Decoded::Byte(byte), 2))
}

/// `\u0040`, `\x40`, and a backslash before a character that stands for itself (RFC 8259, section 7).
fn backslash(after: &[u8]) -> Option<(Decoded, usize)> {
    match after {
        [b'u', digits @ ..] => {
            let character = char::from_u32(hexadecimal(digits.get(..4)?)?)?;
            Some((Decoded::Character(character), 5))
        }
        [b'x', digits @ ..] => {
            let byte = u8::try_from(hexadecimal(digits.get(..2)?)?).ok()?;
            Some((Decoded::Byte(byte), 3))
        }
        [byte @ (b'"' | b'\\' | b'/'), ..] => Some((Decoded::Byte(*byte), 1)),
        _ => None,
    }
}

/// `&#64;`, `&#x40;`, `&amp;` and its like (HTML standard, character references).
fn entity(after: &[u8]) -> Option<(Decoded, usize)> {
    let end = after.iter().take(10).position(|byte| *byte == b';')?;
    let character = match &after[..end] {
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(hexadecimal(digits)?)?,
        [b'#', digits @ ..] => {
            let number = str::from_utf8(digits).ok()?.parse().ok()?;
            char::from_u32(number)?
        }
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        b"commat" => '@',
        b"period" => '.',
        b"colon" => ':',
        b"sol" => '/',
        b"lowbar" => '_',
        b"hyphen" | b"dash" => '-',
        b"plus" => '+',
        b"percnt" => '%',
        _ => return None,
    };
    Some((Decoded::Character(character), end + 1))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let text = str::from_utf8(digits).ok()?;
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_view_has_nothing_left_to_decode() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a%40b", "a@b"),
            ("a%2540b", "a@b"),
            ("a%252540b", "a@b"),
            ("a%u0040b", "a@b"),
            ("a\\u0040b\\/", "a@b/"),
            ("a\\x40b", "a@b"),
            ("a&#64;b&#x40;c&commat;d&amp;#64;", "a@b@c@d@"),
            ("ａ＠ｂ", "a@b"),
            ("a\u{200b}b", "ab"),
            ("100%", "100%"),
            ("%zz\\q&x;", "%zz\\q&x;"),
            ("%FF", "\u{fffd}"),
        ] {
            assert_eq!(views(text).last().unwrap(), expected, "{text}");
        }
    }
}
