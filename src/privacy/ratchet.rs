//! The one-way ratchet behind a key file: each day's chain key follows from that of the day before, and
//! none leads back.

use jiff::{ToSpan, civil};
use zeroize::Zeroizing;

use super::pseudonym::derive;
use crate::time::Date;

/// The chain key of one day, and with it those of all later days.
///
/// `CK(e + 1) = HKDF-Expand(CK(e), "chain" | e)`, with days counted from 1970-01-01 as 32-bit big-endian
/// numbers and `|` written out.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ChainKey {
    epoch: u32,
    key: Zeroizing<[u8; 32]>,
}

/// The chain keys of consecutive days, in memory only.
pub struct DayKeys {
    first: u32,
    keys: Zeroizing<Vec<[u8; 32]>>,
}

/// How a chain key is kept: version, day, key and check tag, nothing else.
pub(super) type Encoded = Zeroizing<[u8; ENCODED]>;

pub(super) const ENCODED: usize = 1 + 4 + 32 + TAG;

const VERSION: u8 = 1;
const TAG: usize = 16;
const DAY_ZERO: Date = civil::date(1970, 1, 1);

impl ChainKey {
    /// A chain that begins with a random key on the given day; `None` before 1970.
    pub(super) fn new(first: Date, key: Zeroizing<[u8; 32]>) -> Option<Self> {
        Some(Self {
            epoch: epoch(first)?,
            key,
        })
    }

    /// The chain key in a file's bytes; `None` if they are of another version or damaged.
    pub(super) fn decode(bytes: &[u8; ENCODED]) -> Option<Self> {
        let (&[version, a, b, c, d], rest) = bytes.split_first_chunk::<5>()?;
        let (key, tag) = rest.split_first_chunk::<32>()?;
        let chain = Self {
            epoch: u32::from_be_bytes([a, b, c, d]),
            key: Zeroizing::new(*key),
        };
        let is_whole = version == VERSION && chain.tag()[..TAG] == *tag;
        (is_whole && day(chain.epoch).is_some()).then_some(chain)
    }

    /// The bytes of its file.
    pub(super) fn encode(&self) -> Encoded {
        let mut bytes = Zeroizing::new([0; ENCODED]);
        bytes[0] = VERSION;
        bytes[1..5].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[5..37].copy_from_slice(&*self.key);
        bytes[37..].copy_from_slice(&self.tag()[..TAG]);
        bytes
    }

    /// The first day whose keys can be computed.
    pub(super) fn first_day(&self) -> Date {
        day(self.epoch).expect("a chain key is made of a date or checked to have one")
    }

    /// The chain key of a later day, or of the same; `None` of an earlier one.
    pub(super) fn advanced_to(&self, later: Date) -> Option<Self> {
        let target = epoch(later).filter(|target| *target >= self.epoch)?;
        let mut chain = self.clone();
        while chain.epoch < target {
            chain.key = following(&chain.key, chain.epoch);
            chain.epoch += 1;
        }
        Some(chain)
    }

    /// The keys of its day and all later ones up to the last; none if that is over.
    pub(super) fn day_keys(&self, last: Date) -> DayKeys {
        let days = epoch(last).map_or(0, |last| (last + 1).saturating_sub(self.epoch));
        // Room for all, as growing would leave a copy behind.
        let mut keys = Zeroizing::new(Vec::with_capacity(days as usize));
        let mut chain = self.clone();
        for _ in 0..days {
            keys.push(*chain.key);
            chain.key = following(&chain.key, chain.epoch);
            chain.epoch += 1;
        }
        DayKeys {
            first: self.epoch,
            keys,
        }
    }

    fn tag(&self) -> Zeroizing<[u8; 32]> {
        derive(&self.key, b"check", &self.epoch.to_be_bytes())
    }
}

impl DayKeys {
    /// `K(e) = HKDF-Expand(CK(e), purpose | site | e)`; `None` for a day that it has no key of.
    pub(super) fn derive(
        &self,
        purpose: &str,
        site: &str,
        day: Date,
    ) -> Option<Zeroizing<[u8; 32]>> {
        let epoch = epoch(day)?;
        let position = epoch.checked_sub(self.first)?;
        let key = self.keys.get(position as usize)?;
        let label = format!("{purpose}|{site}");
        Some(derive(key, label.as_bytes(), &epoch.to_be_bytes()))
    }

    /// What tells these keys, and what is done with them, from others without telling the keys:
    /// 128 bits of `HKDF-Expand(CK(e), "fingerprint" | what | e)` in hexadecimal, of the first day.
    #[must_use]
    pub fn fingerprint(&self, what: &str) -> Option<String> {
        let purpose = format!("fingerprint|{what}");
        let bytes = derive(
            self.keys.first()?,
            purpose.as_bytes(),
            &self.first.to_be_bytes(),
        );
        let digits = bytes[..16].iter().map(|byte| format!("{byte:02x}"));
        Some(digits.collect())
    }

    /// Whether a day is before all that it has keys of.
    pub(super) fn begin_after(&self, day: Date) -> bool {
        epoch(day).is_none_or(|epoch| epoch < self.first)
    }
}

fn following(key: &[u8; 32], epoch: u32) -> Zeroizing<[u8; 32]> {
    derive(key, b"chain", &epoch.to_be_bytes())
}

/// Days since 1970-01-01; `None` before.
fn epoch(day: Date) -> Option<u32> {
    u32::try_from(day.duration_since(DAY_ZERO).as_hours() / 24).ok()
}

fn day(epoch: u32) -> Option<Date> {
    DAY_ZERO.checked_add(i64::from(epoch).days()).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn chain() -> ChainKey {
        ChainKey::new(date(2026, 11, 20), [7; 32].into()).unwrap()
    }

    /// Computed with another implementation of HMAC-SHA-256.
    #[test]
    fn the_chain_is_hkdf_expand_of_the_day_before() {
        let hex =
            |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
        let chain = chain();
        assert_eq!(
            hex(&chain.encode()[..]),
            format!(
                "01{:08x}{}217a6b1e98c68bd78722bdf967185de5",
                20777,
                "07".repeat(32)
            )
        );
        let third = date(2026, 11, 22);
        assert_eq!(
            hex(&*chain.advanced_to(third).unwrap().key),
            "7450c0ccc421d01fcea0859bc351c018f2c82b23fd5a0266b78336bb47c5d94c"
        );
        let key = chain
            .day_keys(third)
            .derive("visitor", "shop.example", third);
        assert_eq!(
            hex(&*key.unwrap()),
            "d36b6946d10bc7424135761cd36ee9c971618c80dbebb35590bb1cb200f1a3e5"
        );
    }

    #[test]
    fn a_later_day_is_reached_by_any_way_and_an_earlier_one_by_none() {
        let (near, far) = (date(2026, 11, 22), date(2027, 3, 1));
        let chain = chain();
        let at_once = chain.advanced_to(far).unwrap();
        let in_steps = chain.advanced_to(near).unwrap().advanced_to(far).unwrap();
        assert!(at_once == in_steps);
        assert_eq!(at_once.first_day(), far);
        assert!(at_once.advanced_to(near).is_none());
        assert!(chain.advanced_to(date(2026, 11, 20)).unwrap() == chain);
    }

    #[test]
    fn day_keys_are_of_its_days_only_and_agree_after_an_advance() {
        let chain = chain();
        let later = chain.advanced_to(date(2026, 11, 22)).unwrap();
        let last = date(2026, 11, 23);
        let (keys, later) = (chain.day_keys(last), later.day_keys(last));
        let key = |keys: &DayKeys, day| keys.derive("visitor", "", date(2026, 11, day));
        for (day, of_first, of_later) in [
            (19, false, false),
            (20, true, false),
            (21, true, false),
            (22, true, true),
            (23, true, true),
            (24, false, false),
        ] {
            assert_eq!(key(&keys, day).is_some(), of_first, "{day}");
            assert_eq!(key(&later, day).is_some(), of_later, "{day}");
        }
        assert_eq!(key(&keys, 22), key(&later, 22));
        assert_ne!(key(&keys, 22), key(&keys, 23));
        assert!(later.begin_after(date(2026, 11, 21)));
        assert!(!later.begin_after(date(2026, 11, 22)));
        assert!(later.begin_after(date(1969, 12, 31)));
    }

    #[test]
    fn a_chain_that_begins_later_has_no_day_keys() {
        let keys = chain().day_keys(date(2026, 11, 1));
        assert!(keys.derive("visitor", "", date(2026, 11, 1)).is_none());
        assert!(keys.derive("visitor", "", date(2026, 11, 20)).is_none());
    }

    #[test]
    fn an_encoded_key_reads_back_and_no_altered_byte_does() {
        let chain = chain();
        let bytes = chain.encode();
        assert!(ChainKey::decode(&bytes) == Some(chain));
        for position in 0..ENCODED {
            let mut altered = bytes.clone();
            altered[position] ^= 1;
            assert!(ChainKey::decode(&altered).is_none(), "byte {position}");
        }
        assert!(ChainKey::decode(&[0; ENCODED]).is_none());
        assert!(ChainKey::new(date(1969, 12, 31), [7; 32].into()).is_none());
    }
}
