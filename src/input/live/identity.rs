//! Knows a file again, whatever it is called by now: its number, and a keyed fingerprint of how it begins.

use std::{fs::Metadata, os::unix::fs::MetadataExt, time::UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How many of a file's first bytes tell it from others at most.
pub(super) const HEAD: usize = 1 << 10;

/// The number of a file on this machine and when it was made, which it keeps when it is renamed. After its
/// deletion another file may get the number, which is told by that time where its file system knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileNumber {
    /// The device that holds the file.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// When it was made, in nanoseconds since 1970, where that is known.
    pub born: Option<u64>,
}

impl FileNumber {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            born: born(metadata),
        }
    }
}

/// When a file was made, in nanoseconds since 1970, where its file system knows; renaming does not change
/// it. That is what tells a file from the next one that gets its number.
fn born(metadata: &Metadata) -> Option<u64> {
    let since = metadata.created().ok()?.duration_since(UNIX_EPOCH);
    u64::try_from(since.ok()?.as_nanos()).ok()
}

/// Which file this is: one that has the number, and still begins as it did.
///
/// The fingerprint is the first half of an HMAC-SHA-256 (RFC 2104), so that who has no key learns
/// nothing of the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// The file's number.
    pub number: FileNumber,
    /// Over how many of the first bytes the fingerprint is, 1024 at most.
    pub covered: usize,
    /// The fingerprint.
    pub fingerprint: [u8; 16],
}

impl FileIdentity {
    pub(super) fn new(number: FileNumber, head: &[u8], key: &[u8; 32]) -> Self {
        let head = &head[..head.len().min(HEAD)];
        Self {
            number,
            covered: head.len(),
            fingerprint: fingerprint(head, key),
        }
    }

    /// Whether a file that begins with `head` begins as this one did. Of an empty file nothing is known.
    pub(super) fn fits(&self, head: &[u8], key: &[u8; 32]) -> bool {
        let covered = head.get(..self.covered);
        self.covered > 0 && covered.is_some_and(|head| fingerprint(head, key) == self.fingerprint)
    }

    /// Whether this many bytes are the same in no two files by chance.
    pub(super) const fn is_sure(&self) -> bool {
        self.covered == HEAD
    }

    /// Whether both begin with the same bytes, as far as both have been read.
    pub(super) fn begins_like(&self, other: &Self) -> bool {
        self.covered == other.covered && self.fingerprint == other.fingerprint
    }
}

fn fingerprint(head: &[u8], key: &[u8; 32]) -> [u8; 16] {
    let code = <Hmac<Sha256> as KeyInit>::new_from_slice(key);
    let mut code = code.expect("HMAC takes keys of any length");
    code.update(head);
    let code: [u8; 32] = code.finalize().into_bytes().into();
    let mut half = [0; 16];
    half.copy_from_slice(&code[..16]);
    half
}

/// Where a followed file has been read to: enough to find the place again after a restart, whatever the
/// file is called then.
///
/// One mark stands for each source of files as a whole, and says that it has been begun; files of which
/// there is no mark are new from then on. Who stores marks need not tell these apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The file.
    pub file: FileIdentity,
    /// Bytes before the first line that has not been handed out; [`u64::MAX`] if nothing of the file is
    /// to be read, however long it is.
    pub offset: u64,
    /// The file was left at its end, since its writer had gone on to another.
    pub ended: bool,
}

impl Mark {
    /// All of a file, of which nothing is to be read.
    pub(super) const fn of_all(file: FileIdentity) -> Self {
        Self {
            file,
            offset: u64::MAX,
            ended: true,
        }
    }

    /// That a source has been begun. No file has such a number.
    pub(super) fn of_source(name: &[u8], key: &[u8; 32]) -> Self {
        let fingerprint = fingerprint(name, key);
        let inode = fingerprint[..8].iter();
        let number = FileNumber {
            device: u64::MAX,
            inode: inode.fold(0, |inode, &byte| inode << 8 | u64::from(byte)),
            born: None,
        };
        Self::of_all(FileIdentity {
            number,
            covered: 0,
            fingerprint,
        })
    }

    pub(super) const fn is_of_source(&self) -> bool {
        self.file.number.device == u64::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: FileNumber = FileNumber {
        device: 1,
        inode: 2,
        born: None,
    };

    #[test]
    fn a_file_is_known_by_how_it_begins() {
        let identity = FileIdentity::new(NUMBER, b"abc", &[1; 32]);
        for (head, key, expected) in [
            (&b"abc"[..], [1; 32], true),
            (b"abcd", [1; 32], true),
            (b"ab", [1; 32], false),
            (b"abd", [1; 32], false),
            (b"", [1; 32], false),
            (b"abc", [2; 32], false),
        ] {
            assert_eq!(identity.fits(head, &key), expected, "{head:?}");
        }
    }

    #[test]
    fn of_an_empty_file_nothing_is_known() {
        let identity = FileIdentity::new(NUMBER, b"", &[1; 32]);
        assert!(!identity.fits(b"", &[1; 32]) && !identity.fits(b"a", &[1; 32]));
    }

    /// RFC 4231, test case 2, with the key filled up to 32 bytes as HMAC itself does.
    #[test]
    fn the_fingerprint_is_half_an_hmac() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let identity = FileIdentity::new(NUMBER, b"what do ya want for nothing?", &key);
        let expected = 0x5bdc_c146_bf60_754e_6a04_2426_0895_75c7_u128;
        assert_eq!(u128::from_be_bytes(identity.fingerprint), expected);
    }
}
