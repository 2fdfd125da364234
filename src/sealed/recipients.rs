//! Who can open what is sealed: the public keys that segments are encrypted to.

use std::{
    fs::{self, File},
    iter,
    path::Path,
};

use age::{Encryptor, stream::StreamWriter, x25519::Recipient};

use crate::error::{Error, Result};

/// The public keys of all who can open what is sealed, each alone.
pub struct Recipients(Vec<Recipient>);

impl Recipients {
    /// Reads keys as they are given, and those of files, one a line, with `#` before comments.
    ///
    /// # Errors
    /// [`Error::Setting`] if one is not the public key of an X25519 pair (`age1…`), or there is none;
    /// [`Error::Read`] if a file cannot be read. No message quotes a key, since it might be a private one.
    pub fn read(keys: &[String], files: &[impl AsRef<Path>]) -> Result<Self> {
        let mut recipients = Vec::new();
        for key in keys {
            recipients.push(recipient(key).map_err(|problem| refused("--seal-to", problem))?);
        }
        for file in files {
            recipients.append(&mut of_file(file.as_ref())?);
        }
        if recipients.is_empty() {
            return Err(refused("--seal-dir", "there is no recipient (--seal-to)"));
        }
        Ok(Self(recipients))
    }

    /// Begins a segment in a file, which [`StreamWriter::finish`] ends.
    pub(super) fn seal(&self, file: File) -> std::io::Result<StreamWriter<File>> {
        let recipients = self.0.iter().map(|recipient| recipient as _);
        let encryptor = Encryptor::with_recipients(recipients).map_err(std::io::Error::other)?;
        encryptor.wrap_output(file)
    }
}

fn of_file(path: &Path) -> Result<Vec<Recipient>> {
    let text = fs::read_to_string(path).map_err(|source| Error::unreadable(path, source))?;
    let lines = iter::zip(1.., text.lines().map(str::trim));
    let keys = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let read = |(number, key): (u32, &str)| {
        let place = format!("{}:{number}", path.display());
        recipient(key).map_err(|problem| refused(&place, problem))
    };
    keys.map(read).collect()
}

fn recipient(key: &str) -> std::result::Result<Recipient, &'static str> {
    if key.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
        return Err(
            "this is a private key, which must not be on this host; its public key is needed",
        );
    }
    key.parse().map_err(|_| "not a public key of age (age1…)")
}

fn refused(place: &str, problem: &str) -> Error {
    Error::Setting(format!("{place}: {problem}"))
}

#[cfg(test)]
mod tests {
    use age::{secrecy::ExposeSecret, x25519::Identity};

    use super::*;

    #[test]
    fn keys_come_from_arguments_and_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recipients");
        let [one, other] = [(); 2].map(|()| Identity::generate().to_public().to_string());
        fs::write(&file, format!("# the officer\n\n {other} \n")).unwrap();
        let read = Recipients::read(std::slice::from_ref(&one), &[file]).unwrap();
        let keys: Vec<_> = read.0.iter().map(ToString::to_string).collect();
        assert_eq!(keys, [one, other]);
    }

    #[test]
    fn what_is_no_public_key_is_refused_and_not_quoted() {
        let private = Identity::generate().to_string();
        let private = private.expose_secret();
        for (key, expected) in [
            (private, "--seal-to: this is a private key, "),
            ("age1zzz", "--seal-to: not a public key of age"),
            ("", "--seal-to: not a public key of age"),
        ] {
            let error = Recipients::read(&[key.to_owned()], &[""; 0]).err().unwrap();
            let message = error.to_string();
            assert!(message.starts_with(expected), "{message}");
            assert!(key.is_empty() || !message.contains(key));
        }
        assert!(Recipients::read(&[], &[""; 0]).is_err());
    }
}
