//! A log of two days as no server should write it.

use crate::site::{lines, midnight, text};

/// Steady traffic, and between its lines: bytes that are no text, bare carriage returns, zero bytes, marks of
/// byte order, blank lines, garbage, very long lines, a visitor with a twentieth of all, and no newline at
/// the end.
pub(super) fn log() -> Vec<u8> {
    let site = lines(midnight(2025, 6, 3), 2, 400);
    let mut log = b"\xef\xbb\xbf".to_vec();
    for (number, line) in site.iter().enumerate() {
        let line = text([line]).into_bytes();
        if let Some(odd) = odd(number, &line) {
            log.extend_from_slice(&odd);
            log.push(b'\n');
        }
        if number % 20 == 0 {
            let heavy = String::from_utf8_lossy(&line).replacen("81.", "95.", 1);
            let (_, rest) = heavy.split_once(' ').expect("a client");
            log.extend_from_slice(b"95.9.9.9 ");
            log.extend_from_slice(rest.as_bytes());
        }
        log.extend_from_slice(&line);
    }
    log.pop();
    log
}

fn odd(number: usize, line: &[u8]) -> Option<Vec<u8>> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let with = |from: &str, to: &[u8]| {
        let at = line
            .windows(from.len())
            .position(|it| it == from.as_bytes());
        let (before, after) = line.split_at(at.expect("a part of every line"));
        Some([before, to, &after[from.len()..]].concat())
    };
    match number % 37 {
        1 => with("GET /", b"GET /\xff\xfe\x80"),
        2 => with("GET /", b"GET /a\rb"),
        3 => with("GET /", b"GET /a\0b"),
        4 => Some([line, b"\r"].concat()),
        5 => Some(Vec::new()),
        6 => Some(b"\r".to_vec()),
        7 => Some(b"\x16\x03\x01\x02 not a line of a log".to_vec()),
        8 => Some([b"\xef\xbb\xbf", line].concat()),
        9 => with("GET /", &[b"GET /", &b"x"[..].repeat(70_000)[..]].concat()),
        10 => with("\" 200 ", b"\" 404 "),
        11 => with("\"-\"", b"\"https://www.google.com/search?q=x\""),
        12 => with(
            "GET /",
            b"GET /\xf0\x9f\x8d\x85/\xce\xb2?utm_source=mail&utm_campaign=x",
        ),
        13 => with(" 200 ", b" 200 99999999999999999999"),
        14 => with("\" 200 ", b"\" 999 "),
        15 => with("GET ", b"\"; DROP "),
        // Crawlers of one name in two categories.
        16 => with("\"-\" \"", b"\"-\" \"ExaBot "),
        17 => with("\"-\" \"", b"\"-\" \"exabot "),
        _ => None,
    }
}
