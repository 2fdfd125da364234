//! Lines that servers send by syslog, by pipes and by other daemons: each is counted, or told as lost.

use super::{
    place::{Place, has, show},
    traffic::Traffic,
    watching::{Counting, DAYS, Numbers, await_release, make_key, released, watch},
    web::{Kind, WHOLE, Web},
};

/// Seconds of traffic.
const SECONDS: u64 = 2;

/// A watch over sources that are no files, which releases nothing yet.
fn listen(place: &mut Place, sources: &[String]) -> Counting {
    make_key(place);
    let mut command = watch(place, 0);
    command.args(sources);
    Counting::start(place, &mut command)
}

/// nginx over UDP, by the thousand: what the kernel drops is told.
#[test]
fn nginx_sends_datagrams() {
    if !has(&["nginx", "wrk"]) {
        return;
    }
    let mut place = Place::new();
    let port = place.port("syslog");
    make_key(&place);
    let mut command = watch(&place, 1);
    command.arg(format!("syslog+udp://127.0.0.1:{port}"));
    let counting = Counting::start(&mut place, &mut command);
    let log = format!("syslog:server=127.0.0.1:{port},tag=web");
    let web = Web::start(Kind::Nginx, &mut place, &log, DAYS[0].1);
    Traffic::start(&mut place, web.port, SECONDS, 1).wait();
    let numbers = told(&place, &counting, 1);
    await_release(&place, 1);
    assert_eq!(released(&place), numbers.parsed);
    counting.running.stop();
}

/// Waits until all that was written is counted as lines of so many sources.
#[track_caller]
fn told(place: &Place, counting: &Counting, sources: u64) -> Numbers {
    let numbers = counting.await_lines(|| sources * place.lines_of(WHOLE));
    assert_eq!(numbers.others, 0, "{numbers:?}");
    show(&format!(
        "{} lines written; {numbers:?}",
        place.lines_of(WHOLE)
    ));
    numbers
}

/// nginx drops what does not fit a unix socket's queue, which is of ten messages; so it is given time.
#[test]
fn nginx_sends_to_a_unix_socket() {
    if !has(&["nginx"]) {
        return;
    }
    let mut place = Place::new();
    let socket = place.path("socket").display().to_string();
    let counting = listen(&mut place, &[format!("syslog+unix:{socket}")]);
    let log = format!("syslog:server=unix:{socket},tag=web,nohostname");
    let web = Web::start(Kind::Nginx, &mut place, &log, DAYS[0].1);
    for round in 1..=30 {
        for _ in 0..8 {
            web.get("/about");
        }
        if round % 10 == 0 {
            told(&place, &counting, 1);
        } else {
            crate::watch::eventually(|| counting.numbers().parsed == 8 * round);
        }
    }
    counting.running.stop();
}

/// Apache by a named pipe, and through `logger` by TCP and by a unix socket: all make it wait, and lose
/// nothing.
#[test]
fn apache_writes_to_pipes() {
    if !has(&["apache2", "wrk", "logger", "mkfifo"]) {
        return;
    }
    let mut place = Place::new();
    let (pipe, socket) = (place.path("pipe"), place.path("socket"));
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo starts").success());
    let port = place.port("syslog");
    let (pipe, socket) = (pipe.display(), socket.display());
    let sources = [
        format!("{pipe}"),
        format!("syslog+unix:{socket}"),
        format!("syslog+tcp://127.0.0.1:{port}"),
    ];
    let counting = listen(&mut place, &sources);
    let logs = format!(
        "CustomLog {pipe} dated\n\
         CustomLog \"|/usr/bin/logger --tag web --socket {socket}\" dated\n\
         CustomLog \"|/usr/bin/logger --tag web --server 127.0.0.1 --port {port} --tcp --rfc5424\" dated"
    );
    let web = Web::start(Kind::Apache, &mut place, &logs, DAYS[0].1);
    Traffic::start(&mut place, web.port, SECONDS, 2).wait();
    told(&place, &counting, 3);
    counting.running.stop();
}

/// haproxy over UDP, in its own format.
#[test]
fn haproxy_sends_datagrams() {
    if !has(&["haproxy", "wrk"]) {
        return;
    }
    let mut place = Place::new();
    let (syslog, port) = (place.port("syslog"), place.port("port"));
    let counting = listen(&mut place, &[format!("syslog+udp://127.0.0.1:{syslog}")]);
    place.write("server.conf", include_str!("configurations/haproxy.cfg"));
    place.run(&["haproxy", "-db", "-f", "{folder}/server.conf"]);
    super::place::await_listening(port);
    Traffic::start(&mut place, port, SECONDS, 3).wait();
    let lines = || {
        let said = place.said(0);
        said.lines().filter(|line| line.contains(" plain ")).count() as u64
    };
    let numbers = counting.await_lines(lines);
    assert_eq!(numbers.others, 0, "{numbers:?}");
    show(&format!("{} lines written; {numbers:?}", lines()));
    counting.running.stop();
}

/// A file that rsyslog ships over TCP, by counted octets and by lines, and over UDP.
#[test]
fn rsyslog_ships_a_file() {
    if !has(&["rsyslogd", "nginx", "wrk"]) {
        return;
    }
    let mut place = Place::new();
    let ports = ["counted", "lined", "datagrams"].map(|name| place.port(name));
    let sources = [
        format!("syslog+tcp://127.0.0.1:{}", ports[0]),
        format!("syslog+tcp://127.0.0.1:{}", ports[1]),
        format!("syslog+udp://127.0.0.1:{}", ports[2]),
    ];
    let counting = listen(&mut place, &sources);
    place.write("spool/made", "");
    place.write("shipped.log", "");
    place.write("rsyslog.conf", include_str!("configurations/rsyslog.conf"));
    place.run(&[
        "rsyslogd",
        "-n",
        "-f",
        "{folder}/rsyslog.conf",
        "-i",
        "{folder}/rsyslog.pid",
    ]);
    let web = Web::start(Kind::Nginx, &mut place, "{folder}/shipped.log", DAYS[0].1);
    Traffic::start(&mut place, web.port, SECONDS, 4).wait();
    told(&place, &counting, 3);
    counting.running.stop();
}
