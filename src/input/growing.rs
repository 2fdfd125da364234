//! Plain files and standard input, read on as they grow. A file is the one that has the name at the start:
//! what comes under that name later is another.

use std::{
    fs::File,
    io::{self, BufRead},
    os::unix::fs::{FileExt, MetadataExt},
    thread,
    time::Duration,
};

use memchr::memrchr;
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::sleep,
};

use super::{
    event::{Batch, Event, FileIdentity, Mark},
    source::Source,
};
use crate::{
    error::{Error, Result},
    record::LINE_CAP,
};

/// Most bytes read at once; more than the longest line that is of any format.
const BATCH: usize = 4 * LINE_CAP;

/// Time between looks at files that have not grown.
const PAUSE: Duration = Duration::from_millis(100);

/// Several sources.
pub struct Growing {
    files: Vec<GrowingFile>,
    /// What standard input yields, from a thread that waits for it.
    piped: Option<Receiver<Event>>,
    /// The file to look at next.
    turn: usize,
}

struct GrowingFile {
    number: usize,
    file: File,
    identity: FileIdentity,
    offset: u64,
}

impl Growing {
    /// Opens the sources, each to be read on from the mark of its file, if it has one.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if a file cannot be opened.
    pub fn open(sources: &[Source], marks: &[Vec<Mark>]) -> Result<Self> {
        let (mut files, mut piped) = (Vec::new(), None);
        for (number, source) in sources.iter().enumerate() {
            match source {
                Source::Stdin => piped = Some(number),
                Source::File(path) => {
                    let marks = marks.get(number).map_or(&[][..], Vec::as_slice);
                    let opened = GrowingFile::open(number, path, marks);
                    files.push(opened.map_err(|error| Error::unreadable(path, error))?);
                }
            }
        }
        Ok(Self {
            files,
            piped: piped.map(listen),
            turn: 0,
        })
    }

    /// The next event; `None` when nothing more can come. Nothing is lost if it is not waited for.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            for _ in 0..self.files.len() {
                self.turn = (self.turn + 1) % self.files.len();
                if let Some(batch) = self.files[self.turn].next() {
                    return Some(Event::Batch(batch));
                }
            }
            let Some(piped) = &mut self.piped else {
                if self.files.is_empty() {
                    return None;
                }
                sleep(PAUSE).await;
                continue;
            };
            if self.files.is_empty() {
                return piped.recv().await;
            }
            tokio::select! {
                event = piped.recv() => match event {
                    Some(event) => return Some(event),
                    None => self.piped = None,
                },
                () = sleep(PAUSE) => {}
            }
        }
    }
}

impl GrowingFile {
    fn open(number: usize, path: &std::path::Path, marks: &[Mark]) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let identity = FileIdentity {
            device: metadata.dev(),
            inode: metadata.ino(),
            fingerprint: 0,
        };
        let known = marks.iter().find(|mark| mark.file == identity);
        let offset = known.map_or(0, |mark| mark.offset);
        Ok(Self {
            number,
            file,
            identity,
            offset: if offset <= metadata.len() { offset } else { 0 },
        })
    }

    /// Whole lines that have come, if any.
    fn next(&mut self) -> Option<Batch> {
        let mut bytes = vec![0; BATCH];
        let read = self.file.read_at(&mut bytes, self.offset).ok()?;
        bytes.truncate(read);
        let end = match memrchr(b'\n', &bytes) {
            Some(newline) => newline + 1,
            // A line longer than any format has is handed on in pieces.
            None if read == BATCH => read,
            None => return None,
        };
        bytes.truncate(end);
        self.offset += end as u64;
        Some(Batch {
            source: self.number,
            bytes,
            mark: Some(Mark {
                file: self.identity.clone(),
                offset: self.offset,
            }),
        })
    }
}

/// What standard input yields from now on.
fn listen(number: usize) -> Receiver<Event> {
    let (sender, receiver) = channel(1);
    thread::spawn(move || pipe(number, &sender));
    receiver
}

/// Hands on lines, as many at once as have come, until there are no more.
fn pipe(number: usize, sender: &Sender<Event>) {
    let mut input = io::BufReader::with_capacity(BATCH, io::stdin());
    let mut begun: Vec<u8> = Vec::new();
    loop {
        let (taken, end) = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(bytes) if !bytes.is_empty() => {
                let end = memrchr(b'\n', bytes).map(|newline| begun.len() + newline + 1);
                begun.extend_from_slice(bytes);
                (
                    bytes.len(),
                    end.or((begun.len() > BATCH).then_some(begun.len())),
                )
            }
            _ => break,
        };
        input.consume(taken);
        if let Some(end) = end {
            let rest = begun.split_off(end);
            let bytes = std::mem::replace(&mut begun, rest);
            if sender.blocking_send(batch(number, bytes)).is_err() {
                return;
            }
        }
    }
    if !begun.is_empty() {
        // Nobody hears it if the watch has stopped.
        let _ = sender.blocking_send(batch(number, begun));
    }
    let _ = sender.blocking_send(Event::Closed { source: number });
}

const fn batch(source: usize, bytes: Vec<u8>) -> Event {
    Event::Batch(Batch {
        source,
        bytes,
        mark: None,
    })
}
