//! Sockets and pipes as servers use them, through the public interface.

use std::{
    fs::OpenOptions,
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::unix::net::UnixDatagram,
    time::Duration,
};

use tokio::time::timeout;

use super::{
    super::{Event, LiveSettings, LiveSource, LiveSources},
    scene::settings,
};

/// Longest time for what has been sent to come.
const PATIENCE: Duration = Duration::from_secs(20);

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

/// The sources, opened.
fn open(sources: &[LiveSource], settings: LiveSettings) -> LiveSources {
    LiveSources::open(sources, settings, Vec::new()).unwrap()
}

/// The next event that tells of lines.
async fn next(sources: &mut LiveSources) -> Event {
    loop {
        match timeout(PATIENCE, sources.next()).await.unwrap().unwrap() {
            Event::Opened { .. } | Event::CaughtUp => {}
            event => return event,
        }
    }
}

/// The next lines of any source, as many bytes as expected, and the other events on the way.
async fn check(sources: &mut LiveSources, expected: &str) -> Vec<Event> {
    let (mut lines, mut others) = (Vec::new(), Vec::new());
    while lines.len() < expected.len() {
        match next(sources).await {
            Event::Batch(batch) => lines.extend(batch.bytes),
            other => others.push(other),
        }
    }
    assert_eq!(String::from_utf8(lines).unwrap(), expected);
    others
}

const MESSAGES: [&str; 4] = [
    "<190>Oct 10 13:55:36 host nginx: 192.0.2.1 - - [a] \"GET /\"",
    "<134>Nov 10 08:00:00 haproxy[1234]: 192.0.2.1:1 [b]\n",
    "<165>1 2026-11-10T08:00:00Z host app - - - two\nlines",
    "",
];

const AS_LINES: &str = "<190>Oct 10 13:55:36 host nginx: 192.0.2.1 - - [a] \"GET /\"\n\
    <134>Nov 10 08:00:00 haproxy[1234]: 192.0.2.1:1 [b]\n\
    <165>1 2026-11-10T08:00:00Z host app - - - two lines\n";

#[tokio::test]
async fn datagrams_are_lines() {
    let address = free_address();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let all = [
        LiveSource::SyslogUdp(address),
        LiveSource::SyslogUnix(path.clone()),
    ];
    let mut sources = open(&all, settings());
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for message in MESSAGES {
        sender.send_to(message.as_bytes(), address).unwrap();
    }
    check(&mut sources, AS_LINES).await;
    let sender = UnixDatagram::unbound().unwrap();
    for message in MESSAGES {
        sender.send_to(message.as_bytes(), &path).unwrap();
    }
    check(&mut sources, AS_LINES).await;
    sender.send_to(&[b'x'; 150_000], &path).unwrap();
    let expected = "x".repeat(settings().line_limit + 1) + "\n";
    check(&mut sources, &expected).await;
    assert!(matches!(
        next(&mut sources).await,
        Event::Cut {
            source: 1,
            bytes: 149_899
        }
    ));
}

#[tokio::test]
async fn a_socket_left_behind_is_replaced_and_one_in_use_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    drop(UnixDatagram::bind(&path).unwrap());
    let source = [LiveSource::SyslogUnix(path.clone())];
    let sources = open(&source, settings());
    assert!(LiveSources::open(&source, settings(), Vec::new()).is_err());
    assert!(path.exists());
    drop(sources);
    // The task that has the socket ends by itself.
    timeout(PATIENCE, async {
        while path.exists() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    std::fs::write(&path, "").unwrap();
    assert!(LiveSources::open(&source, settings(), Vec::new()).is_err());
}

#[tokio::test]
async fn lost_datagrams_are_counted() {
    let address = free_address();
    let mut sources = open(&[LiveSource::SyslogUdp(address)], settings());
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // Nothing is read in between: this task does not wait.
    let message = [b'm'; 60_000];
    let sent: u64 = 2_000;
    for _ in 0..sent {
        sender.send_to(&message, address).unwrap();
    }
    let (mut lines, mut lost) = (0, 0);
    while lines + lost < sent {
        match next(&mut sources).await {
            Event::Batch(batch) => lines += memchr::memchr_iter(b'\n', &batch.bytes).count() as u64,
            Event::Lost { source: 0, count } => lost += count,
            Event::Cut { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(
        lines > 0 && lost > 0 && lines + lost == sent,
        "{lines} {lost}"
    );
}

#[tokio::test]
async fn connections_are_read_side_by_side_up_to_a_number() {
    let address = free_address();
    let few = LiveSettings {
        most_connections: 2,
        ..settings()
    };
    let mut sources = open(&[LiveSource::SyslogTcp(address)], few);
    let mut first = TcpStream::connect(address).unwrap();
    first.write_all(b"<1>a\n<1>b\n7 <1>").unwrap();
    check(&mut sources, "<1>a\n<1>b\n").await;
    let mut second = TcpStream::connect(address).unwrap();
    second.write_all(b"6 <1>x\n\n<1>y\n").unwrap();
    check(&mut sources, "<1>x \n<1>y\n").await;
    let _third = TcpStream::connect(address).unwrap();
    assert!(matches!(
        next(&mut sources).await,
        Event::Crowded { source: 0 }
    ));
    first.write_all(b"rest<1>cut off").unwrap();
    drop(first);
    check(&mut sources, "<1>rest\n<1>cut off\n").await;
}

#[tokio::test]
async fn a_pipe_outlives_its_writers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let mut sources = open(&[LiveSource::File(path.clone())], settings());
    for part in ["a\nb", "c\n"] {
        let mut writer = OpenOptions::new().write(true).open(&path).unwrap();
        writer.write_all(part.as_bytes()).unwrap();
    }
    check(&mut sources, "a\nbc\n").await;
}

#[tokio::test]
async fn a_file_is_followed_beside_sockets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let all = [
        LiveSource::SyslogUdp(free_address()),
        LiveSource::File(path.clone()),
    ];
    let mut sources = open(&all, settings());
    std::fs::write(&path, "a\nb\nc").unwrap();
    check(&mut sources, "a\nb\n").await;
    std::fs::write(&path, "new\n").unwrap();
    // What was not completed is gone.
    let others = check(&mut sources, "new\n").await;
    assert!(
        matches!(others[..], [Event::Vanished { .. }, Event::Forget { .. }]),
        "{others:?}"
    );
}

#[tokio::test]
async fn a_burst_waits_outside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    std::fs::write(&path, b"0123456789\n".repeat(4 << 20)).unwrap();
    let mut sources = open(&[LiveSource::File(path)], settings());
    let mut bytes = 0;
    while bytes < 11 * (4 << 20) {
        if let Event::Batch(batch) = next(&mut sources).await {
            assert!(batch.bytes.len() <= (1 << 20) + 200);
            bytes += batch.bytes.len();
        }
        assert!(sources.events.len() <= 8);
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_refused() {
    let address = free_address();
    let _taken = TcpListener::bind(address).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for sources in [
        vec![LiveSource::SyslogTcp(address)],
        vec![LiveSource::Stdin, LiveSource::Journal],
        vec![LiveSource::Fifo(folder.path().join("missing"))],
        vec![LiveSource::SyslogUnix(folder.path().join("missing/log"))],
        vec![LiveSource::Pattern("a[b".to_owned())],
    ] {
        let opened = LiveSources::open(&sources, settings(), Vec::new());
        assert!(opened.is_err(), "{sources:?}");
    }
}
