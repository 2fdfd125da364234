//! What the user calls a live source.

use std::{convert::Infallible, net::SocketAddr, path::PathBuf, str::FromStr};

use super::super::selection::is_pattern;
use super::is_pipe;
use crate::error::{Error, Result};

/// Where lines come from as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveSource {
    /// A file that is followed, through rotation, or all files of a folder; a named pipe is read as
    /// [`Fifo`](Self::Fifo).
    File(PathBuf),
    /// The files that fit a pattern, followed, also those that appear later.
    Pattern(String),
    /// A named pipe, kept open when its writers go.
    Fifo(PathBuf),
    /// Standard input, to its end.
    Stdin,
    /// Syslog messages in UDP datagrams (RFC 5426).
    SyslogUdp(SocketAddr),
    /// Syslog messages over TCP (RFC 6587).
    SyslogTcp(SocketAddr),
    /// Syslog messages in the datagrams of a unix socket, which is made at the path.
    SyslogUnix(PathBuf),
    /// The messages of systemd's journal in its export format, on standard input, to its end.
    Journal,
}

impl LiveSource {
    /// Whether it stands for files that are followed.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        match self {
            Self::File(path) => !is_pipe(path),
            Self::Pattern(_) => true,
            _ => false,
        }
    }

    /// Its name in messages, as a user writes it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Pattern(pattern) => pattern.clone(),
            Self::Fifo(path) => format!("fifo:{}", path.display()),
            Self::Stdin => "standard input".to_owned(),
            Self::SyslogUdp(address) => format!("syslog+udp://{address}"),
            Self::SyslogTcp(address) => format!("syslog+tcp://{address}"),
            Self::SyslogUnix(path) => format!("syslog+unix:{}", path.display()),
            Self::Journal => "journal:-".to_owned(),
        }
    }
}

impl FromStr for LiveSource {
    type Err = Error;

    /// A source as users write it: `-`, `journal:-`, `fifo:PATH`, `syslog+udp://ADDRESS:PORT`,
    /// `syslog+tcp://ADDRESS:PORT`, `syslog+unix:PATH`, or the path of a file, a folder or a named pipe,
    /// or a pattern with `*`, `?`, `[…]` or `{…}`.
    fn from_str(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix("syslog+unix:") {
            return Ok(Self::SyslogUnix(path_of(text, path)?));
        }
        if let Some(path) = text.strip_prefix("fifo:") {
            return Ok(Self::Fifo(path_of(text, path)?));
        }
        if let Some(address) = text.strip_prefix("syslog+udp://") {
            return address_of(text, address).map(Self::SyslogUdp);
        }
        if let Some(address) = text.strip_prefix("syslog+tcp://") {
            return address_of(text, address).map(Self::SyslogTcp);
        }
        if text.starts_with("syslog+") || text.starts_with("journal:") && text != "journal:-" {
            return Err(unusable(text, "this kind of source is not known"));
        }
        Ok(match text {
            "-" => Self::Stdin,
            "journal:-" => Self::Journal,
            pattern if is_pattern(pattern.as_bytes()) => Self::Pattern(pattern.to_owned()),
            path => Self::File(path_of(text, path)?),
        })
    }
}

fn path_of(text: &str, path: &str) -> Result<PathBuf> {
    if path.is_empty() {
        return Err(unusable(text, "a path is missing"));
    }
    path.parse().map_err(|error: Infallible| match error {})
}

fn address_of(text: &str, address: &str) -> Result<SocketAddr> {
    let address = address.parse();
    address.map_err(|_| {
        unusable(
            text,
            "an address and a port are needed, such as 127.0.0.1:5514 or [::1]:5514",
        )
    })
}

fn unusable(text: &str, why: &str) -> Error {
    Error::Setting(format!("source {text:?}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn sources_are_read_as_written() {
        let address = |text: &str| text.parse().unwrap();
        for (text, expected) in [
            ("-", LiveSource::Stdin),
            ("journal:-", LiveSource::Journal),
            ("access.log", LiveSource::File("access.log".into())),
            ("logs", LiveSource::File("logs".into())),
            ("logs/*.log", LiveSource::Pattern("logs/*.log".to_owned())),
            ("a{b,c}", LiveSource::Pattern("a{b,c}".to_owned())),
            ("fifo:p*", LiveSource::Fifo("p*".into())),
            ("syslog+unix:run/log", LiveSource::SyslogUnix("run/log".into())),
            ("syslog+udp://127.0.0.1:5514", LiveSource::SyslogUdp(address("127.0.0.1:5514"))),
            ("syslog+tcp://[::1]:5514", LiveSource::SyslogTcp(address("[::1]:5514"))),
        ] {
            assert_eq!(text.parse::<LiveSource>().unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_source_is_refused() {
        for text in [
            "",
            "fifo:",
            "syslog+unix:",
            "syslog+udp://",
            "syslog+udp://localhost",
            "syslog+tcp://127.0.0.1",
            "syslog+tls://127.0.0.1:1",
            "journal:x",
        ] {
            assert!(text.parse::<LiveSource>().is_err(), "{text:?}");
        }
    }
}
