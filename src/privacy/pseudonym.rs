//! Keys that live in memory only, and the keyed hashes that stand for visitors and networks.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::sites::SiteName;
use crate::time::{Date, Period};

/// The run's root key. Everything keyed is derived from it; it is never written anywhere.
pub struct Keys {
    root: Zeroizing<[u8; 32]>,
    table_secret: Zeroizing<TableSecret>,
}

/// A secret as long as XXH3's own.
pub(super) type TableSecret = [u8; 192];

impl Keys {
    /// Keys derived from 32 random bytes.
    #[must_use]
    pub fn new(root: Zeroizing<[u8; 32]>) -> Self {
        let mut table_secret = Zeroizing::new([0; size_of::<TableSecret>()]);
        for (part, number) in table_secret.chunks_mut(32).zip(0_u8..) {
            part.copy_from_slice(&*derive(&root, b"values", &[number]));
        }
        Self { root, table_secret }
    }

    /// Keys of their own for one of several sites.
    #[must_use]
    pub fn of_site(&self, site: &SiteName) -> Self {
        Self::new(self.derive(b"site", site.as_str().as_bytes()))
    }

    /// Four seeds for hash tables that hold strings chosen by clients.
    #[must_use]
    pub fn table_seeds(&self) -> [u64; 4] {
        let bytes = self.derive(b"tables", b"");
        let (words, _) = bytes.as_chunks::<8>();
        [0, 1, 2, 3].map(|index| u64::from_le_bytes(words[index]))
    }

    /// The secret of the hashes by which values are remembered.
    pub(super) fn table_secret(&self) -> &TableSecret {
        &self.table_secret
    }

    /// A random number for the digest of one period's lines, kept in the private state.
    #[must_use]
    pub fn line_digest_key(&self, period: Period) -> u64 {
        let bytes = self.derive(b"lines", period.to_string().as_bytes());
        u64::from_le_bytes(bytes.as_chunks::<8>().0[0])
    }

    /// The pseudonyms of one day's visitors.
    pub(super) fn visitors(&self, date: Date) -> Pseudonyms {
        Pseudonyms::new(&self.derive(b"visitor", date.to_string().as_bytes()))
    }

    /// The pseudonyms of one release period's networks.
    pub(super) fn networks(&self, period: Period) -> Pseudonyms {
        let label = format!("{}/{period}", period.length.name());
        Pseudonyms::new(&self.derive(b"network", label.as_bytes()))
    }

    fn derive(&self, purpose: &[u8], epoch: &[u8]) -> Zeroizing<[u8; 32]> {
        derive(&self.root, purpose, epoch)
    }
}

/// HKDF-Expand of RFC 5869 with one block of output, under purpose and epoch.
fn derive(root: &[u8; 32], purpose: &[u8], epoch: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut expand = keyed(root);
    expand.update(purpose);
    expand.update(b"|");
    expand.update(epoch);
    expand.update(&[1]);
    Zeroizing::new(expand.finalize().into_bytes().into())
}

/// HMAC-SHA-256 (RFC 2104) under one derived key, cut to 64 bits.
#[derive(Clone)]
pub(super) struct Pseudonyms {
    keyed: Hmac<Sha256>,
}

impl Pseudonyms {
    fn new(key: &[u8; 32]) -> Self {
        Self { keyed: keyed(key) }
    }

    /// The pseudonym of a list of parts; each part's length is hashed with it, so that no two lists
    /// give the same input.
    pub(super) fn of(&self, parts: &[&[u8]]) -> u64 {
        let mut keyed = self.keyed.clone();
        for part in parts {
            keyed.update(&(part.len() as u64).to_le_bytes());
            keyed.update(part);
        }
        let tag: [u8; 32] = keyed.finalize().into_bytes().into();
        u64::from_le_bytes(tag.as_chunks::<8>().0[0])
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::time::PeriodLength;

    #[test]
    fn a_visitor_has_another_pseudonym_under_another_day_or_root() {
        let keys = Keys::new([7; 32].into());
        let parts: [&[u8]; 2] = [b"192.0.2.1", b"agent"];
        let today = keys.visitors(date(2026, 11, 21)).of(&parts);
        assert_eq!(today, keys.visitors(date(2026, 11, 21)).of(&parts));
        assert_ne!(today, keys.visitors(date(2026, 11, 22)).of(&parts));
        assert_ne!(
            today,
            Keys::new([8; 32].into())
                .visitors(date(2026, 11, 21))
                .of(&parts)
        );
    }

    #[test]
    fn moving_bytes_between_parts_changes_the_pseudonym() {
        let pseudonyms = Keys::new([7; 32].into()).visitors(date(2026, 11, 21));
        assert_ne!(pseudonyms.of(&[b"ab", b"c"]), pseudonyms.of(&[b"a", b"bc"]));
    }

    #[test]
    fn visitors_and_networks_of_the_same_bytes_differ() {
        let keys = Keys::new([7; 32].into());
        let day = date(2026, 11, 21);
        let period = Period {
            start: day,
            length: PeriodLength::Day,
        };
        assert_ne!(
            keys.visitors(day).of(&[b"x"]),
            keys.networks(period).of(&[b"x"])
        );
    }
}
