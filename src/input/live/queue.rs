//! The bounded queue between all sources and who takes their lines out.

use tokio::sync::mpsc;

use super::{Batch, Event, lines::LineBuffer};
use crate::error::Error;

/// Batches that wait at most, of all sources together. Each source has one more in its hands.
const LENGTH: usize = 8;

/// A queue, and the end at which its events are taken out.
pub(super) fn queue() -> (Queue, mpsc::Receiver<Event>) {
    let (sender, receiver) = mpsc::channel(LENGTH);
    (Queue { sender }, receiver)
}

/// Where sources put their events.
#[derive(Clone)]
pub(super) struct Queue {
    sender: mpsc::Sender<Event>,
}

impl Queue {
    /// The queue of one source.
    pub(super) fn of(&self, source: usize) -> SourceQueue {
        SourceQueue {
            source,
            queue: self.clone(),
        }
    }

    /// Waits for room; `false` if nobody takes events out any more.
    pub(super) async fn send(&self, event: Event) -> bool {
        self.sender.send(event).await.is_ok()
    }
}

/// Where one source puts its events.
#[derive(Clone)]
pub(super) struct SourceQueue {
    pub(super) source: usize,
    pub(super) queue: Queue,
}

impl SourceQueue {
    /// Hands out the whole lines, if there are any; `false` if nobody takes them any more.
    pub(super) async fn deliver(&self, lines: &mut LineBuffer) -> bool {
        for event in self.events(lines) {
            if !self.queue.send(event).await {
                return false;
            }
        }
        true
    }

    /// The same from a thread that may block.
    pub(super) fn deliver_blocking(&self, lines: &mut LineBuffer) -> bool {
        let mut events = self.events(lines);
        events.all(|event| self.queue.sender.blocking_send(event).is_ok())
    }

    /// Tells a failure, and that the source has ended with it.
    pub(super) async fn end(&self, error: Error) {
        let source = self.source;
        if self.queue.send(Event::Failed { source, error }).await {
            self.queue.send(Event::Closed { source }).await;
        }
    }

    /// Tells that the source has ended, from a thread that may block.
    pub(super) fn close_blocking(&self) {
        let source = self.source;
        // Where nobody listens any more, nobody has to know.
        let _ = self.queue.sender.blocking_send(Event::Closed { source });
    }

    /// Tells a failure from a thread that may block.
    pub(super) fn fail_blocking(&self, error: Error) {
        let source = self.source;
        let _ = self
            .queue
            .sender
            .blocking_send(Event::Failed { source, error });
    }

    fn events(&self, lines: &mut LineBuffer) -> impl Iterator<Item = Event> + use<> {
        let source = self.source;
        let (bytes, cut) = lines.take();
        let batch = (!bytes.is_empty()).then_some(Event::Batch(Batch {
            source,
            bytes,
            mark: None,
        }));
        let cut = (cut > 0).then_some(Event::Cut { source, bytes: cut });
        batch.into_iter().chain(cut)
    }
}
