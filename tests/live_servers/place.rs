//! A folder in which programs run for a test, with the ports that are theirs; they end with it.

use std::{
    env,
    fs::{self, Permissions},
    net::{Ipv4Addr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Child,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{
    servers::process::{filled, free_port, spawn},
    watch::eventually,
};

/// The folder, what stands for what in files and commands, and what runs.
pub(super) struct Place {
    folder: TempDir,
    values: Vec<(String, String)>,
    processes: Vec<Child>,
}

impl Place {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Some servers give up the rights of root before they open their files.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("our folder");
        let mut place = Self {
            folder,
            values: Vec::new(),
            processes: Vec::new(),
        };
        let path = place.folder.path().display().to_string();
        place.set("folder", path);
        place
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Has `{name}` stand for a value.
    pub(super) fn set(&mut self, name: &str, value: impl ToString) {
        let name = format!("{{{name}}}");
        self.values.retain(|(other, _)| *other != name);
        self.values.push((name, value.to_string()));
    }

    /// A free port, for which `{name}` stands.
    pub(super) fn port(&mut self, name: &str) -> u16 {
        let port = free_port();
        self.set(name, port);
        port
    }

    /// Writes a file in which names stand for values.
    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, filled(text, &self.values)).expect("a written file");
    }

    /// Starts a program, which ends with this place at the latest.
    pub(super) fn run(&mut self, words: &[&str]) {
        let words: Vec<String> = words.iter().map(|it| filled(it, &self.values)).collect();
        let output = self.path(&format!("output{}", self.processes.len()));
        self.processes.push(spawn(&words, &output));
    }

    /// What a program has said, by when it was started.
    pub(super) fn said(&self, number: usize) -> String {
        let said = fs::read(self.path(&format!("output{number}"))).unwrap_or_default();
        String::from_utf8_lossy(&said).into_owned()
    }

    /// The number of lines of a file.
    pub(super) fn lines_of(&self, name: &str) -> u64 {
        lines(&fs::read(self.path(name)).unwrap_or_default())
    }

    /// Sends a signal to the program that has written its number to a file.
    pub(super) fn signal(&self, file: &str, signal: Signal) {
        let number = fs::read_to_string(self.path(file)).expect("a number of a process");
        send(number.trim().parse().expect("a number"), signal);
    }
}

impl Drop for Place {
    /// The last started ends first.
    fn drop(&mut self) {
        for mut process in self.processes.drain(..).rev() {
            if let Ok(None) = process.try_wait() {
                send(process.id(), Signal::TERM);
            }
            let _ = process.wait();
        }
    }
}

fn send(process: u32, signal: Signal) {
    if let Some(id) = Pid::from_raw(process.cast_signed()) {
        let _ = kill_process(id, signal);
    }
}

/// The number of lines of a text.
pub(super) fn lines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// Waits until something listens on a port.
#[track_caller]
pub(super) fn await_listening(port: u16) {
    eventually(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
}

/// Whether all programs are there; says what is not.
pub(super) fn has(programs: &[&str]) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&folders).collect();
    let is_there = |program: &str| folders.iter().any(|it| is_file(&it.join(program)));
    let missing: Vec<_> = programs.iter().filter(|it| !is_there(it)).collect();
    if !missing.is_empty() {
        show(&format!("skipped, as these are not installed: {missing:?}"));
    }
    missing.is_empty()
}

fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Whether the slow variant of tests is wanted.
pub(super) fn is_thorough() -> bool {
    env::var_os("HUSHLOG_SLOW_TESTS").is_some_and(|value| value == "1")
}

#[expect(clippy::print_stdout, reason = "what is measured or skipped is told")]
pub(super) fn show(text: &str) {
    println!("{text}");
}
