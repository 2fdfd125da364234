//! A server that runs in a folder of its own on free ports, and ends with its test.

use std::{
    fs::{self, File, Permissions},
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How a server is run. In files and commands `{folder}`, `{port}`, `{port2}`, `{port3}`, `{origin}` and
/// `{syslog}` stand for those of the run.
pub(super) struct Server {
    /// What it is called.
    pub(super) name: &'static str,
    /// Prints the version.
    pub(super) version: &'static [&'static str],
    /// Its configuration and whatever else it reads: names and contents.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// The processes, in the order in which they start.
    pub(super) commands: &'static [&'static [&'static str]],
    /// On how many ports it listens.
    pub(super) ports: usize,
    /// Requests that it is not sent, since they spoil the lines of others in its log.
    pub(super) unsent: &'static [&'static str],
}

/// A server of one port that gets all requests.
pub(super) const SERVER: Server = Server {
    name: "",
    version: &[],
    files: &[],
    commands: &[],
    ports: 1,
    unsent: &[],
};

/// A server that runs. Its processes end when this is dropped.
pub(super) struct Running {
    pub(super) folder: TempDir,
    pub(super) ports: Vec<u16>,
    processes: Vec<Child>,
}

/// Longest time for a server to start, and for its log to be complete.
const PATIENCE: Duration = Duration::from_secs(20);

/// Time for a process that reads along with a server, which does not say when it has begun.
const ATTACHING: Duration = Duration::from_secs(1);

/// Seconds after which processes end even if the tests have been killed.
const LIFETIME: &str = "240";

impl Server {
    /// The first line that the server says of its version.
    pub(super) fn version(&self) -> String {
        let (program, arguments) = self.version.split_first().expect("a program");
        let output = Command::new(program).args(arguments).output();
        let output = output.unwrap_or_else(|error| {
            panic!("HUSHLOG_SERVER_TESTS is set, but {program} does not start: {error}")
        });
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        said.lines().next().unwrap_or_default().to_owned()
    }

    /// Starts it, and waits until it listens.
    pub(super) fn start(&self) -> Running {
        let folder = tempfile::tempdir().expect("a folder");
        // Some servers give up the rights of root before they open their files.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("our folder");
        let ports: Vec<u16> = (0..self.ports).map(|_| free_port()).collect();
        let places = self.places(folder.path(), &ports);
        for (name, content) in self.files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, filled(content, &places)).expect("a written file");
        }
        let mut running = Running {
            folder,
            ports,
            processes: Vec::new(),
        };
        for (number, command) in self.commands.iter().enumerate() {
            let words: Vec<_> = command.iter().map(|word| filled(word, &places)).collect();
            let output = running.folder.path().join(format!("output{number}"));
            running.processes.push(spawn(&words, &output));
            running.wait_until_listening(self.name);
            if number > 0 {
                thread::sleep(ATTACHING);
            }
        }
        running
    }

    /// What stands for what in files and commands.
    fn places(&self, folder: &Path, ports: &[u16]) -> Vec<(String, String)> {
        let uses = |place: &str| {
            self.files
                .iter()
                .any(|(_, content)| content.contains(place))
        };
        let mut places = vec![("{folder}".to_owned(), folder.display().to_string())];
        for (number, port) in (1..).zip(ports) {
            let number = if number == 1 {
                String::new()
            } else {
                number.to_string()
            };
            places.push((format!("{{port{number}}}"), port.to_string()));
        }
        if uses("{origin}") {
            places.push(("{origin}".to_owned(), origin().to_string()));
        }
        if uses("{syslog}") {
            let port = syslog(folder.join("syslog.log"));
            places.push(("{syslog}".to_owned(), port.to_string()));
        }
        places
    }
}

impl Running {
    /// Ends the processes and returns the folder with what they wrote.
    pub(super) fn stop(mut self) -> TempDir {
        self.wait_until_quiet();
        self.end();
        let empty = tempfile::tempdir().expect("a folder");
        std::mem::replace(&mut self.folder, empty)
    }

    /// The last started ends first.
    fn end(&mut self) {
        for mut process in self.processes.drain(..).rev() {
            if let Some(id) = Pid::from_raw(process.id().cast_signed()) {
                let _ = kill_process(id, Signal::TERM);
            }
            let _ = process.wait();
        }
    }

    fn wait_until_listening(&mut self, name: &str) {
        let start = Instant::now();
        for &port in &self.ports {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
                let ended = self
                    .processes
                    .iter_mut()
                    .any(|process| process.try_wait().is_ok_and(|status| status.is_some()));
                assert!(
                    !ended && start.elapsed() < PATIENCE,
                    "{name} does not listen:\n{}",
                    self.said()
                );
                thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Waits until no file has grown for a while.
    fn wait_until_quiet(&self) {
        let size = || sizes(self.folder.path());
        let start = Instant::now();
        let mut last = size();
        loop {
            thread::sleep(Duration::from_millis(1500));
            let now = size();
            if now == last || start.elapsed() > PATIENCE {
                return;
            }
            last = now;
        }
    }

    /// What the processes have said.
    fn said(&self) -> String {
        let outputs = (0..self.processes.len())
            .map(|number| fs::read(self.folder.path().join(format!("output{number}"))));
        let outputs = outputs.flatten().collect::<Vec<_>>().concat();
        String::from_utf8_lossy(&outputs).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts a process whose two outputs go to a file. `timeout` passes signals on, and ends what would
/// outlive the tests.
pub(crate) fn spawn(words: &[String], output: &Path) -> Child {
    let output = File::create(output).expect("a file");
    let mut command = Command::new("timeout");
    command.args(["--kill-after=10", LIFETIME]).args(words);
    command.env("TZ", "UTC").stdin(Stdio::null());
    command
        .stderr(output.try_clone().expect("the file again"))
        .stdout(output);
    command.spawn().expect("coreutils")
}

/// The text in which values stand in their places.
pub(crate) fn filled(text: &str, places: &[(String, String)]) -> String {
    let replace = |text: String, (place, value): &(String, String)| text.replace(place, value);
    places.iter().fold(text.to_owned(), replace)
}

/// A port on which nothing listens.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

fn sizes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    entries
        .flat_map(|entry| entry.metadata())
        .map(|data| data.len())
        .sum()
}

/// What stands behind a proxy: it gives the same answer to everything, as long as the tests run.
fn origin() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
            let _ = stream.read(&mut [0; 1 << 16]);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n",
            );
        }
    });
    port
}

/// Writes what comes for syslog to a file as a daemon for it does: without the priority.
fn syslog(file: PathBuf) -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = socket.local_addr().expect("its address").port();
    let mut file = File::create(file).expect("a file");
    thread::spawn(move || {
        let mut datagram = vec![0; 1 << 16];
        while let Ok(length) = socket.recv(&mut datagram) {
            let message = datagram[..length].trim_ascii_end();
            let priority = message.iter().position(|&byte| byte == b'>');
            let message = &message[priority.map_or(0, |end| end + 1)..];
            let _ = file.write_all(&[message, b"\n"].concat());
        }
    });
    port
}
