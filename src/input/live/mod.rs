//! Sources that never end: followed files, pipes, syslog and the journal, read as lines are written.
//!
//! [`LiveSources`] hands out batches of whole lines of all sources as they come. Between it and the sources
//! there is a queue of a few batches: where lines are taken out too slowly, files are read later, pipes and
//! connections make their writers wait, and only UDP loses datagrams, which is counted.
//!
//! # Followed files
//!
//! With each batch comes a [`Mark`]. Who stores it together with what the lines came to, and hands the
//! marks back after a restart, gets every line once, though it is killed between any two events, and files
//! are rotated while it is stopped.
//!
//! The files of a source are those that its name stands for, and those beside them that are called as
//! rotation calls files: `access.log.1`, `access.log-20261122.gz`, `access-20261122.log`. Each is known by its
//! number, its time of birth and how it begins. On the first look at a source, the files that its name
//! stands for are read from their beginnings, and those that were rotated or compressed before are passed
//! over. What is not known later is new, and read from its beginning:
//!
//! - *Renamed* files are read on under any name in the folders of the sources, however late lines are added
//!   to them. They are held open until they have been silent for the grace and another file has their name.
//! - *Copied and truncated* files (`copytruncate`): what had not been read is read in the copy.
//! - *Compressed* files: what had not been read is read in the compressed form, once the original has gone.
//! - Generations that came and went between two looks are read where they are now.
//! - What is to be found nowhere is told by [`Event::Vanished`].
//!
//! A last line without newline is held until it is completed, or its file is left; it is dropped where its
//! file is emptied and no copy is there.
//!
//! ## What is assumed
//!
//! Between two looks, or a stop and a start, there may be any number of rotations of any kind, in any order,
//! with other files compressed in between, if only
//!
//! - generations stay in the folder of the log (or, where a name is a symbolic link, in the folder that it
//!   points to) and are deleted oldest first. A deleted one is told of as long as the file that was written
//!   to at the last look is deleted as well, which it is before any later one;
//! - names that rotation makes have a number or a date;
//! - a compressor deletes the original only when the compressed file is whole;
//! - a file is only added to, or emptied and begun anew.
//!
//! ## What nobody who reads files can see
//!
//! - Lines that are written between copying and truncating are in no file afterwards. Those that were read in
//!   that time are counted; if the service is stopped before it looks again, and the file is shorter than a
//!   kibibyte, the copy is then taken for a new file and its lines are counted again, which is told.
//! - A file that is emptied and has by the next look the beginning that it had before (the same lines, up to
//!   a kibibyte), and no fewer bytes, seems to have grown.
//! - A file that is made and deleted between two looks. With lines written just before a file is deleted it is
//!   the same, unless it is held open; that is told where it was not known to be read to its end.
//! - Where a file system gives no times of birth, a file that gets the number of a deleted one and begins with
//!   the same lines.
//! - Of a symbolic link's targets, those that the link was changed to and from between two looks.
//!
//! Folders that cannot be listed, and file systems that are not mounted, are waited for. Attributes that a
//! network file system caches delay lines, and may hide a truncation until there is more content than before.
//!
//! # Syslog
//!
//! A message is one line as it was sent, with its header; the format's wrapper for syslog takes that off,
//! since files of syslog daemons have it as well. Newlines within a message become spaces. Who can reach the
//! socket can write lines: listen on addresses and in folders that only the servers reach.
//!
//! Loss of UDP datagrams is counted by the kernel for the socket; loss on the way is not known to anyone.
//! Who sends to a unix socket waits while the queue is full (nginx drops the message instead).

mod copies;
mod drops;
mod file;
mod first_look;
mod follow;
mod framing;
mod identity;
mod journal;
mod lines;
mod naming;
mod open;
mod queue;
mod recognition;
mod rotation;
mod search;
mod specification;
mod stream;
mod syslog;
mod tcp;
#[cfg(test)]
mod tests;

use std::{
    io,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinSet};

use self::{follow::Follower, queue::Queue, search::Target};
pub use self::{
    identity::{FileIdentity, FileNumber, Mark},
    specification::LiveSource,
};
use crate::error::{Error, Result};

/// Lines of one source.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The number of the source among those named.
    pub source: usize,
    /// Whole lines, each ended by a newline; about 1 MiB at most. None where only the mark has moved.
    pub bytes: Vec<u8>,
    /// Where the file has been read to with these lines. Sources that are no files have none.
    pub mark: Option<Mark>,
}

/// What has happened to a source. Events are to be taken in their order.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A file is read from now on; it tells under which name, as that may tell more.
    Opened {
        /// The number of the source.
        source: usize,
        /// The file.
        file: FileNumber,
        /// Its name now.
        path: PathBuf,
    },
    /// There are lines. The mark replaces an earlier one of the same file's number.
    Batch(Batch),
    /// The mark of a file is of no use any more.
    Forget {
        /// The file.
        file: FileNumber,
    },
    /// All followed files have been read to their ends. It is told again after each look at them.
    CaughtUp,
    /// The source has ended; nothing more comes of it.
    Closed {
        /// The number of the source.
        source: usize,
    },
    /// Datagrams came faster than they were read.
    Lost {
        /// The number of the source.
        source: usize,
        /// Datagrams lost since this was last told.
        count: u64,
    },
    /// A file was gone, emptied or written anew before it was known to have been read to its end. How
    /// many lines are lost is not known; there may be none. Its mark is to be kept until it is to be
    /// forgotten: the file may be on a file system that is not mounted.
    Vanished {
        /// The file.
        file: FileNumber,
    },
    /// Lines were longer than the limit. One byte more than the limit has been handed out of each.
    Cut {
        /// The number of the source.
        source: usize,
        /// Bytes left out.
        bytes: u64,
    },
    /// A source has more files, or more connections, than may be open. Files are read later; connections
    /// have been refused.
    Crowded {
        /// The number of the source.
        source: usize,
    },
    /// A source, or one file of it, could not be read. Files and connections are tried again, and told
    /// again only after they have worked in between; other sources are closed.
    Failed {
        /// The number of the source.
        source: usize,
        /// What the operating system reported.
        error: Error,
    },
}

/// Settings of all live sources.
#[derive(Clone, Debug)]
pub struct LiveSettings {
    /// Longest line in bytes.
    pub line_limit: usize,
    /// How many files may be open at once. One that is idle is closed for one that has grown.
    pub most_files: usize,
    /// How many connections a source may have at once.
    pub most_connections: usize,
    /// Time between two looks at the files, when there was nothing new.
    pub poll: Duration,
    /// How long a rotated file has to be silent before it is left.
    pub grace: Duration,
    /// Whether files are only read to where they end now.
    pub ends: bool,
    /// Keys the fingerprints of files in marks. With another key no file is known again.
    pub fingerprint_key: [u8; 32],
}

/// Open live sources. They end when this is dropped.
pub struct LiveSources {
    events: mpsc::Receiver<Event>,
    /// Everything that reads, ended with this.
    _tasks: JoinSet<()>,
}

impl LiveSources {
    /// Opens sources; files go on from the marks, which are those that came with earlier batches and were
    /// not to be forgotten. A file that is not there yet is no error.
    ///
    /// # Errors
    /// [`Error::Setting`] for a pattern that is not one, and for standard input named twice;
    /// [`Error::Read`] for a socket or a pipe that cannot be opened.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and time.
    pub fn open(
        specifications: &[LiveSource],
        settings: LiveSettings,
        marks: Vec<Mark>,
    ) -> Result<Self> {
        let uses_stdin =
            |source: &&LiveSource| matches!(source, LiveSource::Stdin | LiveSource::Journal);
        if specifications.iter().filter(uses_stdin).count() > 1 {
            return Err(Error::Setting("standard input is named twice".to_owned()));
        }
        let (queue, events) = queue::queue();
        let mut tasks = JoinSet::new();
        let mut targets = Vec::new();
        for (source, specification) in specifications.iter().enumerate() {
            let queue = queue.of(source);
            let opened = match specification {
                LiveSource::File(path) if is_pipe(path) => {
                    stream::fifo(path, &settings, queue, &mut tasks)
                }
                LiveSource::File(path) => {
                    targets.push(Target::new(source, path.clone(), false)?);
                    Ok(())
                }
                LiveSource::Pattern(pattern) => {
                    targets.push(Target::new(source, pattern.into(), true)?);
                    Ok(())
                }
                LiveSource::Fifo(path) => stream::fifo(path, &settings, queue, &mut tasks),
                LiveSource::Stdin => stream::stdin(&settings, queue),
                LiveSource::Journal => stream::journal(&settings, queue),
                LiveSource::SyslogUdp(address) => {
                    syslog::udp(*address, &settings, queue, &mut tasks)
                }
                LiveSource::SyslogTcp(address) => {
                    tcp::listen(*address, &settings, queue, &mut tasks)
                }
                LiveSource::SyslogUnix(path) => syslog::unix(path, &settings, queue, &mut tasks),
            };
            opened.map_err(|error| unopened(specification, error))?;
        }
        if !targets.is_empty() {
            let pause = (!settings.ends).then_some(settings.poll);
            let follower = Follower::new(targets, settings, marks);
            tasks.spawn(follow(follower, pause, queue));
        }
        Ok(Self {
            events,
            _tasks: tasks,
        })
    }

    /// The next event, once there is one; `None` when every source has ended. It may be given up while it
    /// waits without losing any.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

fn is_pipe(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.file_type().is_fifo())
}

fn unopened(source: &LiveSource, error: io::Error) -> Error {
    Error::Read {
        name: source.name(),
        source: error,
    }
}

/// Reads files, which may block, beside the tasks of the other sources; to their ends, or with a pause after
/// each look at them without end.
async fn follow(mut follower: Follower, pause: Option<Duration>, queue: Queue) {
    loop {
        let step = tokio::task::spawn_blocking(move || {
            let mut events = Vec::new();
            let is_busy = follower.step(&mut events);
            (follower, events, is_busy)
        });
        // It fails only if the runtime ends.
        let Ok((returned, events, is_busy)) = step.await else {
            return;
        };
        follower = returned;
        for event in events {
            if !queue.send(event).await {
                return;
            }
        }
        if is_busy {
            continue;
        }
        if !queue.send(Event::CaughtUp).await {
            return;
        }
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return,
        }
    }
}
