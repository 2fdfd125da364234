//! Key files that are sealed under credentials.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use jiff::civil::date;
use tempfile::TempDir;

use super::*;
use crate::privacy::ratchet::ENCODED;

const FIRST: Date = date(2026, 11, 20);
const NEXT: Date = date(2026, 11, 21);
const TODAY: Date = date(2026, 11, 22);

const KEY: [u8; 32] = [7; 32];
const SECRET: &[u8] = b"sixteen bytes or more";

/// A folder for a private state, and one of credentials.
struct Service(TempDir);

impl Service {
    fn new() -> Self {
        let service = Self(TempDir::new().unwrap());
        fs::create_dir(service.credentials()).unwrap();
        service.hand_over("key", SECRET, 0o400);
        service
    }

    fn credentials(&self) -> PathBuf {
        self.0.path().join("credentials")
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("state/watch/key")
    }

    fn hand_over(&self, name: &str, secret: &[u8], mode: u32) {
        let path = self.credentials().join(name);
        fs::write(&path, secret).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn open(&self, credential: &str) -> Result<KeyFile> {
        let credential = Credential::read(&self.credentials(), credential)?;
        KeyFile::open_sealed(&self.path(), &credential, KEY.into(), FIRST, TODAY)
    }
}

/// Why a key file is not opened.
#[track_caller]
fn complaint(service: &Service, credential: &str) -> String {
    match service.open(credential) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it is opened"),
    }
}

#[test]
fn it_is_made_once_and_goes_on_where_it_was_advanced_to() {
    let service = Service::new();
    let begun = ChainKey::new(FIRST, KEY.into()).unwrap();
    let mut file = service.open("key").unwrap();
    assert!(file.chain == begun);
    file.announce(NEXT).unwrap();
    drop(file);
    let mut file = service.open("key").unwrap();
    assert_eq!(file.announced, Some(NEXT));
    file.advance(NEXT).unwrap();
    drop(file);
    let later = service.open("key").unwrap().chain;
    assert!(begun.advanced_to(NEXT) == Some(later));
}

#[test]
fn the_file_shows_neither_the_key_nor_the_credential() {
    let service = Service::new();
    let file = service.open("key").unwrap();
    let bytes = fs::read(service.path()).unwrap();
    assert_eq!(bytes.len(), ENCODED + 40);
    for secret in [&*file.chain.encode(), &KEY[..], SECRET] {
        for part in secret.windows(8) {
            assert!(!bytes.windows(8).any(|window| window == part));
        }
    }
}

/// The credential comes back at each start; what was given up must not come back with it.
#[test]
fn an_advanced_file_and_the_credential_tell_nothing_of_earlier_days() {
    let service = Service::new();
    let mut file = service.open("key").unwrap();
    let earlier = File::open(service.path()).unwrap();
    file.advance(NEXT).unwrap();
    drop(file);
    let entries = fs::read_dir(service.path().parent().unwrap()).unwrap();
    assert_eq!(entries.count(), 1);
    let file = service.open("key").unwrap();
    assert_eq!(file.first_day(), NEXT);
    assert!(file.chain.advanced_to(FIRST).is_none());
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut &earlier, &mut bytes).unwrap();
    assert!(bytes.iter().all(|byte| *byte == 0), "it is overwritten");
}

#[test]
fn another_credential_or_a_bare_file_is_refused() {
    let service = Service::new();
    service.hand_over("other", b"sixteen other bytes", 0o400);
    drop(service.open("key").unwrap());
    let before = fs::read(service.path()).unwrap();
    assert!(complaint(&service, "other").contains("sealed under another one"));
    assert_eq!(fs::read(service.path()).unwrap(), before);
    let bare = KeyFile::open(&service.path(), TODAY).map(drop);
    assert!(
        bare.unwrap_err()
            .to_string()
            .contains("its length is another")
    );
    for place in 0..before.len() {
        let mut altered = before.clone();
        altered[place] ^= 1;
        fs::write(service.path(), altered).unwrap();
        assert!(complaint(&service, "key").contains("damaged"), "{place}");
    }
}

#[test]
fn a_credential_is_long_and_nobody_elses() {
    let service = Service::new();
    service.hand_over("short", b"fifteen bytes..", 0o400);
    service.hand_over("open", SECRET, 0o440);
    service.hand_over("writable", SECRET, 0o602);
    for (name, expected) in [
        ("short", "at least 16 bytes"),
        ("open", "others may read or change"),
        ("writable", "others may read or change"),
        ("missing", "missing"),
        ("../key", "not the name of a credential"),
        ("..", "not the name of a credential"),
        ("", "not the name of a credential"),
    ] {
        let said = complaint(&service, name);
        assert!(said.contains(expected), "{name}: {said}");
    }
    assert!(!service.path().exists(), "nothing is made for these");
}
