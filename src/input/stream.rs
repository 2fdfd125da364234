//! Sources that come in bit by bit, and that reading of them can be ended from outside.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::OwnedFd,
    path::Path,
    sync::Arc,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::{Mode, OFlags, open},
    io::Errno,
};

/// Ends the reading of streams: where it is readable, they are read as far as they have come, and no further.
#[derive(Clone, Debug)]
pub struct Stop(Arc<OwnedFd>);

impl From<OwnedFd> for Stop {
    fn from(descriptor: OwnedFd) -> Self {
        Self(Arc::new(descriptor))
    }
}

/// A stream that is read until its end, or until it is to stop and nothing more has come.
pub(super) struct Stream {
    file: File,
    stop: Option<Stop>,
}

impl Stream {
    pub(super) const fn new(file: File, stop: Option<Stop>) -> Self {
        Self { file, stop }
    }

    /// Opens a pipe with a name or the like, without waiting for who writes to it.
    pub(super) fn open(path: &Path, stop: Option<Stop>) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(Self::new(open(path, flags, Mode::empty())?.into(), stop))
    }

    /// Waits until something has come or the stream has ended; false if it is to stop before.
    fn wait(&self) -> io::Result<bool> {
        let mut watched = vec![PollFd::new(&self.file, PollFlags::IN)];
        watched.extend(
            self.stop
                .iter()
                .map(|stop| PollFd::new(&*stop.0, PollFlags::IN)),
        );
        loop {
            match poll(&mut watched, None) {
                Ok(_) => return Ok(!watched[0].revents().is_empty()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.wait()? {
            match self.file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
        Ok(0)
    }
}
