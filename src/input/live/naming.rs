//! Knows from its name what a file was called before it was rotated or compressed.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

/// What compressors append to names.
const COMPRESSED: [&str; 4] = ["gz", "bz2", "xz", "zst"];

/// The names of which rotation may have made this one: it appends a number or a date (`access.log.1`,
/// `access.log-20261122.gz`), or puts one before the extension (`access-20261122.log`).
pub(super) fn originals(name: &OsStr) -> Vec<OsString> {
    let name = name.as_bytes();
    let mut originals = Vec::new();
    for (place, _) in name.iter().enumerate().filter(|&(place, _)| place > 0) {
        if !is_numbered(&name[place..]) {
            continue;
        }
        let (stem, rest) = name.split_at(place);
        originals.push(OsString::from_vec(stem.to_vec()));
        for extension in extensions(rest) {
            originals.push(OsString::from_vec([stem, extension].concat()));
        }
    }
    originals
}

fn is_numbered(rest: &[u8]) -> bool {
    matches!(rest, [b'.' | b'-' | b'_', digit, ..] if digit.is_ascii_digit())
}

/// The parts of a name that begin with a dot and no digit.
fn extensions(rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    let dots = memchr::memchr_iter(b'.', rest);
    let parts = dots.map(|dot| {
        let end = memchr::memchr(b'.', &rest[dot + 1..]).map_or(rest.len(), |next| dot + 1 + next);
        &rest[dot..end]
    });
    parts.filter(|part| part.len() > 1 && !is_numbered(part))
}

/// The path of the file that this is the compressed form of, if it is called like one.
pub(super) fn uncompressed(path: &Path) -> Option<PathBuf> {
    let extension = path.extension()?.to_str()?;
    COMPRESSED
        .contains(&extension)
        .then(|| path.with_extension(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn rotated_files_are_known_by_their_names() {
        for (name, original, expected) in [
            ("access.log.1", "access.log", true),
            ("access.log.12.gz", "access.log", true),
            ("access.log-20261122", "access.log", true),
            ("access.log-2026-11-22.zst", "access.log", true),
            ("access.log_2026-11-22T00", "access.log", true),
            ("access-20261122.log", "access.log", true),
            ("access.1.log", "access.log", true),
            ("access-20261122.log.gz", "access.log", true),
            ("access.log.1795300000", "access.log", true),
            ("access.1", "access", true),
            ("access.log", "access.log", false),
            ("access.log.bak", "access.log", false),
            ("access_api.log", "access.log", false),
            ("access-2.txt", "access.log", false),
            ("other.log.1", "access.log", false),
            ("access.logs", "access.log", false),
            ("1.log", "", false),
        ] {
            let is = originals(OsStr::new(name)).iter().any(|name| name == original);
            assert_eq!(is, expected, "{name} {original}");
        }
    }

    #[test]
    fn compressed_files_are_known_by_their_names() {
        for (path, expected) in [
            ("a/access.log.1.gz", Some("a/access.log.1")),
            ("a/access.log.1", None),
            ("a/gz", None),
        ] {
            assert_eq!(uncompressed(Path::new(path)), expected.map(PathBuf::from));
        }
    }
}
