//! Whether a folder is in nobody else's hands: who could write to it could publish in our name, or have
//! files written elsewhere.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::Path,
};

use rustix::process::{getegid, geteuid};

use super::disk::write_error;
use crate::error::{Error, Result};

/// The bits of a mode by which the group, and everyone, may write.
const GROUP_WRITES: u32 = 0o020;
const ALL_WRITE: u32 = 0o002;

/// Makes sure that a folder is the user's own or the administrator's, as is a link by which it is named,
/// and that nobody writes to it but they and the user's own group.
///
/// # Errors
///
/// [`Error::Refused`] says what is wrong, [`Error::Write`] that the folder cannot be looked at.
pub(super) fn check_folder(path: &Path) -> Result<()> {
    let looked_at =
        |metadata: std::io::Result<Metadata>| metadata.map_err(|source| write_error(path, source));
    let named = looked_at(fs::symlink_metadata(path))?;
    let folder = looked_at(fs::metadata(path))?;
    let problem = if named.is_symlink() && !is_trusted(named.uid()) {
        "this is a link of someone else, who could point it elsewhere; name the folder itself"
    } else if !is_trusted(folder.uid()) {
        "this folder belongs to someone else, who could change what is in it; run as its owner, or \
         change that (chown)"
    } else if folder.mode() & ALL_WRITE != 0 {
        "everyone can write to this folder; take that permission away (chmod o-w)"
    } else if folder.mode() & GROUP_WRITES != 0 && folder.gid() != getegid().as_raw() {
        "a group that is not your own can write to this folder; take that permission away (chmod g-w)"
    } else {
        return Ok(());
    };
    Err(Error::Refused(format!("{}: {problem}", path.display())))
}

/// Whether it is the user, or the administrator, against whom nothing helps.
fn is_trusted(owner: u32) -> bool {
    owner == geteuid().as_raw() || owner == 0
}

#[cfg(test)]
mod tests {
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt, chown, lchown, symlink},
    };

    use super::*;

    /// Some user and group that this does not run as.
    fn someone_else() -> u32 {
        geteuid().as_raw().max(getegid().as_raw()) + 4321
    }

    fn said(folder: &Path) -> String {
        check_folder(folder).map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn others_must_not_write() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, expected) in [
            (0o700, ""),
            (0o755, ""),
            (0o770, ""),
            (0o775, ""),
            (0o777, "everyone can write"),
            (0o1777, "everyone can write"),
            (0o702, "everyone can write"),
        ] {
            fs::set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
            let said = said(folder.path());
            assert!(said.contains(expected), "{mode:o}: {said}");
            assert_eq!(said.is_empty(), expected.is_empty(), "{mode:o}: {said}");
        }
    }

    /// Only the administrator can give things away; run by anybody else, this says nothing.
    #[test]
    fn other_owners_and_groups_are_not_trusted() {
        if !geteuid().is_root() {
            return;
        }
        let outer = tempfile::tempdir().unwrap();
        let (folder, link) = (outer.path().join("folder"), outer.path().join("link"));
        fs::create_dir(&folder).unwrap();
        symlink(&folder, &link).unwrap();
        assert_eq!(said(&link), "");
        let set = |owner: u32, group: u32, mode: u32| {
            chown(&folder, Some(owner), Some(group)).unwrap();
            fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        };
        let (own, other) = (geteuid().as_raw(), someone_else());
        set(own, other, 0o750);
        assert_eq!(said(&folder), "");
        set(own, other, 0o770);
        assert!(said(&folder).contains("a group that is not your own"));
        set(other, other, 0o700);
        assert!(said(&folder).contains("belongs to someone else"));
        assert!(said(&link).contains("belongs to someone else"));
        set(own, own, 0o700);
        lchown(&link, Some(other), None).unwrap();
        assert!(said(&link).contains("a link of someone else"));
    }

    #[test]
    fn what_is_not_there_cannot_be_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        assert!(said(&folder.path().join("x")).contains("x"));
    }
}
