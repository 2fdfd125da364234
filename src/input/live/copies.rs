//! Tells copies that are being made of files that are still there from files that are new.

use std::{fs::File, io, os::unix::fs::FileExt};

use super::{
    file::Opened,
    identity::HEAD,
    naming::uncompressed,
    open::OpenFiles,
    rotation::Unknown,
    search::{Found, Listing},
};

/// Whether a file is being copied or compressed from one that is still there, so that nothing of it is to be
/// read yet: what has not been read by then is looked for in it when the original has gone or is emptied.
pub(super) fn is_copy_of_present(unknown: &Unknown, listing: &Listing, open: &OpenFiles) -> bool {
    let path = &unknown.found.path;
    // Of a file that has lost its name, and is still being read, any may be the copy.
    let is_of_nameless = open.files.iter().any(|open| {
        listing
            .files
            .iter()
            .all(|found| found.number != open.file.number)
            && open.file.may_be_copied_to(&unknown.head)
    });
    if is_of_nameless && unknown.found.original.is_some() {
        return true;
    }
    if unknown.is_compressed {
        let original = uncompressed(path).and_then(|path| listing.at(&path).cloned());
        return original.is_some_and(|original| begins_alike(&original, &unknown.head));
    }
    let original = unknown.found.original.as_deref();
    let original = original.and_then(|path| listing.at(path));
    original.is_some_and(|original| {
        is_older(original, &unknown.found)
            && is_beginning(&unknown.found, original).unwrap_or(false)
    })
}

fn begins_alike(original: &Found, head: &[u8]) -> bool {
    Opened::new(&original.path).is_ok_and(|opened| {
        let common = opened.head.len().min(head.len());
        common > 0 && opened.head[..common] == head[..common]
    })
}

/// Whether a file was made no later than the other, as far as that is known.
fn is_older(original: &Found, other: &Found) -> bool {
    let births = original.born.zip(other.born);
    births.is_none_or(|(original, other)| original <= other)
}

/// Whether a file is the beginning of another, judged by its own first and last bytes.
fn is_beginning(file: &Found, whole: &Found) -> io::Result<bool> {
    if file.size > whole.size || file.size == 0 {
        return Ok(false);
    }
    let (file_content, whole_content) = (File::open(&file.path)?, File::open(&whole.path)?);
    let length = usize::try_from(file.size).unwrap_or(HEAD).min(HEAD);
    let (mut own, mut other) = (vec![0; length], vec![0; length]);
    for place in [0, file.size - length as u64] {
        file_content.read_exact_at(&mut own, place)?;
        whole_content.read_exact_at(&mut other, place)?;
        if own != other {
            return Ok(false);
        }
    }
    Ok(true)
}
