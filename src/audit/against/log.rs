//! Reads the log that a release was made from: each distinct value once, and what a request is as
//! numbers of values.

use std::collections::HashMap;

use memchr::memchr;

use super::AgainstLog;
use crate::{
    error::Result,
    format::{Format, Parsed},
    input::{self, Chunk, Reader, Source},
    record::{Record, Request, Text},
    stats::Progress,
};

/// Distinct values in the order in which they came.
#[derive(Default)]
pub(super) struct Values {
    numbers: HashMap<Box<[u8]>, u32>,
    values: Vec<Box<[u8]>>,
}

impl Values {
    fn number(&mut self, value: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(value.into());
        self.numbers.insert(value.into(), number);
        number
    }

    /// A value.
    pub(super) fn get(&self, number: u32) -> &[u8] {
        &self.values[number as usize]
    }

    /// All values by number.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.values.iter().map(|value| &**value)
    }
}

/// One request: numbers of values, and what is a number anyway.
#[derive(Clone, Copy)]
pub(super) struct Logged {
    pub(super) time: i64,
    pub(super) bytes: u64,
    pub(super) client: u32,
    pub(super) agent: u32,
    pub(super) request: u32,
    pub(super) referrer: u32,
    pub(super) host: u32,
    pub(super) status: u16,
}

/// A log as read: personal through and through, and only ever searched for.
#[derive(Default)]
pub(super) struct Log {
    pub(super) clients: Values,
    pub(super) agents: Values,
    pub(super) referrers: Values,
    pub(super) hosts: Values,
    /// Names of users, and mail addresses wherever they stood.
    pub(super) names: Values,
    pub(super) mails: Values,
    pub(super) requests: Values,
    pub(super) logged: Vec<Logged>,
    /// Lines that are not of the format.
    pub(super) malformed: u64,
}

/// What separates the parts of a request that was logged in parts, and marks it as such.
const PARTS: u8 = 0;

impl Log {
    /// Reads every line of every source.
    pub(super) fn read(settings: &AgainstLog, progress: &Progress) -> Result<Self> {
        let mut log = Self::default();
        for (number, source) in settings.sources.iter().enumerate() {
            log.read_source(number, source, settings, progress)?;
        }
        Ok(log)
    }

    fn read_source(
        &mut self,
        number: usize,
        source: &Source,
        settings: &AgainstLog,
        progress: &Progress,
    ) -> Result<()> {
        let (mut reader, mut chunk) = (Reader::open(number, source)?, Chunk::default());
        let host = settings.hosts.of(source);
        let cookies = &settings.opt_out_cookies;
        let format = settings.format.clone();
        let mut format = format.map(|format| format.heeding(cookies));
        let mut parser = None;
        while reader.next_chunk(&mut chunk)? {
            let format = match &mut format {
                Some(format) => format,
                None => {
                    let found = Format::detect(&source.name(), &chunk.bytes)?.format;
                    format.insert(found.heeding(cookies))
                }
            };
            let parser = parser.get_or_insert_with(|| format.parser(settings.log_tz.clone()));
            let (mut buffer, mut lines) = (Vec::new(), 0);
            for line in input::lines(&chunk.bytes) {
                lines += 1;
                let line = format.unwrapped(line, &mut buffer);
                match parser.parse(line) {
                    Parsed::Record(record) if settings.opt_outs.cover(&record) => {}
                    Parsed::Record(record) => self.take(&record, host),
                    Parsed::Malformed(_) => self.malformed += 1,
                    Parsed::Ignored => {}
                }
                self.take_names(line);
            }
            progress.add(chunk.taken, lines);
        }
        Ok(())
    }

    fn take(&mut self, record: &Record<'_>, host: &[u8]) {
        let mut buffer = Vec::new();
        let host = if record.host.is_empty() {
            host
        } else {
            record.host
        };
        let logged = Logged {
            time: record.time.0,
            bytes: record.bytes,
            client: self.clients.number(record.client),
            agent: self.agents.number(record.agent.decode(&mut buffer)),
            referrer: self.referrers.number(record.referrer.decode(&mut buffer)),
            request: match &record.request {
                Request::Line(line) => self.requests.number(line.decode(&mut buffer)),
                Request::Parts {
                    method,
                    path,
                    query,
                } => self.requests.number(&joined([method, path, query])),
            },
            host: self.hosts.number(host),
            status: record
                .status
                .filter(|status| (100..600).contains(status))
                .unwrap_or(0),
        };
        self.logged.push(logged);
    }

    /// The fields before the time in the layouts that begin with client, identity and user; and mail
    /// addresses in any field, named by the format or not.
    fn take_names(&mut self, line: &[u8]) {
        if let Some(end) = memchr(b'[', line).filter(|_| !line.starts_with(b"{")) {
            let fields = line[..end].split(|byte| *byte == b' ');
            for field in fields.skip(1).filter(|field| field.len() > 1) {
                self.names.number(field);
            }
        }
        let mut from = 0;
        while let Some(at) = memchr(b'@', &line[from..]).map(|at| from + at) {
            if let Some(mail) = mail_around(line, at) {
                self.mails.number(mail);
            }
            from = at + 1;
        }
    }

    /// A request as it was asked, its escapes undone.
    pub(super) fn request(&self, number: u32) -> Request<'_> {
        let value = self.requests.get(number);
        let text = |raw| Text {
            raw,
            ..Text::default()
        };
        let Some(parts) = value.strip_prefix(&[PARTS]) else {
            return Request::Line(text(value));
        };
        let mut parts = parts.splitn(3, |byte| *byte == PARTS);
        let mut next = || text(parts.next().unwrap_or_default());
        Request::Parts {
            method: next(),
            path: next(),
            query: next(),
        }
    }
}

/// A request in parts as one value. A zero byte, which no server takes in a request, marks each part.
fn joined(parts: [&Text<'_>; 3]) -> Vec<u8> {
    let (mut buffer, mut value) = (Vec::new(), Vec::new());
    for part in parts {
        value.push(PARTS);
        value.extend_from_slice(part.decode(&mut buffer));
    }
    value
}

/// The mail address around an `@`, if it is one.
fn mail_around(line: &[u8], at: usize) -> Option<&[u8]> {
    let of_local = |byte: &u8| byte.is_ascii_alphanumeric() || b"._+-".contains(byte);
    let of_domain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let before = line[..at]
        .iter()
        .rev()
        .take_while(|it| of_local(it))
        .count();
    let after = line[at + 1..].iter().take_while(|it| of_domain(it)).count();
    let has_dot = memchr(b'.', &line[at + 1..at + 1 + after]).is_some();
    (before > 0 && has_dot).then(|| &line[at - before..at + 1 + after])
}
