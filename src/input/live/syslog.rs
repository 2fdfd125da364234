//! Listens for syslog messages in datagrams: those of UDP and those of a unix socket.

use std::{
    fs::{self, Permissions},
    io,
    net::{self, SocketAddr},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net as net_unix,
    },
    path::{Path, PathBuf},
};

use rustix::{fs::fstat, net::sockopt::set_socket_recv_buffer_size};
use tokio::{
    net::{UdpSocket, UnixDatagram},
    task::{JoinSet, spawn_blocking},
    time,
};

use super::{
    Event, LiveSettings, LiveSource, drops::drops, file::BATCH, lines::LineBuffer,
    queue::SourceQueue,
};
use crate::error::Error;

/// Room for a datagram: more than UDP can carry (64 KiB), and than a unix socket takes by default
/// (`net.core.wmem_max`, 208 KiB).
const DATAGRAM: usize = 256 << 10;

/// What is asked of the kernel as room for datagrams that wait; it gives `net.core.rmem_max` at most.
const RECEIVE_BUFFER: usize = 8 << 20;

/// Listens on a UDP address.
pub(super) fn udp(
    address: SocketAddr,
    settings: &LiveSettings,
    queue: SourceQueue,
    tasks: &mut JoinSet<()>,
) -> io::Result<()> {
    let socket = net::UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER)?;
    let mut loss = Loss {
        inode: fstat(&socket)?.st_ino,
        told: 0,
    };
    let source = LiveSource::SyslogUdp(address);
    let mut datagrams = Datagrams::new(UdpSocket::from_std(socket)?, &source, settings);
    let mut looks = time::interval(settings.poll);
    looks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    tasks.spawn(async move {
        let mut goes_on = true;
        while goes_on {
            let has_datagrams = tokio::select! {
                _ = datagrams.socket.readable() => true,
                _ = looks.tick() => false,
            };
            goes_on = if has_datagrams {
                datagrams.read(&queue).await
            } else {
                loss.tell(&queue).await
            };
        }
    });
    Ok(())
}

/// Datagrams that the kernel dropped for a socket.
struct Loss {
    inode: u64,
    /// The kernel's count when loss was last told.
    told: u32,
}

impl Loss {
    /// Tells what was dropped since it was last told; `false` if nobody takes events out any more.
    async fn tell(&mut self, queue: &SourceQueue) -> bool {
        let inode = self.inode;
        // A kernel that does not tell has nothing to be told on.
        let Ok(Ok(Some(drops))) = spawn_blocking(move || drops(inode)).await else {
            return true;
        };
        let count = u64::from(drops.wrapping_sub(self.told));
        self.told = drops;
        let source = queue.source;
        count == 0 || queue.queue.send(Event::Lost { source, count }).await
    }
}

/// Makes a unix socket and listens on it. Everyone who reaches its folder may write to it, as to a syslog
/// daemon's: servers write their logs as other users. What an earlier process left at the path is removed.
pub(super) fn unix(
    path: &Path,
    settings: &LiveSettings,
    queue: SourceQueue,
    tasks: &mut JoinSet<()>,
) -> io::Result<()> {
    remove_stale(path)?;
    let socket = UnixDatagram::bind(path)?;
    let name = SocketName(path.to_owned());
    fs::set_permissions(path, Permissions::from_mode(0o666))?;
    let source = LiveSource::SyslogUnix(path.to_owned());
    let mut datagrams = Datagrams::new(socket, &source, settings);
    tasks.spawn(async move {
        let _name = name;
        while datagrams.read(&queue).await {}
    });
    Ok(())
}

/// Removes a socket that nobody listens on.
fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = |data: fs::Metadata| data.file_type().is_socket();
    if !path.symlink_metadata().is_ok_and(is_socket) {
        return Ok(());
    }
    match net_unix::UnixDatagram::unbound()?.connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        _ => Err(io::ErrorKind::AddrInUse.into()),
    }
}

/// The name of a socket, removed with it.
struct SocketName(PathBuf);

impl Drop for SocketName {
    fn drop(&mut self) {
        // If it is gone already, that is what was wanted.
        let _ = fs::remove_file(&self.0);
    }
}

/// A socket of datagrams.
trait Socket: Send {
    /// Waits until there may be one.
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send;

    /// Takes one that is there.
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize>;
}

impl Socket for UdpSocket {
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send {
        self.readable()
    }

    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.try_recv(buffer)
    }
}

impl Socket for UnixDatagram {
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send {
        self.readable()
    }

    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.try_recv(buffer)
    }
}

/// A socket whose datagrams are messages.
struct Datagrams<S> {
    socket: S,
    name: String,
    lines: LineBuffer,
    buffer: Vec<u8>,
}

impl<S: Socket> Datagrams<S> {
    fn new(socket: S, source: &LiveSource, settings: &LiveSettings) -> Self {
        Self {
            socket,
            name: source.name(),
            lines: LineBuffer::new(settings.line_limit),
            buffer: vec![0; DATAGRAM],
        }
    }

    /// Waits for datagrams and hands out those that are there, up to a batch; `false` when that is over.
    async fn read(&mut self, queue: &SourceQueue) -> bool {
        let mut received = self.socket.readable().await;
        while received.is_ok() && self.lines.len() < BATCH {
            received = match self.socket.receive(&mut self.buffer) {
                Ok(length) => {
                    self.lines.push_message(&self.buffer[..length]);
                    Ok(())
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => Err(error),
            };
        }
        let goes_on = queue.deliver(&mut self.lines).await;
        if let Err(source) = received {
            let name = self.name.clone();
            queue.end(Error::Read { name, source }).await;
            return false;
        }
        goes_on
    }
}
