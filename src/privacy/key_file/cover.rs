//! How a chain key stands in its file: bare, or sealed under a credential.

use zeroize::Zeroizing;

use super::{
    super::{
        pseudonym::derive,
        ratchet::{ChainKey, ENCODED},
        seal::{Nonce, Seal},
    },
    credential::Credential,
};

/// How a chain key stands in its file.
pub(super) enum Cover {
    /// As it is.
    Bare,
    /// Sealed: without the credential nobody can tell the key, and without the file the credential tells
    /// nothing.
    Sealed(Sealed),
}

/// What seals.
pub(super) struct Sealed {
    seal: Seal,
    /// Keys the nonces.
    nonces: Zeroizing<[u8; 32]>,
}

/// What is sealed, so that nothing else that is sealed under the same key is taken for it.
const PLACE: &[u8] = b"key file";

impl Cover {
    pub(super) fn of(credential: &Credential) -> Self {
        Self::Sealed(Sealed {
            seal: Seal::new(&credential.derive(b"seal")),
            nonces: credential.derive(b"nonce"),
        })
    }

    /// How many bytes the file has.
    pub(super) const fn length(&self) -> usize {
        match self {
            Self::Bare => ENCODED,
            Self::Sealed(_) => ENCODED + Seal::OVERHEAD,
        }
    }

    /// The bytes of the file.
    pub(super) fn encode(&self, chain: &ChainKey) -> Zeroizing<Vec<u8>> {
        let bare = chain.encode();
        Zeroizing::new(match self {
            Self::Bare => bare.to_vec(),
            Self::Sealed(sealed) => sealed.seal.close(&sealed.nonce(&*bare), PLACE, &*bare),
        })
    }

    /// The chain key in a file's bytes; `None` if they are damaged, or covered in another way.
    pub(super) fn decode(&self, bytes: &[u8]) -> Option<ChainKey> {
        match self {
            Self::Bare => ChainKey::decode(bytes.try_into().ok()?),
            Self::Sealed(Sealed { seal, .. }) => {
                let bare = seal.open(PLACE, bytes)?;
                ChainKey::decode((&**bare).try_into().ok()?)
            }
        }
    }

    /// What is wrong with a file that cannot be decoded.
    pub(super) const fn problem(&self) -> &'static str {
        match self {
            Self::Bare => "this key file is damaged or of another version",
            Self::Sealed(_) => {
                "this key file cannot be opened with the credential: it was sealed under another one, or is \
                 damaged. Without the right one what is open is lost, and the folder of this file may be deleted"
            }
        }
    }
}

impl Sealed {
    /// The nonce of what is sealed: a keyed hash of it, so that no two of them are ever sealed under one.
    fn nonce(&self, bare: &[u8]) -> Nonce {
        let hash = derive(&self.nonces, b"nonce", bare);
        let mut nonce = Nonce::default();
        let length = nonce.len();
        nonce.copy_from_slice(&hash[..length]);
        nonce
    }
}
