//! Encryption of what is kept of a day until it is released, under a key that ends with the day's.

use chacha20poly1305::{
    AeadInOut, KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

/// Seals bytes (XChaCha20-Poly1305) under a key of one day. Without that key nobody can tell what they
/// were, alter them, or put one in the place of another.
pub struct Seal {
    cipher: XChaCha20Poly1305,
}

/// A random number for each sealing. Of 192 bits, no two are ever likely to be the same.
pub type Nonce = [u8; NONCE];

const NONCE: usize = 24;
const TAG: usize = 16;

impl Seal {
    /// How many bytes what is sealed has beside its own.
    pub(super) const OVERHEAD: usize = NONCE + TAG;

    /// A seal under a key, which is of one day or of one run.
    #[must_use]
    pub fn new(key: &Zeroizing<[u8; 32]>) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new((&**key).into()),
        }
    }

    /// The bytes sealed: nonce, ciphertext and tag. They open in the same place only.
    #[must_use]
    pub fn close(&self, nonce: &Nonce, place: &[u8], bytes: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(bytes.len() + Self::OVERHEAD);
        sealed.extend_from_slice(bytes);
        self.cipher
            .encrypt_in_place(nonce.into(), place, &mut sealed)
            .expect("what fits in memory is far below the cipher's limit of 256 GiB");
        sealed.splice(0..0, *nonce);
        sealed
    }

    /// What was sealed in that place; `None` if it was not, not under this key, or is damaged.
    #[must_use]
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, msg) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg, aad: place };
        let opened = self.cipher.decrypt(nonce.into(), payload).ok()?;
        Some(Zeroizing::new(opened))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(key: u8) -> Seal {
        Seal::new(&Zeroizing::new([key; 32]))
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_and_under_its_key_only() {
        let sealed = seal(1).close(&[9; NONCE], b"first", b"content");
        assert_eq!(*seal(1).open(b"first", &sealed).unwrap(), b"content");
        assert!(seal(1).open(b"second", &sealed).is_none());
        assert!(seal(2).open(b"first", &sealed).is_none());
        for position in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[position] ^= 1;
            assert!(seal(1).open(b"first", &altered).is_none(), "{position}");
            assert!(seal(1).open(b"first", &sealed[..position]).is_none());
        }
    }
}
