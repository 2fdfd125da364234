//! The chain of day keys of a run that lasts for days, in a key file or in memory only.

use zeroize::Zeroizing;

use super::{
    key_file::KeyFile,
    ratchet::{ChainKey, DayKeys},
    seal::Seal,
};
use crate::{
    error::{Error, Result},
    time::Date,
};

/// Where the keys of days that are not released yet come from.
pub enum KeyChain {
    /// A key file: they outlive the process.
    File(KeyFile),
    /// They end with the process.
    Memory(MemoryChain),
}

/// A chain that is nowhere but in memory.
pub struct MemoryChain(ChainKey);

impl KeyChain {
    /// A chain in memory of 32 random bytes, for days from the given one on.
    ///
    /// # Errors
    /// [`Error::Setting`] for a day before 1970.
    pub fn in_memory(random: Zeroizing<[u8; 32]>, first: Date) -> Result<Self> {
        let chain = ChainKey::new(first, random);
        let chain = chain.ok_or_else(|| Error::Setting(format!("no keys begin on {first}")))?;
        Ok(Self::Memory(MemoryChain(chain)))
    }

    /// The keys of all days from its first one up to the given one.
    #[must_use]
    pub fn day_keys(&self, last: Date) -> DayKeys {
        self.chain().day_keys(last)
    }

    /// The first day that it has keys of.
    #[must_use]
    pub fn first_day(&self) -> Date {
        self.chain().first_day()
    }

    /// What is kept of a day, beyond the process, is sealed by this; `None` for a day whose key is given
    /// up.
    #[must_use]
    pub fn seal(&self, day: Date) -> Option<Seal> {
        let chain = self.chain().advanced_to(day)?;
        let key = chain.day_keys(day).derive("state", "", day)?;
        Some(Seal::new(&key))
    }

    /// Says which day it is by the wall clock: no key of it is ever given up.
    pub const fn turn_to(&mut self, today: Date) {
        if let Self::File(file) = self {
            file.turn_to(today);
        }
    }

    /// Gives up the keys of all days before the given one, if it has any.
    ///
    /// # Errors
    /// As [`KeyFile::advance`].
    pub fn advance(&mut self, day: Date) -> Result<()> {
        if day <= self.first_day() {
            return Ok(());
        }
        match self {
            Self::File(file) => file.advance(day),
            Self::Memory(MemoryChain(chain)) => {
                if let Some(later) = chain.advanced_to(day) {
                    *chain = later;
                }
                Ok(())
            }
        }
    }

    const fn chain(&self) -> &ChainKey {
        match self {
            Self::File(file) => file.chain(),
            Self::Memory(MemoryChain(chain)) => chain,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn an_advanced_chain_opens_nothing_of_earlier_days() {
        let (first, second) = (date(2026, 11, 20), date(2026, 11, 21));
        let mut chain = KeyChain::in_memory([7; 32].into(), first).unwrap();
        let nonce = [1; 24];
        let [one, two] = [first, second].map(|day| chain.seal(day).unwrap());
        let one = one.close(&nonce, b"", b"of the first day");
        let two = two.close(&nonce, b"", b"of the second day");
        assert!(chain.seal(second).unwrap().open(b"", &one).is_none());
        chain.advance(second).unwrap();
        chain.advance(first).unwrap();
        assert_eq!(chain.first_day(), second);
        assert!(chain.seal(first).is_none());
        let opened = chain.seal(second).unwrap().open(b"", &two).unwrap();
        assert_eq!(*opened, b"of the second day");
    }
}
