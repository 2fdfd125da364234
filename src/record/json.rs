//! Escapes of JSON strings (RFC 8259, section 7), undone byte by byte.

use super::hexadecimal;

/// Appends what the escape at the start of `text` stands for; returns the escape's length. A backslash
/// that begins no escape, and half of a surrogate pair, stand for themselves.
pub(super) fn unescape(text: &[u8], buffer: &mut Vec<u8>) -> usize {
    let byte = match text {
        [_, quoted @ (b'"' | b'\\' | b'/'), ..] => *quoted,
        [_, b'b', ..] => 0x08,
        [_, b'f', ..] => 0x0c,
        [_, b'n', ..] => b'\n',
        [_, b'r', ..] => b'\r',
        [_, b't', ..] => b'\t',
        _ => return unescape_unicode(text, buffer),
    };
    buffer.push(byte);
    2
}

/// The same for `\uXXXX`, or two of them for a character beyond the basic plane.
fn unescape_unicode(text: &[u8], buffer: &mut Vec<u8>) -> usize {
    let Some((character, length)) = character(text) else {
        buffer.push(b'\\');
        return 1;
    };
    let mut encoded = [0; 4];
    buffer.extend_from_slice(character.encode_utf8(&mut encoded).as_bytes());
    length
}

fn character(text: &[u8]) -> Option<(char, usize)> {
    let unit = code_unit(text)?;
    if !(0xd800..0xdc00).contains(&unit) {
        return Some((char::from_u32(unit)?, 6));
    }
    let low = code_unit(&text[6..]).filter(|low| (0xdc00..0xe000).contains(low))?;
    let character = char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?;
    Some((character, 12))
}

fn code_unit(text: &[u8]) -> Option<u32> {
    let [b'\\', b'u', a, b, c, d, ..] = *text else {
        return None;
    };
    Some(u32::from(hexadecimal(a, b)?) << 8 | u32::from(hexadecimal(c, d)?))
}
