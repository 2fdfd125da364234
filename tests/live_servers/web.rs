//! nginx and Apache, whose lines are dated as a test wants: the day by their configuration, the time of day by
//! a header of each request.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
};

use rustix::process::Signal;

use super::place::{Place, await_listening};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Nginx,
    Apache,
}

/// A web server that writes each line twice: where it is told to, and to a file that nothing touches.
pub(super) struct Web {
    pub(super) kind: Kind,
    pub(super) port: u16,
    status: u16,
    /// Requests for its own numbers.
    asked: u64,
}

/// The file that nothing touches.
pub(super) const WHOLE: &str = "whole.log";

impl Kind {
    pub(super) const fn program(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "apache2",
        }
    }

    /// The signal by which it opens its logs anew while it serves.
    pub(super) const fn reopening(self) -> &'static str {
        "USR1"
    }

    fn configuration(self) -> &'static str {
        match self {
            Self::Nginx => include_str!("configurations/nginx.conf"),
            Self::Apache => include_str!("configurations/apache.conf"),
        }
    }

    /// The format of a day's lines, the day as `03/Jun/2025`.
    fn format(self, day: &str) -> String {
        match self {
            Self::Nginx => format!(
                "log_format dated '$remote_addr - - [{day}:$http_x_test_clock +0000] \"$request\" '\n\
                 '$status $body_bytes_sent \"-\" \"$http_user_agent\"';\n"
            ),
            Self::Apache => format!(
                "LogFormat \"%a - - [{day}:%{{X-Test-Clock}}i +0000] \\\"%r\\\" %>s %b \\\"-\\\" \
                 \\\"%{{User-Agent}}i\\\"\" dated\n"
            ),
        }
    }
}

impl Web {
    /// Starts a server that logs to `log`, as its configuration names it (Apache's in whole directives).
    pub(super) fn start(kind: Kind, place: &mut Place, log: &str, day: &str) -> Self {
        let (port, status) = (place.port("port"), place.port("status"));
        place.set(
            "log",
            log.replace("{folder}", &place.path("").display().to_string()),
        );
        place.write("hello", "hello\n");
        place.write("format.conf", &kind.format(day));
        place.write("server.conf", kind.configuration());
        match kind {
            Kind::Nginx => place.run(&[
                "nginx",
                "-c",
                "{folder}/server.conf",
                "-p",
                "{folder}",
                "-e",
                "{folder}/error.log",
            ]),
            Kind::Apache => {
                place.run(&["apache2", "-D", "FOREGROUND", "-f", "{folder}/server.conf"]);
            }
        }
        await_listening(port);
        let asked = 0;
        Self {
            kind,
            port,
            status,
            asked,
        }
    }

    /// Has it date its lines by another day from now on.
    pub(super) fn turn_to(&self, place: &Place, day: &str) {
        place.write("format.conf", &self.kind.format(day));
        let reload = match self.kind {
            Kind::Nginx => Signal::HUP,
            Kind::Apache => Signal::USR1,
        };
        place.signal("server.pid", reload);
        self.await_turned(place, day);
    }

    /// Sends requests until several in a row are dated so: earlier workers answer some for a while, and a
    /// line of a day that is released is counted as late.
    fn await_turned(&self, place: &Place, day: &str) {
        const IN_A_ROW: usize = 20;
        crate::watch::eventually(|| {
            self.get("/about");
            let log = std::fs::read_to_string(place.path(WHOLE)).unwrap_or_default();
            let last = log.lines().rev().take(IN_A_ROW);
            last.filter(|line| line.contains(day)).count() == IN_A_ROW
        });
    }

    /// Sends a request of a client of its own network.
    pub(super) fn get(&self, path: &str) {
        let head = "X-Test-Client: 81.70.7.7\r\nX-Test-Clock: 12:00:00\r\nUser-Agent: Mozilla/5.0";
        ask(self.port, path, head);
    }

    /// How many requests the server says it has had; `None` if it does not say.
    pub(super) fn requests(&mut self) -> Option<u64> {
        if self.kind == Kind::Apache {
            return None;
        }
        self.asked += 1;
        let said = ask(self.status, "/", "X-Test: 1");
        let numbers = said
            .lines()
            .skip_while(|line| !line.contains("requests"))
            .nth(1)?;
        let requests: u64 = numbers.split_whitespace().nth(2)?.parse().ok()?;
        Some(requests - self.asked)
    }
}

/// What is answered to a request with these further headers.
pub(super) fn ask(port: u16, path: &str, head: &str) -> String {
    let mut answer = String::new();
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    if let Ok(mut stream) = stream {
        // A server that opens its files anew may cut a connection.
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\nConnection: close\r\n\r\n"
        );
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read_to_string(&mut answer);
    }
    answer
}
