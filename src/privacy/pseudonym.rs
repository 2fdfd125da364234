//! The keys of a run, and the keyed hashes that stand for visitors and networks.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac, digest::FixedOutput};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{
    ratchet::DayKeys,
    sites::{SiteName, Sites},
};
use crate::time::{Date, Period};

/// The keys of one site in a run, in memory only: a random root and, with a key file, those of its days.
/// What identifies visitors and networks is derived from the latter where they are, all else from the root.
pub struct Keys {
    root: Zeroizing<[u8; 32]>,
    table_secret: Zeroizing<TableSecret>,
    shared: Option<SharedKeys>,
    /// Whether units have pseudonyms too.
    tell_units: bool,
}

/// Keys that other runs and hosts with the same key file have too.
struct SharedKeys {
    days: Arc<DayKeys>,
    /// The site's name; empty where all of a log is one.
    site: String,
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
        Self {
            root,
            table_secret,
            shared: None,
            tell_units: false,
        }
    }

    /// The same keys, under which the units of differential privacy have pseudonyms too: what one address
    /// (of IPv6, one /64) sends on one day.
    #[must_use]
    pub fn telling_units(self) -> Self {
        Self {
            tell_units: true,
            ..self
        }
    }

    /// Keys by which visitors and networks are the same in every run and on every host that has the
    /// day keys; all else is derived from 32 random bytes.
    #[must_use]
    pub fn with_day_keys(root: Zeroizing<[u8; 32]>, days: DayKeys) -> Self {
        let shared = SharedKeys {
            days: Arc::new(days),
            site: String::new(),
        };
        Self {
            shared: Some(shared),
            ..Self::new(root)
        }
    }

    /// Keys of their own for one of several sites.
    #[must_use]
    pub fn of_site(&self, site: &SiteName) -> Self {
        let shared = self.shared.as_ref().map(|shared| SharedKeys {
            days: Arc::clone(&shared.days),
            site: site.to_string(),
        });
        Self {
            shared,
            tell_units: self.tell_units,
            ..Self::new(self.derive(b"site", site.as_str().as_bytes()))
        }
    }

    /// Keys for each site, in the order of sites; these themselves where all hosts are one.
    #[must_use]
    pub fn by_site(self, sites: &Sites) -> Vec<Self> {
        if sites.names().is_empty() {
            return vec![self];
        }
        sites
            .names()
            .iter()
            .map(|site| self.of_site(site))
            .collect()
    }

    /// Whether the key file has been advanced beyond the period's beginning, so that nobody can tell its
    /// visitors or networks any more.
    pub(super) fn is_shredded(&self, period: Period) -> bool {
        let shared = self.shared.as_ref();
        shared.is_some_and(|shared| shared.days.begin_after(period.start))
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

    /// A random number for the digest of one period's lines, kept in the private state. Runs with the same
    /// day keys have the same, so that their digests of parts of a period add up.
    #[must_use]
    pub fn line_digest_key(&self, period: Period) -> u64 {
        let purpose = format!("lines/{}", period.length.name());
        let bytes = self.derive_of_day(&purpose, period.start);
        u64::from_le_bytes(bytes.as_chunks::<8>().0[0])
    }

    /// The pseudonyms of one day's visitors.
    pub(super) fn visitors(&self, date: Date) -> Pseudonyms {
        Pseudonyms::new(&self.derive_of_day("visitor", date))
    }

    /// The pseudonyms of one release period's networks.
    pub(super) fn networks(&self, period: Period) -> Pseudonyms {
        let purpose = format!("network/{}", period.length.name());
        Pseudonyms::new(&self.derive_of_day(&purpose, period.start))
    }

    /// The pseudonyms of one day's units, where they are to be told.
    pub(super) fn units(&self, date: Date) -> Option<Pseudonyms> {
        let pseudonyms = || Pseudonyms::new(&self.derive_of_day("unit", date));
        self.tell_units.then(pseudonyms)
    }

    /// The pseudonyms of one day's visitors in scrubbed logs, of which nothing of a report tells anything.
    pub(super) fn scrubbed_visitors(&self, date: Date) -> Pseudonyms {
        Pseudonyms::new(&self.derive_of_day("scrub/visitor", date))
    }

    /// The pseudonyms of one day's addresses in scrubbed logs.
    pub(super) fn scrubbed_addresses(&self, date: Date) -> Pseudonyms {
        Pseudonyms::new(&self.derive_of_day("scrub/address", date))
    }

    /// The key of a day for a purpose. A day without one in the key file has a key of this run alone; its
    /// lines are not let in.
    fn derive_of_day(&self, purpose: &str, day: Date) -> Zeroizing<[u8; 32]> {
        let shared = self.shared.as_ref();
        shared
            .and_then(|shared| shared.days.derive(purpose, &shared.site, day))
            .unwrap_or_else(|| self.derive(purpose.as_bytes(), day.to_string().as_bytes()))
    }

    fn derive(&self, purpose: &[u8], epoch: &[u8]) -> Zeroizing<[u8; 32]> {
        derive(&self.root, purpose, epoch)
    }
}

/// HKDF-Expand of RFC 5869 with one block of output, under purpose and epoch.
pub(super) fn derive(key: &impl AsRef<[u8]>, purpose: &[u8], epoch: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut expand = keyed(key.as_ref());
    expand.update(purpose);
    expand.update(b"|");
    expand.update(epoch);
    expand.update(&[1]);
    // In place, as moving it would leave a copy behind.
    let mut output = Zeroizing::new([0; 32]);
    expand.finalize_into((&mut *output).into());
    output
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

/// SHA-256 of a text, which stands for it in pseudonyms where the same one is in many: they take no longer
/// for a long text then.
pub(super) struct Digest([u8; 32]);

impl Digest {
    pub(super) fn of(text: &[u8]) -> Self {
        Self(Sha256::digest(text).into())
    }

    pub(super) const fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Chooses which cells of a table a unit counts in if it would count in too many: those of the least
/// rank, a keyed pseudo-random number. The choice depends on nothing but the unit and the cell, so neither
/// order nor parts matter, nor what other units do.
pub struct Selection {
    ranks: Pseudonyms,
}

impl Selection {
    /// A choice under a secret key.
    #[must_use]
    pub fn new(key: &Zeroizing<[u8; 32]>) -> Self {
        Self {
            ranks: Pseudonyms::new(&derive(key, b"selection", b"")),
        }
    }

    /// The rank of a cell, by its name, for the unit with the pseudonym.
    #[must_use]
    pub fn rank(&self, unit: u64, table: &str, name: &[&str]) -> u64 {
        let unit = unit.to_le_bytes();
        let mut parts = vec![&unit[..], table.as_bytes()];
        parts.extend(name.iter().map(|part| part.as_bytes()));
        self.ranks.of(&parts)
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{super::ratchet::ChainKey, *};
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
    fn units_have_pseudonyms_of_their_own_where_they_are_told() {
        let day = date(2026, 11, 21);
        assert!(Keys::new([7; 32].into()).units(day).is_none());
        let keys = Keys::new([7; 32].into()).telling_units();
        let unit = |keys: &Keys, day| keys.units(day).unwrap().of(&[b"x"]);
        assert_ne!(unit(&keys, day), keys.visitors(day).of(&[b"x"]));
        assert_ne!(unit(&keys, day), unit(&keys, date(2026, 11, 22)));
        let site = keys.of_site(&SiteName::new("blog.example").unwrap());
        assert_ne!(unit(&keys, day), unit(&site, day));
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

    /// Keys of one run on a host that has a key file.
    fn shared(first: Date, root: u8) -> Keys {
        let today = date(2026, 11, 30);
        let begun = ChainKey::new(date(2026, 11, 20), [7; 32].into()).unwrap();
        let chain = begun.advanced_to(first).unwrap();
        Keys::with_day_keys([root; 32].into(), chain.day_keys(today))
    }

    #[test]
    fn runs_and_hosts_with_a_key_file_know_the_same_visitors_and_networks() {
        let day = date(2026, 11, 21);
        let [week, month] = [PeriodLength::Week, PeriodLength::Month];
        let period = |start, length| Period { start, length };
        let identity = |keys: &Keys, day, length| {
            let networks = keys.networks(period(day, length));
            (keys.visitors(day).of(&[b"x"]), networks.of(&[b"x"]))
        };
        let one = shared(date(2026, 11, 20), 1);
        let known = identity(&one, day, week);
        assert_eq!(known, identity(&shared(date(2026, 11, 21), 2), day, week));
        let other_day = identity(&one, date(2026, 11, 22), week);
        assert!(known.0 != other_day.0 && known.1 != other_day.1);
        let other_length = identity(&one, day, month);
        assert!(known.0 == other_length.0 && known.1 != other_length.1);
        // Each site has visitors of its own, on every host.
        let name = |name| SiteName::new(name).unwrap();
        let blog = identity(&one.of_site(&name("blog.example")), day, week);
        let again = shared(date(2026, 11, 20), 3).of_site(&name("blog.example"));
        assert_eq!(blog, identity(&again, day, week));
        let shop = identity(&one.of_site(&name("shop.example")), day, week);
        assert!(blog.0 != shop.0 && blog.1 != shop.1 && blog.0 != known.0 && blog.1 != known.1);
        // What nobody has to agree on is of each run alone.
        assert_ne!(one.table_seeds(), again.table_seeds());
    }

    #[test]
    fn an_advanced_key_file_tells_nothing_of_earlier_days() {
        let day = date(2026, 11, 21);
        let period = Period {
            start: day,
            length: PeriodLength::Day,
        };
        let visitor = |keys: &Keys| keys.visitors(day).of(&[b"x"]);
        let network = |keys: &Keys| keys.networks(period).of(&[b"x"]);
        let (before, after) = (shared(day, 1), shared(date(2026, 11, 22), 1));
        assert!(!before.is_shredded(period) && after.is_shredded(period));
        assert_ne!(visitor(&before), visitor(&after));
        assert_ne!(network(&before), network(&after));
        // What it says instead is of the run alone.
        assert_ne!(visitor(&after), visitor(&shared(date(2026, 11, 22), 2)));
        assert!(!Keys::new([7; 32].into()).is_shredded(period));
    }
}
