//! Finds network addresses within a path segment, also as host names spell them.

/// Whether `text` holds an IPv4 or IPv6 address, alone or within other text.
pub(in crate::privacy) fn holds_address(text: &[u8]) -> bool {
    let mut before = b'/';
    (0..text.len()).any(|start| {
        let previous = std::mem::replace(&mut before, text[start]);
        !previous.is_ascii_digit() && is_ipv4(&text[start..])
            || !previous.is_ascii_alphanumeric() && is_ipv6(&text[start..])
    })
}

/// Whether `text` begins with four decimal octets joined by the same one of `.`, `-` and `_`, as in
/// `203.0.113.9` and the host name `203-0-113-9.example.net`.
fn is_ipv4(text: &[u8]) -> bool {
    let Some(length) = octet(text) else {
        return false;
    };
    let mut rest = &text[length..];
    let Some(separator) = rest.first().filter(|byte| b".-_".contains(byte)) else {
        return false;
    };
    (0..3).all(|_| {
        let next = rest.strip_prefix(&[*separator]).unwrap_or_default();
        let length = octet(next);
        rest = &next[length.unwrap_or_default()..];
        length.is_some()
    })
}

/// The length of the run of digits at the start of `text`, if its value fits an octet. Leading zeros
/// are taken as padding.
fn octet(text: &[u8]) -> Option<usize> {
    let length = leading(text, 4, u8::is_ascii_digit);
    let value = text[..length]
        .iter()
        .fold(0, |value, digit| 10 * value + u32::from(digit - b'0'));
    ((1..=3).contains(&length) && value <= 255).then_some(length)
}

/// Whether `text` begins with an IPv6 address (RFC 4291, section 2.2), or with one whose colons a
/// host name has as `-` or `_`. The latter needs three groups and a digit: neither `2024--1` nor
/// `add-a-bed--bad` is an address.
fn is_ipv6(text: &[u8]) -> bool {
    match text.get(leading(text, 5, u8::is_ascii_hexdigit)) {
        Some(b':') => Groups::leading(text, b':').are_address(),
        Some(separator @ (b'-' | b'_')) => {
            let groups = Groups::leading(text, *separator);
            groups.count >= 3 && groups.numeric && groups.are_address()
        }
        _ => false,
    }
}

/// Groups of one to four hexadecimal digits, at most eight of them.
struct Groups {
    count: usize,
    /// A doubled separator stands for groups of zeros.
    compressed: bool,
    /// They have a decimal digit.
    numeric: bool,
}

impl Groups {
    /// The groups at the start of `text`.
    fn leading(text: &[u8], separator: u8) -> Self {
        let mut groups = Self {
            count: 0,
            compressed: false,
            numeric: false,
        };
        let mut rest = text;
        while groups.count < 8 {
            let doubled = rest.strip_prefix(&[separator, separator]);
            let next = match doubled {
                Some(next) if !groups.compressed => next,
                None if groups.count == 0 => rest,
                _ => rest.strip_prefix(&[separator]).unwrap_or_default(),
            };
            groups.compressed |= doubled.is_some();
            let Some(length) = group(next) else { break };
            groups.count += 1;
            groups.numeric |= next[..length].iter().any(u8::is_ascii_digit);
            rest = &next[length..];
        }
        groups
    }

    const fn are_address(&self) -> bool {
        self.count == 8 || self.compressed
    }
}

/// The length of the group at the start of `text`.
fn group(text: &[u8]) -> Option<usize> {
    let length = leading(text, 5, u8::is_ascii_hexdigit);
    let ends = text
        .get(length)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric());
    ((1..=4).contains(&length) && ends).then_some(length)
}

/// How many bytes at the start of `text` are of a kind, looking at no more than `limit`.
fn leading(text: &[u8], limit: usize, kind: impl Fn(&u8) -> bool) -> usize {
    text.iter()
        .take(limit)
        .take_while(|byte| kind(byte))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: bool, texts: &[&str]) {
        for text in texts {
            assert_eq!(holds_address(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn ipv4_within_text() {
        check(
            true,
            &[
                "203.0.113.9",
                "0.0.0.0",
                "255.255.255.255",
                "203.000.113.009",
                "1.2.3.4.5",
                "203-0-113-9",
                "203_0_113_9",
                "ec2-203-0-113-9",
                "ip203-0-113-9x",
                "9.113.0.203.in-addr.arpa",
                "203-0-113-9.example.net",
                "v203.0.113.9",
                "a-1-203.0.113.9",
                "[203.0.113.9]:80",
                "5-203.0.113.9",
                "1-2-3-4-slug",
                "ip-10-0-0-1",
            ],
        );
    }

    #[test]
    fn other_numbers() {
        check(
            false,
            &[
                "",
                "1",
                "1.2.3",
                "1.2.3.",
                "1.2.3.256",
                "256.2.3.4",
                "1.2.3.1000",
                "2026-11-21",
                "2026-11-21-5",
                "1.2-3.4",
                "1..2.3.4",
                "1.2.3-4",
                "v1.2.3",
                ".-_",
                "a.b.c.d",
                "1,2,3,4",
                "12",
            ],
        );
    }

    #[test]
    fn ipv6_within_text() {
        check(
            true,
            &[
                "2001:db8::1",
                "2001:DB8:0:0:0:0:0:1",
                "::1",
                "::",
                "2001:db8::",
                "[2001:db8::1]",
                "[fe80::1%eth0]",
                "fe80::1%25eth0",
                "::ffff:203.0.113.9",
                "64:ff9b::203.0.113.9",
                "a:[::1]:80",
                "x-2001:db8::1",
                "2001-db8--1",
                "2001_db8__1",
                "2001-db8--1.ipv6-literal.example",
                "ip-2001-db8--1-a",
                "2001-db8-0-0-1-0-0-1",
                "node-a-2001-db8--1",
            ],
        );
    }

    #[test]
    fn other_groups() {
        check(
            false,
            &[
                "12:34:56",
                "a:b",
                ":",
                "a:b:c:d:e:f:1",
                "part:one",
                "Foo::Bar",
                "2024--1",
                "add-a-bed--bad",
                "face--off",
                "fade--2",
                "add-a-bed",
                "2001-db8--",
                "2001-db8--address-",
                "cafe",
                "a--b--c",
                "12345--1-2",
                "--1-2",
            ],
        );
    }
}
