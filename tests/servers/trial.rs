//! Runs a server, sends it everything from everywhere, and looks at what comes of its logs.

use std::{env, fs, path::Path, thread};

use super::{
    client::{clients, send},
    log::{Log, Sent, contains},
    process::Server,
    requests::{Request, SECRETS, requests},
    statistics::assert_right,
};
use crate::{
    program::{program, report, run_for, tree},
    traces::Traces,
};

/// The whole test of a server.
pub(super) fn test(server: &Server, logs: &[Log]) {
    if env::var_os("HUSHLOG_SERVER_TESTS").is_none() {
        return;
    }
    let version = server.version();
    let mut requests = requests();
    requests.retain(|request| !server.unsent.contains(&request.name));
    let running = server.start();
    let send = |&port| send_all(&requests, port);
    let sent: Vec<_> = running.ports.iter().map(send).collect();
    let folder = running.stop();
    for log in logs {
        let counts = log.arguments(folder.path()).into_iter().map(|argument| {
            let count = assert_read(log, &argument, folder.path());
            assert_released(log, &argument, folder.path(), count.requests);
            count
        });
        let counts: Vec<_> = counts.collect();
        log.assert_tells(folder.path(), &sent[log.port]);
        show(&format!("{version}: {} {counts:?}", log.file));
    }
}

/// Lines of a log.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "the garbled ones are only shown")]
struct Count {
    requests: u64,
    garbled: u64,
}

/// Sends all requests from each client, one after the other.
fn send_all(requests: &[Request], port: u16) -> Vec<Sent<'_>> {
    let from = |client| {
        let sent = requests.iter().map(|request| Sent {
            client,
            request,
            answer: send(request, client, port),
        });
        sent.collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let start = |client| scope.spawn(move || from(client));
        let clients: Vec<_> = clients().into_iter().map(start).collect();
        let sent = clients
            .into_iter()
            .map(|client| client.join().expect("a client"));
        sent.flatten().collect()
    })
}

/// Requires that no line is malformed but those that the server has garbled, and that the format which
/// is detected is the right one.
fn assert_read(log: &Log, argument: &str, folder: &Path) -> Count {
    let path = folder.join(log.file);
    let text = fs::read(&path).expect("a log");
    let mut command = program();
    command
        .args(["formats", "test", "--examples=1000", argument])
        .arg(&path);
    let output = run_for(&mut command, 0);
    traces().assert_none_in(&output.stdout, log.file);
    traces().assert_none_in(&output.stderr, log.file);
    let said = String::from_utf8_lossy(&output.stdout);
    if let (Some(name), "auto") = (log.detected, argument) {
        assert!(said.starts_with(name), "{name} expected:\n{said}");
    }
    let (garbled, unread): (Vec<&[u8]>, Vec<&[u8]>) = malformed(&text, &said)
        .into_iter()
        .partition(|line| log.garbled.iter().any(|piece| contains(line, piece)));
    let unread: Vec<_> = unread
        .iter()
        .map(|line| line.escape_ascii().to_string())
        .collect();
    assert!(
        unread.is_empty(),
        "{} by {argument}:\n{said}{unread:#?}",
        log.file
    );
    let lines = text.iter().filter(|&&byte| byte == b'\n').count();
    Count {
        requests: (lines - garbled.len()) as u64,
        garbled: garbled.len() as u64,
    }
}

/// The lines whose numbers `hushlog formats test` names.
fn malformed<'a>(text: &'a [u8], said: &str) -> Vec<&'a [u8]> {
    let lines: Vec<_> = text.split(|&byte| byte == b'\n').collect();
    let rules = said
        .lines()
        .filter_map(|line| line.split_once("malformed: "));
    let numbers = rules.flat_map(|(_, places)| places.split(|sign: char| !sign.is_ascii_digit()));
    let numbers = numbers.filter_map(|number| number.parse::<usize>().ok());
    numbers.map(|number| lines[number - 1]).collect()
}

/// Requires that what is released says what was sent, and nothing of whom.
fn assert_released(log: &Log, argument: &str, folder: &Path, requests: u64) {
    let output = tempfile::tempdir().expect("a folder");
    let released = output.path().join("released");
    let mut command = report(&released);
    // A month, since the test may run around midnight.
    command.args([
        "--k=5",
        "--include-open",
        "--allow-partial",
        "--period=month",
        "-v",
    ]);
    command
        .args(["--log-format", argument])
        .arg(folder.join(log.file));
    let ran = run_for(&mut command, 0);
    let traces = traces();
    traces.assert_none_in(&ran.stdout, "standard output");
    traces.assert_none_in(&ran.stderr, "standard error");
    for (name, bytes) in tree(&released) {
        traces.assert_none_in(name.as_bytes(), "the name of a file");
        traces.assert_none_in(&bytes, &name);
    }
    assert_right(log, &released, requests);
}

/// What must not come out.
pub(super) fn traces() -> Traces {
    let mut traces = Traces::default();
    for secret in SECRETS {
        traces.add_text(secret);
    }
    for client in clients().into_iter().filter(|client| client.is_ipv4()) {
        traces.add_address(&client.to_string());
    }
    traces
}

#[expect(
    clippy::print_stdout,
    reason = "the figures of a run, for whoever asks for them"
)]
fn show(text: &str) {
    println!("{text}");
}
