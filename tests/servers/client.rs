//! A client that sends whatever bytes it is told to, from an address of its own.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use super::requests::{Ending, Request};

/// Longest silence of a server that is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// What came back.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answer {
    /// The status of the last answer that is not a provisional one; none where nothing came.
    pub(super) status: Option<u16>,
    /// Bytes after the header.
    pub(super) body: u64,
    /// All bytes.
    pub(super) whole: u64,
}

/// Clients of six networks of IPv4, and the one that there is of IPv6.
pub(super) fn clients() -> Vec<IpAddr> {
    let networks = (1..=6).map(|network| IpAddr::V4(Ipv4Addr::new(127, 77, network, 10)));
    networks.chain([Ipv6Addr::LOCALHOST.into()]).collect()
}

/// Sends a request from an address to a server on this machine.
pub(super) fn send(request: &Request, from: IpAddr, port: u16) -> Answer {
    let mut stream = connected(from, port);
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    // A server may have had enough before it has read everything, and cut the connection.
    let _ = stream.write_all(&request.sent);
    match request.ending {
        Ending::Close => return Answer::default(),
        Ending::Finish => drop(stream.shutdown(Shutdown::Write)),
        Ending::Wait => {}
    }
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    Answer::of(&bytes)
}

fn connected(from: IpAddr, port: u16) -> TcpStream {
    let (family, to) = match from {
        IpAddr::V4(_) => (AddressFamily::INET, IpAddr::V4(Ipv4Addr::LOCALHOST)),
        IpAddr::V6(_) => (AddressFamily::INET6, IpAddr::V6(Ipv6Addr::LOCALHOST)),
    };
    let socket = socket(family, SocketType::STREAM, None).expect("a socket");
    bind(&socket, &SocketAddr::new(from, 0)).expect("an address of the loopback interface");
    connect(&socket, &SocketAddr::new(to, port)).expect("a server that listens");
    TcpStream::from(socket)
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let whole = bytes.len() as u64;
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let Some((header, body)) = end.map(|end| bytes.split_at(end + 4)) else {
            return Self::default();
        };
        let line = String::from_utf8_lossy(header);
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        if status == Some(100) {
            return Self::of(body);
        }
        let body = body.len() as u64;
        Self {
            status,
            body,
            whole,
        }
    }
}
