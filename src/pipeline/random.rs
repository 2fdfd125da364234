//! Random bytes.

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Random bytes from the operating system, for keys and nonces.
///
/// # Errors
/// [`Error::Setting`] if it has none.
pub fn random<const BYTES: usize>() -> Result<Zeroizing<[u8; BYTES]>> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    getrandom::fill(&mut *bytes)
        .map_err(|error| Error::Setting(format!("no random numbers from the system: {error}")))?;
    Ok(bytes)
}
