//! Sealed blocks in a file without a name: what is in it ends with the process, however that ends.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    pipeline::random,
    privacy::{Nonce, Seal},
};

/// A file that only this process can find, and that only this process has the key of.
pub(super) struct Store {
    file: File,
    folder: PathBuf,
    seal: Seal,
    /// Blocks written so far, and where the next one begins.
    blocks: AtomicU64,
    end: AtomicU64,
}

/// Where a block is.
#[derive(Clone, Copy)]
pub(super) struct Block {
    number: u64,
    offset: u64,
    length: usize,
}

impl Store {
    /// An empty store on the disk of a folder, under a random key.
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(folder).map_err(|source| Error::Write {
            path: folder.to_owned(),
            source,
        })?;
        Ok(Self {
            file,
            folder: folder.to_owned(),
            seal: Seal::new(&random()?),
            blocks: AtomicU64::new(0),
            end: AtomicU64::new(0),
        })
    }

    /// Adds a block.
    pub(super) fn write(&self, content: &[u8]) -> Result<Block> {
        let number = self.blocks.fetch_add(1, Ordering::Relaxed);
        let sealed = self.seal.close(&nonce(number), &place(number), content);
        let length = sealed.len();
        let offset = self.end.fetch_add(length as u64, Ordering::Relaxed);
        self.file
            .write_all_at(&sealed, offset)
            .map_err(|source| Error::Write {
                path: self.folder.join("(what --memory has no room for)"),
                source,
            })?;
        Ok(Block {
            number,
            offset,
            length,
        })
    }

    /// The content of a block.
    pub(super) fn read(&self, block: Block) -> Result<Zeroizing<Vec<u8>>> {
        let mut sealed = vec![0; block.length];
        self.file
            .read_exact_at(&mut sealed, block.offset)
            .map_err(|source| Error::unreadable(&self.folder, source))?;
        let content = self.seal.open(&place(block.number), &sealed);
        content.ok_or_else(super::damaged)
    }
}

/// Never the same under one key, which is of this store alone.
fn nonce(number: u64) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[..size_of::<u64>()].copy_from_slice(&place(number));
    nonce
}

fn place(number: u64) -> [u8; size_of::<u64>()] {
    number.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn blocks_come_back_and_their_file_has_no_name_and_tells_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path()).unwrap();
        let contents = [&b"canary of the first"[..], b"", b"canary of the last"];
        let blocks = contents.map(|content| store.write(content).unwrap());
        for (block, content) in blocks.into_iter().zip(contents).rev() {
            assert_eq!(*store.read(block).unwrap(), content);
        }
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        let mut bytes = Vec::new();
        (&store.file).read_to_end(&mut bytes).unwrap();
        assert!(bytes.len() > 100);
        assert!(!bytes.windows(6).any(|window| window == b"canary"));
        let swapped = Block {
            number: blocks[1].number,
            ..blocks[0]
        };
        assert!(store.read(swapped).is_err());
    }
}
