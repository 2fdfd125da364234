//! Credentials: secrets that a service manager hands to a process at each start, always the same.

use std::{
    fs::{File, Metadata},
    io::Read,
    os::unix::fs::MetadataExt,
    path::Path,
};

use rustix::process::geteuid;
use zeroize::Zeroizing;

use super::super::pseudonym::derive;
use crate::error::{Error, Result};

/// A secret under which a key file is sealed. It is no key itself: since it comes back at each start, it
/// would tell the keys of past days for ever.
pub struct Credential(Zeroizing<Vec<u8>>);

/// Fewest bytes: so many random ones nobody guesses.
const SHORTEST: usize = 16;

/// Most bytes that a service manager hands over (systemd.exec(5)).
const LONGEST: u64 = 1 << 20;

/// Permissions that nobody may have but the owner.
const OTHERS: u32 = 0o077;

/// The same of a file that the system's owner handed over: systemd lets its reader read it by an access
/// control list, whose mask stands where the permissions of the group do.
const OTHERS_OF_SYSTEM: u32 = 0o037;

impl Credential {
    /// Reads the credential of a name from the folder in which a service manager has put those of this
    /// process.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if the name has a folder in it, or the credential is shorter than 16 bytes;
    /// [`Error::Refused`] if others may read or change it; [`Error::Read`] if it cannot be read.
    pub fn read(folder: &Path, name: &str) -> Result<Self> {
        if matches!(name, "" | "." | "..") || name.contains('/') {
            return Err(Error::Setting(format!(
                "{name}: this is not the name of a credential"
            )));
        }
        let path = folder.join(name);
        let unreadable = |source| Error::unreadable(&path, source);
        let file = File::open(&path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !is_own(&metadata) {
            return Err(Error::Refused(format!(
                "{}: others may read or change this credential; only the account of this process may read \
                 it (chmod 400)",
                path.display()
            )));
        }
        // Room for all, as growing would leave a copy behind.
        let mut secret =
            Zeroizing::new(Vec::with_capacity(metadata.len().min(LONGEST) as usize + 1));
        file.take(LONGEST)
            .read_to_end(&mut secret)
            .map_err(unreadable)?;
        if secret.len() < SHORTEST {
            return Err(Error::Setting(format!(
                "{}: a credential has at least {SHORTEST} bytes, random ones",
                path.display()
            )));
        }
        Ok(Self(secret))
    }

    /// A key for a purpose.
    pub(super) fn derive(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        derive(&self.0, b"credential", purpose)
    }
}

/// Whether a file is one that nobody else can read or change.
fn is_own(metadata: &Metadata) -> bool {
    let others = match metadata.uid() {
        owner if owner == geteuid().as_raw() => OTHERS,
        0 => OTHERS_OF_SYSTEM,
        _ => return false,
    };
    metadata.is_file() && metadata.mode() & others == 0
}
