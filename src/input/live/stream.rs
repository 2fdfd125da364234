//! Reads pipes: named ones, which stay open, and standard input, lines or the journal's export.

use std::{
    io::{self, Read},
    path::Path,
    thread,
};

use tokio::{io::AsyncReadExt, net::unix::pipe, task::JoinSet};

use super::{LiveSettings, journal::Journal, lines::LineBuffer, queue::SourceQueue};
use crate::error::Error;

/// Bytes read at once: what a pipe holds.
const BUFFER: usize = 64 << 10;

/// Opens a named pipe for reading and writing, so that it does not end with its last writer.
pub(super) fn fifo(
    path: &Path,
    settings: &LiveSettings,
    queue: SourceQueue,
    tasks: &mut JoinSet<()>,
) -> io::Result<()> {
    let pipe = pipe::OpenOptions::new()
        .read_write(true)
        .open_receiver(path)?;
    let name = path.display().to_string();
    tasks.spawn(read_pipe(pipe, name, settings.line_limit, queue));
    Ok(())
}

async fn read_pipe(mut pipe: pipe::Receiver, name: String, line_limit: usize, queue: SourceQueue) {
    let mut lines = LineBuffer::new(line_limit);
    let mut buffer = vec![0; BUFFER];
    loop {
        match pipe.read(&mut buffer).await {
            Ok(read) => lines.push(&buffer[..read]),
            Err(source) => {
                queue.end(Error::Read { name, source }).await;
                return;
            }
        }
        if !queue.deliver(&mut lines).await {
            return;
        }
    }
}

/// Reads standard input to its end.
pub(super) fn stdin(settings: &LiveSettings, queue: SourceQueue) -> io::Result<()> {
    let line_limit = settings.line_limit;
    spawn(move || {
        read_to_end(io::stdin(), line_limit, &queue, |bytes, lines| {
            lines.push(bytes);
        });
    })
}

/// Reads the journal's export format from standard input to its end.
pub(super) fn journal(settings: &LiveSettings, queue: SourceQueue) -> io::Result<()> {
    let line_limit = settings.line_limit;
    let mut journal = Journal::new();
    let push = move |bytes: &[u8], lines: &mut LineBuffer| journal.push(bytes, lines);
    spawn(move || read_to_end(io::stdin(), line_limit, &queue, push))
}

/// Starts a thread that ends with the process, if not with its source: a read from a terminal or a silent
/// pipe cannot be ended, and a runtime waits for tasks that block.
fn spawn(read: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name("standard input".to_owned());
    thread.spawn(read).map(drop)
}

fn read_to_end(
    mut reader: impl Read,
    line_limit: usize,
    queue: &SourceQueue,
    mut push: impl FnMut(&[u8], &mut LineBuffer),
) {
    let mut lines = LineBuffer::new(line_limit);
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => push(&buffer[..read], &mut lines),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => {
                let name = "standard input".to_owned();
                queue.fail_blocking(Error::Read { name, source });
                break;
            }
        }
        if !queue.deliver_blocking(&mut lines) {
            return;
        }
    }
    lines.finish();
    queue.deliver_blocking(&mut lines);
    queue.close_blocking();
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Event, queue},
        *,
    };

    /// What comes of a source that ends.
    fn events(
        content: &'static [u8],
        push: impl FnMut(&[u8], &mut LineBuffer) + Send + 'static,
    ) -> Vec<String> {
        let (queue, mut receiver) = queue::queue();
        let reader = thread::spawn(move || read_to_end(content, 9, &queue.of(3), push));
        let mut events = Vec::new();
        while let Some(event) = receiver.blocking_recv() {
            events.push(match event {
                Event::Batch(batch) => String::from_utf8(batch.bytes).unwrap(),
                event => format!("{event:?}"),
            });
        }
        reader.join().unwrap();
        events
    }

    #[test]
    fn standard_input_ends_with_its_last_line() {
        let lines = events(b"a\nb", |bytes, lines| lines.push(bytes));
        assert_eq!(lines, ["a\n", "b\n", "Closed { source: 3 }"]);
    }

    #[test]
    fn the_journal_gives_messages() {
        let mut journal = Journal::new();
        let lines = events(
            b"A=b\nMESSAGE=m\n\nMESSAGE=0123456789abc\n",
            move |bytes, lines| {
                journal.push(bytes, lines);
            },
        );
        let expected = [
            "m\n0123456789\n",
            "Cut { source: 3, bytes: 3 }",
            "Closed { source: 3 }",
        ];
        assert_eq!(lines, expected);
    }
}
