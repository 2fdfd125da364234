//! Listens for syslog messages over TCP, of a bounded number of connections.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rustix::net::sockopt::set_socket_keepalive;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::sleep,
};

use super::{
    Event, LiveSettings, LiveSource, framing::Framing, lines::LineBuffer, queue::SourceQueue,
};
use crate::error::Error;

/// Bytes read of a connection at once.
const BUFFER: usize = 64 << 10;

/// Listens on an address.
pub(super) fn listen(
    address: SocketAddr,
    settings: &LiveSettings,
    queue: SourceQueue,
    tasks: &mut JoinSet<()>,
) -> io::Result<()> {
    let socket = std::net::TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    let listener = Listener {
        socket: TcpListener::from_std(socket)?,
        name: LiveSource::SyslogTcp(address).name(),
        room: Arc::new(Semaphore::new(settings.most_connections)),
        line_limit: settings.line_limit,
        pause: settings.poll,
        queue,
    };
    tasks.spawn(listener.accept());
    Ok(())
}

struct Listener {
    socket: TcpListener,
    name: String,
    room: Arc<Semaphore>,
    line_limit: usize,
    /// Time to wait after a connection could not be accepted.
    pause: Duration,
    queue: SourceQueue,
}

impl Listener {
    /// Accepts connections, and refuses those for which there is no room. Runs of either are told once.
    async fn accept(self) {
        // Dropped with the listener, it ends the connections.
        let mut connections = JoinSet::new();
        let (mut is_crowded, mut is_failing) = (false, false);
        loop {
            let accepted = self.socket.accept().await;
            while connections.try_join_next().is_some() {}
            let event = match accepted {
                Ok((stream, _)) => {
                    is_failing = false;
                    if let Ok(place) = Arc::clone(&self.room).try_acquire_owned() {
                        is_crowded = false;
                        let read = read(stream, self.line_limit, self.queue.clone());
                        connections.spawn(async move {
                            let _place = place;
                            read.await;
                        });
                        continue;
                    }
                    self.crowded(&mut is_crowded)
                }
                Err(error) => {
                    sleep(self.pause).await;
                    self.failed(&mut is_failing, error)
                }
            };
            if let Some(event) = event
                && !self.queue.queue.send(event).await
            {
                return;
            }
        }
    }

    fn crowded(&self, is_crowded: &mut bool) -> Option<Event> {
        let source = self.queue.source;
        let is_first = !std::mem::replace(is_crowded, true);
        is_first.then_some(Event::Crowded { source })
    }

    fn failed(&self, is_failing: &mut bool, source: io::Error) -> Option<Event> {
        let is_first = !std::mem::replace(is_failing, true);
        is_first.then(|| Event::Failed {
            source: self.queue.source,
            error: Error::Read {
                name: self.name.clone(),
                source,
            },
        })
    }
}

/// Reads the messages of one connection until its other end closes it, or is found to be gone.
async fn read(mut stream: TcpStream, line_limit: usize, queue: SourceQueue) {
    // Without it, connections of machines that are gone would take room for ever; with it, most go.
    let _ = set_socket_keepalive(&stream, true);
    let (mut framing, mut lines) = (Framing::new(), LineBuffer::new(line_limit));
    let mut buffer = vec![0; BUFFER];
    loop {
        match stream.read(&mut buffer).await {
            // An error ends a connection as its other end does: what came counts.
            Ok(0) | Err(_) => break,
            Ok(read) => framing.push(&buffer[..read], &mut lines),
        }
        if !queue.deliver(&mut lines).await {
            return;
        }
    }
    framing.end(&mut lines);
    queue.deliver(&mut lines).await;
}
