//! Tells copies that are being made of files that are still there from files that are new.

use std::{fs::File, io, os::unix::fs::FileExt};

use super::{
    file::Opened,
    identity::{FileNumber, HEAD},
    naming::uncompressed,
    open::OpenFiles,
    recognition::Unknown,
    search::{Found, Listing},
};

/// The number of the file that is still there and of which this one is a copy, or is being copied or
/// compressed. Nothing of it is to be read yet: what has not been read by then is looked for in it when the
/// original has gone or is emptied.
pub(super) fn original_of_copy(
    unknown: &Unknown,
    listing: &Listing,
    open: &OpenFiles,
) -> Option<FileNumber> {
    let found = &unknown.found;
    if found.original.is_none() && !unknown.is_compressed {
        return None;
    }
    if let Some(nameless) = nameless_original(unknown, listing, open) {
        return Some(nameless);
    }
    if unknown.is_compressed {
        let original = listing.at(&uncompressed(&found.path)?)?;
        return begins_alike(original, &unknown.head).then_some(original.number);
    }
    let original = listing.at(found.original.as_deref()?)?;
    let is_copy = is_older(original, found) && is_beginning(found, original).unwrap_or(false);
    is_copy.then_some(original.number)
}

/// Of a file that has lost its name, and is still being read, any may be the copy.
fn nameless_original(unknown: &Unknown, listing: &Listing, open: &OpenFiles) -> Option<FileNumber> {
    let is_nameless = |number| listing.files.iter().all(|found| found.number != number);
    let mut files = open.files.iter().map(|open| &open.file);
    let original =
        files.find(|file| file.may_be_copied_to(&unknown.head) && is_nameless(file.number));
    original.map(|file| file.number)
}

/// Whether a compressed file begins as the file beside it. One that was deleted or renamed since it was listed
/// is taken for the original: what the two are the next look shows.
fn begins_alike(original: &Found, head: &[u8]) -> bool {
    match Opened::new(&original.path) {
        Ok(opened) if opened.number == original.number => {
            let common = opened.head.len().min(head.len());
            common > 0 && opened.head[..common] == head[..common]
        }
        _ => true,
    }
}

/// Whether a file was made no later than the other, as far as that is known.
fn is_older(original: &Found, other: &Found) -> bool {
    let births = original.number.born.zip(other.number.born);
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

#[cfg(test)]
mod tests {
    use std::fs;

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::input::live::{search::Target, tests::settings};

    /// Between the list of files and a look into them the compressor deletes the original, and the next
    /// rotation renames others.
    #[test]
    fn a_compressed_file_is_not_new_because_its_original_has_just_gone() {
        for meanwhile in ["nothing", "deleted", "replaced"] {
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name);
            fs::write(path("access.log"), "new\n").unwrap();
            fs::write(path("access.log.1"), "old\n").unwrap();
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            io::Write::write_all(&mut encoder, b"old\n").unwrap();
            fs::write(path("access.log.1.gz"), encoder.finish().unwrap()).unwrap();
            let target = Target::new(0, path("access.log"), false).unwrap();
            let listing = Listing::new(&[target]);
            let original = listing.at(&path("access.log.1")).unwrap().number;
            let compressed = listing.at(&path("access.log.1.gz")).unwrap();
            let opened = Opened::new(&compressed.path).unwrap();
            let unknown = Unknown::new(compressed, opened);
            match meanwhile {
                "deleted" => fs::remove_file(path("access.log.1")).unwrap(),
                "replaced" => fs::rename(path("access.log"), path("access.log.1")).unwrap(),
                _ => {}
            }
            let open = OpenFiles::new(&settings());
            let found = original_of_copy(&unknown, &listing, &open);
            assert_eq!(found, Some(original), "{meanwhile}");
        }
    }
}
