//! The limits of a watch, and its region databases, which are read anew while it runs.

use std::{
    fs::{self, File},
    io::Write,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant, SystemTime},
};

use rustix::process::Signal;

use crate::{
    geo::regions,
    program::complaint,
    site::text,
    watch::{DAYS, Running, Scene, ask, eventually},
};

/// A watch that is asked for its numbers, and what it says.
struct Watched {
    running: Running,
    port: u16,
}

impl Watched {
    fn start(scene: &Scene, command: &mut Command) -> Self {
        let port = free_port();
        command.arg("--listen").arg(format!("127.0.0.1:{port}"));
        let said = File::create(scene.path("said")).expect("a file");
        let running = Running::start(command.stderr(said));
        eventually(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        Self { running, port }
    }

    /// A number by its name.
    fn number(&self, name: &str) -> u64 {
        let (_, metrics) = ask(self.port, "/metrics");
        let mut lines = metrics.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
        value.unwrap_or_default() as u64
    }

    fn lines(&self, account: &str) -> u64 {
        self.number(&format!("hushlog_lines_total{{account=\"{account}\"}}"))
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

#[track_caller]
fn await_said(scene: &Scene, expected: &str) {
    eventually(|| {
        let said = fs::read_to_string(scene.path("said")).unwrap_or_default();
        said.contains(expected)
    });
}

/// So long a grace that no day is over.
fn endless(command: &mut Command) -> &mut Command {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = now.expect("after 1970").as_secs();
    command.arg("--grace").arg(format!("{seconds}s"))
}

#[test]
fn lines_beyond_the_length_are_malformed() {
    let scene = Scene::new(10);
    let mut command = scene.watch();
    let longest = scene.lines.iter().map(|line| line.text.len() - 1).max();
    let limit = longest.expect("lines").to_string();
    endless(&mut command).args(["--line-length", &limit]);
    let watched = Watched::start(&scene, &mut command);
    scene.append(&scene.lines);
    let mut long = scene.lines[0].clone();
    long.text = long.text.replace("HTTP/1.1", &"x".repeat(200));
    scene.append(&[long]);
    scene.append(&scene.lines[..5]);
    eventually(|| watched.lines("parsed") == scene.lines.len() as u64 + 5);
    eventually(|| watched.lines("malformed") == 1);
    await_said(&scene, "lines were too long");
    watched.running.stop();
}

#[test]
fn connections_beyond_the_limit_are_refused_until_others_end() {
    let scene = Scene::new(10);
    let port = free_port();
    let mut command = scene.watch();
    endless(&mut command).args(["--connections", "2"]);
    command.arg(format!("syslog+tcp://127.0.0.1:{port}"));
    let watched = Watched::start(&scene, &mut command);
    let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
    let send = |mut stream: &TcpStream, line: usize| {
        let message = format!("<134>Jun  3 00:00:00 host web: {}", scene.lines[line].text);
        stream.write_all(message.as_bytes())
    };
    let (first, second) = (connect(), connect());
    send(&first, 0).expect("it listens");
    send(&second, 1).expect("it listens");
    eventually(|| watched.lines("parsed") == 2);
    let third = connect();
    await_said(&scene, "more files or connections than may be open");
    eventually(|| send(&third, 2).is_err());
    send(&first, 3).expect("it still listens");
    eventually(|| watched.lines("parsed") == 3);
    drop(second);
    eventually(|| {
        let _ = send(&connect(), 4);
        watched.lines("parsed") > 3
    });
    watched.running.stop();
}

/// Files beyond the limit are read in turn.
#[test]
fn files_beyond_the_limit_are_read_later() {
    let scene = Scene::new(10);
    let folder = scene.path("logs");
    fs::create_dir(&folder).expect("a new folder");
    for (number, lines) in scene.lines.chunks(30).enumerate() {
        let path = folder.join(format!("site{number}.log"));
        fs::write(path, text(lines)).expect("a written log");
    }
    let mut command = scene.watch();
    endless(&mut command)
        .args(["--open-files", "2"])
        .arg(&folder);
    let watched = Watched::start(&scene, &mut command);
    await_said(&scene, "more files or connections than may be open");
    let most = most_open(&watched, &folder, Duration::from_millis(500));
    assert!(most <= 2, "{most} are open");
    eventually(|| watched.lines("parsed") == 90);
    watched.running.stop();
}

/// The most files of a folder that a watch has open at once for some time.
fn most_open(watched: &Watched, folder: &Path, time: Duration) -> usize {
    let start = Instant::now();
    let mut most = 0;
    while start.elapsed() < time {
        let open = fs::read_dir(format!("/proc/{}/fd", watched.running.id())).expect("it runs");
        let targets = open
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok());
        let logs = targets.filter(|target| target.starts_with(folder) && target != folder);
        most = most.max(logs.count());
        thread::sleep(Duration::from_millis(5));
    }
    most
}

/// Without a key file what is open is in memory, and a day of which lines were dropped is not released.
#[test]
fn what_is_open_takes_no_more_than_the_memory() {
    let scene = Scene::new(8000);
    let mut command = scene.forgetful();
    command.args(["--memory", "1"]);
    let watched = Watched::start(&scene, &mut command);
    scene.append(&scene.lines);
    await_said(&scene, "what is open takes more than --memory");
    watched.running.stop();
    assert!(!scene.has_released(&DAYS[..1]));
}

#[test]
fn region_databases_are_read_anew_on_a_signal() {
    let scene = Scene::new(100);
    let databases =
        |country, state| regions(scene.path("").as_path(), &[("81.0.0.0/8", country, state)]);
    let database = databases("FR", "Normandy");
    let mut command = scene.watch();
    let watched = Watched::start(&scene, command.arg("--geo-db").arg(&database));
    let day = scene.lines.len() / 3;
    scene.append(&scene.lines[..day]);
    scene.await_release(&DAYS[..1]);
    databases("US", "California");
    watched.running.send(Signal::HUP);
    await_said(&scene, "region databases are read anew");
    scene.append(&scene.lines[day..2 * day]);
    scene.await_release(&DAYS[..2]);
    fs::write(&database, "no database").expect("a written file");
    watched.running.send(Signal::HUP);
    await_said(&scene, "region databases stay as they are");
    scene.append(&scene.lines[2 * day..]);
    scene.await_release(&DAYS);
    for (day, here, elsewhere) in [(0, "FR", "US"), (1, "US", "FR"), (2, "US", "FR")] {
        let path = format!("out/date={}/regions.csv", DAYS[day]);
        let table = fs::read_to_string(scene.path(&path)).expect("a table");
        assert!(
            table.contains(here) && !table.contains(elsewhere),
            "{table}"
        );
    }
    let output = watched.running.stop();
    assert_eq!(complaint(&output), "");
}
