//! What a server's log has to come to: every line a request, with the fields that were sent.

use std::{collections::BTreeMap, fmt::Write, fs, net::IpAddr, path::Path};

use hushlog::{
    format::{Format, Parsed},
    record::{Record, Request as Asked},
    time::TimeZone,
};

use super::{
    client::Answer,
    requests::{HOST, Logged, Request},
};

/// A log that a server writes.
pub(super) struct Log {
    /// The file's name in the server's folder.
    pub(super) file: &'static str,
    /// Which of the server's ports it is about, from 0.
    pub(super) port: usize,
    /// The name of the format that has to be detected; none where detection is not promised.
    pub(super) detected: Option<&'static str>,
    /// Its format as the user says it, where it is said; `@` stands before a file of the server's.
    pub(super) settings: &'static [&'static str],
    /// What its lines tell.
    pub(super) fields: Fields,
    /// What is in the targets of requests that the server logs with other fields than were sent.
    pub(super) otherwise: &'static [&'static str],
    /// What is in the targets of requests whose lines the server writes so that nobody can read them.
    pub(super) garbled: &'static [&'static str],
}

/// What the lines of a log tell, beside client, method, path and status.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) referrer: bool,
    pub(super) agent: bool,
    pub(super) protocol: bool,
    pub(super) bytes: Bytes,
    /// Targets stand after the scheme and the host.
    pub(super) absolute: bool,
}

/// Which bytes a server counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bytes {
    /// Those of the answer's body.
    Body,
    /// Those of the whole answer.
    Whole,
    /// Others, or those of the server behind it.
    Other,
}

/// What combined logs tell.
pub(super) const COMBINED: Fields = Fields {
    referrer: true,
    agent: true,
    protocol: true,
    bytes: Bytes::Body,
    absolute: false,
};

/// What logs in the Common Log Format tell.
pub(super) const COMMON: Fields = Fields {
    referrer: false,
    agent: false,
    ..COMBINED
};

/// A combined log of the server's first port, in which everything is as it was sent.
pub(super) const fn log(file: &'static str, detected: Option<&'static str>) -> Log {
    Log {
        file,
        port: 0,
        detected,
        settings: &[],
        fields: COMBINED,
        otherwise: &[],
        garbled: &[],
    }
}

/// One request that was sent, and its answer.
pub(super) struct Sent<'a> {
    pub(super) client: IpAddr,
    pub(super) request: &'a Request,
    pub(super) answer: Answer,
}

/// What a line says of a request's answer and headers, escaped for people; nothing where the log does not
/// tell it.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: Option<u16>,
    bytes: u64,
    referrer: String,
    agent: String,
}

/// The lines of a log by client, method, target and protocol.
type Lines = BTreeMap<(Vec<u8>, Vec<u8>), Vec<Seen>>;

impl Log {
    /// The settings by which the program has to read the log, complete.
    pub(super) fn arguments(&self, folder: &Path) -> Vec<String> {
        let place = |setting: &&str| match setting.strip_prefix('@') {
            Some(file) => format!("@{}", folder.join(file).display()),
            None => (*setting).to_owned(),
        };
        let detected = self.detected.map(|_| "auto".to_owned());
        detected
            .into_iter()
            .chain(self.settings.iter().map(place))
            .collect()
    }

    /// Compares the log with what was sent.
    #[track_caller]
    pub(super) fn assert_tells(&self, folder: &Path, sent: &[Sent]) {
        let text = fs::read(folder.join(self.file)).expect("a log");
        for argument in self.arguments(folder) {
            let format = format(&argument, &text);
            let lines = self.lines(&format, &text);
            let mut wrong = String::new();
            for sent in sent {
                self.compare(sent, &lines, &mut wrong);
            }
            assert!(wrong.is_empty(), "{} by {argument}:\n{wrong}", self.file);
        }
    }

    fn lines(&self, format: &Format, text: &[u8]) -> Lines {
        let mut parser = format.parser(TimeZone::UTC);
        let mut buffer = Vec::new();
        let mut lines = Lines::new();
        for line in text.split(|&byte| byte == b'\n') {
            if let Parsed::Record(record) = parser.parse(format.unwrapped(line, &mut buffer)) {
                let asked = (record.client.to_vec(), self.asked(&record));
                lines.entry(asked).or_default().push(self.seen(&record));
            }
        }
        lines
    }

    /// What a line says was asked for.
    fn asked(&self, record: &Record) -> Vec<u8> {
        let [mut first, mut second, mut third] = [const { Vec::new() }; 3];
        match record.request {
            Asked::Line(line) => line.decode(&mut first).to_vec(),
            Asked::Parts {
                method,
                path,
                query,
            } => {
                let [method, path, query] = [
                    method.decode(&mut first),
                    path.decode(&mut second),
                    query.decode(&mut third),
                ];
                let mark: &[u8] = if query.is_empty() || query.starts_with(b"?") {
                    b""
                } else {
                    b"?"
                };
                [method, b" ", path, mark, query].concat()
            }
        }
    }

    fn seen(&self, record: &Record) -> Seen {
        let mut buffer = Vec::new();
        let referrer = told(self.fields.referrer, record.referrer.decode(&mut buffer));
        let agent = told(self.fields.agent, record.agent.decode(&mut buffer));
        Seen {
            status: record.status,
            bytes: match self.fields.bytes {
                Bytes::Other => 0,
                Bytes::Body | Bytes::Whole => record.bytes,
            },
            referrer,
            agent,
        }
    }

    fn expected(&self, Sent { answer, .. }: &Sent, logged: &Logged) -> Seen {
        Seen {
            status: answer.status,
            bytes: match self.fields.bytes {
                Bytes::Body => answer.body,
                Bytes::Whole => answer.whole,
                Bytes::Other => 0,
            },
            referrer: told(self.fields.referrer, &logged.referrer),
            agent: told(self.fields.agent, &logged.agent),
        }
    }

    /// Requires that one line tells of the request, and that rightly. What the server refused, or gave no
    /// answer to that arrived, it may have logged in any way.
    fn compare(&self, sent: &Sent, lines: &Lines, wrong: &mut String) {
        let is_answered = !matches!(sent.answer.status, None | Some(400 | 414 | 431));
        let Some(logged) = sent.request.logged.as_ref().filter(|_| is_answered) else {
            return;
        };
        let mut unlike = self.otherwise.iter().chain(self.garbled);
        if unlike.any(|piece| contains(&logged.target, piece)) {
            return;
        }
        let asked = (sent.client.to_string().into_bytes(), self.as_logged(logged));
        let (found, expected) = (lines.get(&asked), vec![self.expected(sent, logged)]);
        if found != Some(&expected) {
            let (name, client) = (sent.request.name, sent.client);
            let _ = writeln!(wrong, "{name} of {client}: {expected:?}, not {found:?}");
        }
    }

    /// What the log says was asked for, its escapes undone.
    fn as_logged(&self, logged: &Logged) -> Vec<u8> {
        let site = if self.fields.absolute {
            format!("http://{HOST}")
        } else {
            String::new()
        };
        let mut asked = [
            logged.method.as_bytes(),
            b" ",
            site.as_bytes(),
            &logged.target,
        ]
        .concat();
        if self.fields.protocol {
            asked.extend(format!(" {}", logged.protocol).into_bytes());
        }
        asked
    }
}

/// The text of a field, for people; empty where a log does not tell it, or that there is none.
fn told(is_told: bool, text: &[u8]) -> String {
    if is_told && text != b"-" {
        text.escape_ascii().to_string()
    } else {
        String::new()
    }
}

/// Whether the piece is in the text.
pub(super) fn contains(text: &[u8], piece: &str) -> bool {
    memchr::memmem::find(text, piece.as_bytes()).is_some()
}

/// The format that an argument of the program names.
fn format(argument: &str, text: &[u8]) -> Format {
    let (file, name) = match argument.strip_prefix('@') {
        None if argument == "auto" => {
            return Format::detect("log", text).expect("a known format").format;
        }
        None => return argument.parse().expect("a format"),
        Some(place) => place
            .rsplit_once(':')
            .map_or((place, None), |(file, name)| (file, Some(name))),
    };
    let configuration = fs::read_to_string(file).expect("a configuration");
    Format::from_configuration(file, &configuration, name).expect("a declared format")
}
