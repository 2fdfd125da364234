//! `hushlog watch`: what it releases is what `report` releases over the same lines, however often it is
//! killed meanwhile.
//!
//! `HUSHLOG_SLOW_TESTS=1` kills it some sixty times instead of twenty-four.

use std::{
    collections::BTreeSet,
    env,
    fs::{self, OpenOptions, Permissions},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    generate::Random,
    program::{
        Tree, assert_same, complaint, has_current_page, program, published, report, run_for, tree,
    },
    site::{Line, lines, midnight, text},
};

/// A log that grows, a key file, and an output folder.
pub(crate) struct Scene {
    folder: TempDir,
    pub(crate) lines: Vec<Line>,
}

/// Days of the log.
pub(crate) const DAYS: [&str; 3] = ["2025-06-03", "2025-06-04", "2025-06-05"];

/// Longest time that anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

impl Scene {
    pub(crate) fn new(visits_a_day: i64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let lines = lines(midnight(2025, 6, 3), 3, visits_a_day);
        let scene = Self { folder, lines };
        fs::create_dir(scene.path("keys")).expect("a new folder");
        let mut new = program();
        new.args(["key", "new", "--from", DAYS[0]]);
        run_for(new.arg(scene.path("keys/key")), 0);
        scene.append(&[]);
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn append(&self, lines: &[Line]) {
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true);
        let mut log = file.open(self.path("access.log")).expect("a log");
        log.write_all(text(lines).as_bytes()).expect("more lines");
    }

    /// A watch that keeps nothing.
    pub(crate) fn forgetful(&self) -> Command {
        self.each("50ms")
    }

    /// A watch with a time between checkpoints.
    fn each(&self, checkpoint: &str) -> Command {
        let mut command = program();
        command.args(["watch", "--checkpoint", checkpoint, "-o"]);
        command.arg(self.path("out")).arg(self.path("access.log"));
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn watch(&self) -> Command {
        self.keeping("50ms")
    }

    /// A watch with a key file, and a time between checkpoints.
    fn keeping(&self, checkpoint: &str) -> Command {
        let mut command = self.each(checkpoint);
        command.arg("--key-file").arg(self.path("keys/key"));
        command
    }

    /// What `report` publishes of the same lines.
    fn expected(&self, lines: &[Line]) -> Tree {
        let log = self.path("whole.log");
        fs::write(&log, text(lines)).expect("a written log");
        let out = self.path("expected");
        run_for(report(&out).arg(log), 0);
        published(&out)
    }

    pub(crate) fn has_released(&self, days: &[&str]) -> bool {
        let ledger = fs::read_to_string(self.path("out/ledger.jsonl")).unwrap_or_default();
        days.iter().all(|day| ledger.contains(day))
    }

    pub(crate) fn await_release(&self, days: &[&str]) {
        eventually(|| self.has_released(days) && has_current_page(&self.path("out")));
    }

    /// A watch that is begun now releases all days as `report` does.
    #[track_caller]
    fn assert_released(&self, watch: &mut Command, case: &str) {
        let child = Running::start(watch);
        self.await_release(&DAYS);
        child.stop();
        let expected = self.expected(&self.lines);
        assert_same(&published(&self.path("out")), &expected, case);
    }

    /// The files of the checkpoint.
    fn checkpoint(&self) -> Tree {
        tree(&self.path("out/.state/watch"))
    }
}

/// A running watch, which does not outlive its test.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(Some(command.spawn().expect("the program starts")))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.as_ref().expect("a child").id()
    }

    pub(crate) fn send(&self, signal: Signal) {
        let child = self.0.as_ref().expect("a child");
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process number"), signal).expect("a signal to our own child");
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn end(mut self, signal: Signal) -> Output {
        self.send(signal);
        let child = self.0.take().expect("a child");
        child.wait_with_output().expect("the program ends")
    }

    /// Ends it in an orderly way.
    #[track_caller]
    pub(crate) fn stop(self) -> Output {
        let output = self.end(Signal::TERM);
        assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[track_caller]
pub(crate) fn eventually(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it does not come");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_watch_publishes_what_a_report_does() {
    for (keyed, limits) in [
        (false, &[][..]),
        (true, &[]),
        (true, &["--distinct-values", "2", "--open-files", "1"]),
    ] {
        let scene = Scene::new(400);
        scene.append(&scene.lines);
        let mut command = if keyed {
            scene.watch()
        } else {
            scene.forgetful()
        };
        scene.assert_released(command.args(limits), &format!("{keyed} {limits:?}"));
        if keyed {
            let names: Vec<String> = scene.checkpoint().into_keys().collect();
            assert_eq!(names, ["checkpoint"], "nothing is left of what is released");
            let info = run_for(
                program().args(["key", "info"]).arg(scene.path("keys/key")),
                0,
            );
            let info = String::from_utf8_lossy(&info.stdout).into_owned();
            assert!(info.contains("2025-06-06"), "{info}");
        }
    }
}

#[test]
fn a_watch_writes_the_encoding_that_is_asked_for() {
    let scene = Scene::new(100);
    scene.append(&scene.lines);
    let child = Running::start(scene.forgetful().args(["--output-format", "parquet"]));
    scene.await_release(&DAYS);
    child.stop();
    let files = published(&scene.path("out"));
    for day in DAYS {
        assert!(files.contains_key(&format!("date={day}/summary.parquet")));
    }
    run_for(program().arg("audit").arg(scene.path("out")), 0);
}

#[test]
fn standard_input_is_read_to_its_end() {
    let scene = Scene::new(100);
    let mut command = program();
    command
        .args(["watch", "-o"])
        .arg(scene.path("out"))
        .arg("-");
    let output = crate::program::run_on(&mut command, text(&scene.lines).as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let expected = scene.expected(&scene.lines);
    assert_same(&published(&scene.path("out")), &expected, "piped");
}

/// However often it is killed, and at whatever moment, no line is lost or counted twice.
#[test]
fn kills_at_any_moment_lose_and_double_nothing() {
    let slow = env::var_os("HUSHLOG_SLOW_TESTS").is_some_and(|value| value == "1");
    let kills = if slow { 60 } else { 24 };
    let scene = Scene::new(600);
    let mut random = Random(5);
    let mut rest = &scene.lines[..];
    for _ in 0..kills {
        let mut command = scene.watch();
        let child = Running::start(command.stderr(Stdio::null()));
        let share = (scene.lines.len() as u64 * 2) / kills;
        for _ in 0..4 {
            let some = usize::try_from(random.below(share / 4 + 1)).expect("a few");
            let (now, later) = rest.split_at(some.min(rest.len()));
            scene.append(now);
            rest = later;
            thread::sleep(Duration::from_millis(random.below(120)));
        }
        child.end(Signal::KILL);
    }
    scene.append(rest);
    scene.assert_released(&mut scene.watch(), "after kills");
}

#[test]
fn a_watch_goes_on_where_it_stopped_and_keeps_nothing_in_clear() {
    let scene = Scene::new(300);
    let half = scene.lines.len() / 6;
    scene.append(&scene.lines[..half]);
    let child = Running::start(&mut scene.watch());
    eventually(|| scene.checkpoint().contains_key("2025-06-03.hits"));
    child.stop();
    let kept = scene.checkpoint();
    for (name, bytes) in &kept {
        for canary in [
            "81.20.7.", "/contact", "Mozilla", "Chrome", "/about", "access",
        ] {
            let found = bytes
                .windows(canary.len())
                .any(|it| it == canary.as_bytes());
            assert!(!found, "{canary} in {name}");
        }
    }
    scene.append(&scene.lines[half..]);
    scene.assert_released(&mut scene.watch(), "resumed");
}

/// A file is known to the next process from when it is found, not from when lines of it are kept.
#[test]
fn a_log_that_is_rotated_before_its_first_checkpoint_is_read() {
    let scene = Scene::new(100);
    let child = Running::start(scene.keeping("1h").stderr(Stdio::null()));
    eventually(|| scene.path("out/.state/watch/checkpoint").exists());
    scene.append(&scene.lines[..200]);
    thread::sleep(Duration::from_millis(300));
    child.end(Signal::KILL);
    let (log, rotated) = (scene.path("access.log"), scene.path("access.log.1"));
    fs::rename(log, rotated).expect("a rotated log");
    scene.append(&scene.lines[200..]);
    scene.assert_released(&mut scene.watch(), "rotated");
}

#[test]
fn late_lines_of_a_released_day_change_nothing() {
    let scene = Scene::new(200);
    scene.append(&scene.lines);
    let child = Running::start(&mut scene.watch());
    scene.await_release(&DAYS);
    let before = published(&scene.path("out"));
    scene.append(&scene.lines[..100]);
    thread::sleep(Duration::from_millis(500));
    child.stop();
    assert_same(&published(&scene.path("out")), &before, "late lines");
    let names: Vec<String> = scene.checkpoint().into_keys().collect();
    assert_eq!(names, ["checkpoint"]);
}

/// Without a key file a restart cannot know what came before it.
#[test]
fn a_watch_that_keeps_nothing_does_not_release_what_it_did_not_see_whole() {
    let scene = Scene::new(100);
    let day = scene.lines.len() / 3;
    scene.append(&scene.lines[..day]);
    let child = Running::start(&mut scene.forgetful());
    scene.await_release(&DAYS[..1]);
    child.stop();
    scene.append(&scene.lines[day..]);
    let child = Running::start(&mut scene.forgetful());
    thread::sleep(Duration::from_secs(4));
    let said = complaint(&child.end(Signal::INT));
    assert!(
        said.contains("a restart drops the period that is open"),
        "{said}"
    );
    assert!(
        said.contains("not released: lines of it were lost"),
        "{said}"
    );
    assert!(!scene.has_released(&DAYS[1..2]));
    assert!(!said.contains("81."), "{said}");
}

#[test]
fn another_watch_on_the_same_folder_is_refused() {
    let scene = Scene::new(50);
    let child = Running::start(&mut scene.watch());
    eventually(|| scene.path("out/.state/lock").exists());
    thread::sleep(Duration::from_millis(300));
    let second = run_for(&mut scene.watch(), 1);
    assert!(
        complaint(&second).contains("another run"),
        "{}",
        complaint(&second)
    );
    child.stop();
}

/// Runs a watch that is refused, and leaves what is kept as it is.
#[track_caller]
fn check_refused(scene: &Scene, command: &mut Command, expected: &str) {
    let before = scene.checkpoint();
    let said = complaint(&run_for(command, 1));
    assert!(said.contains(expected), "{said}");
    assert_same(&scene.checkpoint(), &before, expected);
}

#[test]
fn a_checkpoint_that_cannot_be_gone_on_with_is_refused() {
    let scene = Scene::new(50);
    scene.append(&scene.lines[..60]);
    let child = Running::start(&mut scene.watch());
    eventually(|| scene.checkpoint().contains_key("2025-06-03.hits"));
    child.stop();
    let index = scene.path("out/.state/watch/checkpoint");
    let whole = fs::read(&index).expect("a checkpoint");
    check_refused(&scene, &mut scene.forgetful(), "was begun with a key file");
    check_refused(
        &scene,
        scene.watch().args(["--site-host", "example.org"]),
        "was begun under other settings",
    );
    let mut other = whole.clone();
    other[8] = 2;
    write(&index, &other);
    check_refused(&scene, &mut scene.watch(), "a checkpoint of version 2");
    let mut damaged = whole.clone();
    *damaged.last_mut().expect("bytes") ^= 1;
    write(&index, &damaged);
    check_refused(
        &scene,
        &mut scene.watch(),
        "cannot be opened with this key file",
    );
    write(&index, &whole);
    spawn_and_settle(&scene).stop();
}

/// The credential is the same at each start; the key under it is not.
#[test]
fn a_credential_keeps_a_watch_going_as_a_key_file_does() {
    let scene = Scene::new(300);
    let credentials = scene.path("credentials");
    fs::create_dir(&credentials).expect("a new folder");
    let hand_over = |secret: &str| {
        let credential = credentials.join("hushlog");
        let _ = fs::remove_file(&credential);
        write(&credential, secret.as_bytes());
        fs::set_permissions(credential, Permissions::from_mode(0o400)).expect("permissions");
    };
    hand_over("as many random bytes as it takes");
    let watch = || {
        let mut command = scene.forgetful();
        command.args(["--key-credential", "hushlog"]);
        command.env("CREDENTIALS_DIRECTORY", &credentials);
        command
    };
    let half = scene.lines.len() / 6;
    scene.append(&scene.lines[..half]);
    let child = Running::start(&mut watch());
    eventually(|| scene.checkpoint().contains_key("2025-06-03.hits"));
    child.end(Signal::KILL);

    let said = complaint(&run_for(watch().env_remove("CREDENTIALS_DIRECTORY"), 1));
    assert!(said.contains("CREDENTIALS_DIRECTORY is not set"), "{said}");
    hand_over("others, which are as many as those");
    let before = scene.checkpoint();
    let said = complaint(&run_for(&mut watch(), 3));
    assert!(said.contains("sealed under another one"), "{said}");
    assert_same(&scene.checkpoint(), &before, "refused");

    hand_over("as many random bytes as it takes");
    scene.append(&scene.lines[half..]);
    scene.assert_released(&mut watch(), "resumed");
    let names: Vec<String> = scene.checkpoint().into_keys().collect();
    assert_eq!(names, ["checkpoint", "key"]);
}

fn spawn_and_settle(scene: &Scene) -> Running {
    let child = Running::start(&mut scene.watch());
    thread::sleep(Duration::from_millis(500));
    child
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("a written file");
}

/// Asks at a port of this machine; the head and the body of the answer.
pub(crate) fn ask(port: u16, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_ascii_lowercase(), body.to_owned())
}

#[test]
fn what_is_shown_over_http_is_strict_and_public() {
    let scene = Scene::new(100);
    scene.append(&scene.lines);
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let mut command = scene.watch();
    command.arg("--listen").arg(format!("127.0.0.1:{port}"));
    let child = Running::start(&mut command);
    scene.await_release(&DAYS);
    scene.append(&scene.lines[..10]);
    eventually(|| {
        let (_, metrics) = ask(port, "/metrics");
        metrics.contains("hushlog_lines_total{account=\"already_released\"} 10\n")
    });
    let manifest = format!("/date={}/manifest.json", DAYS[0]);
    for (path, status) in [
        ("/healthz", "200"),
        ("/readyz", "200"),
        ("/metrics", "200"),
        ("/ledger.jsonl", "200"),
        (&manifest, "200"),
        ("/", "200"),
        ("/files", "200"),
        ("/report.html", "200"),
        ("/.state/state.json", "404"),
        ("/.state/watch/checkpoint", "404"),
        ("/%2estate/state.json", "404"),
        ("/date=2025-06-03/../.state/state.json", "404"),
        ("/../keys/key", "404"),
    ] {
        let (head, _) = ask(port, path);
        assert!(
            head.starts_with(&format!("http/1.1 {status}")),
            "{path}: {head}"
        );
        for header in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
        ] {
            assert!(head.contains(header), "{path}: {head}");
        }
    }
    let (_, shown) = ask(port, &manifest);
    let file = fs::read_to_string(scene.path(&format!("out{manifest}"))).expect("a file");
    assert_eq!(shown, file);
    let (_, list) = ask(port, "/files");
    assert!(list.contains(&format!("href=\"{manifest}\"")), "{list}");
    let (head, index) = ask(port, "/");
    let page = fs::read_to_string(scene.path("out/report.html")).expect("a page");
    assert_eq!(index, page);
    assert!(head.contains("style-src 'unsafe-inline'"), "{head}");
    let (_, metrics) = ask(port, "/metrics");
    for line in [
        "hushlog_lines_total{account=\"parsed\"} 900\n",
        "hushlog_releases_total 3\n",
        "hushlog_open_hits 0",
        "# EOF\n",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    let asked = dashboard_metrics();
    assert!(asked.len() > 8, "{asked:?}");
    for name in asked {
        assert!(metrics.contains(&format!("\n{name}")), "{name}: {metrics}");
    }
    let mut addresses = (20..60).map(|network| format!("81.{network}.7."));
    assert!(addresses.all(|address| !metrics.contains(&address)));
    assert!(!metrics.contains("/about"));
    child.stop();
}

/// The names of metrics that the dashboard of Grafana asks for.
fn dashboard_metrics() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/grafana/watch.json");
    let dashboard: Value =
        serde_json::from_slice(&fs::read(path).expect("a dashboard")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().expect("targets"));
    let queries = targets.map(|target| target["expr"].as_str().expect("a query"));
    let is_of_name = |character: char| character == '_' || character.is_ascii_alphanumeric();
    let words = queries.flat_map(|query| query.split(move |character| !is_of_name(character)));
    let names = words.filter(|word| word.starts_with("hushlog_"));
    names.map(str::to_owned).collect()
}

#[test]
fn other_machines_cannot_ask_unless_that_is_wanted() {
    let scene = Scene::new(10);
    let refused = run_for(scene.watch().args(["--listen", "0.0.0.0:0"]), 3);
    assert!(complaint(&refused).contains("--listen-publicly"));
    assert!(!scene.path("out").exists());
}

#[test]
fn a_release_beyond_the_memory_is_held_back_until_there_is_more() {
    let scene = Scene::new(4000);
    scene.append(&scene.lines);
    let child = Running::start(scene.watch().args(["--memory", "1"]));
    thread::sleep(Duration::from_secs(5));
    let said = complaint(&child.stop());
    assert!(said.contains("held back"), "{said}");
    assert!(!scene.has_released(&DAYS[..1]));
    scene.assert_released(&mut scene.watch(), "with more memory");
}

/// A service manager is told when a watch is ready, that it is alive, and when it stops.
#[test]
fn the_service_manager_is_told() {
    let scene = Scene::new(10);
    let socket = scene.path("notify");
    let manager = UnixDatagram::bind(&socket).expect("a socket");
    let timeout = manager.set_read_timeout(Some(PATIENCE));
    timeout.expect("a timeout");
    let child = Running::start(scene.watch().env("NOTIFY_SOCKET", &socket));
    let heard = || {
        let mut bytes = [0; 256];
        let length = manager.recv(&mut bytes).expect("a message");
        String::from_utf8_lossy(&bytes[..length])
            .trim_end()
            .to_owned()
    };
    assert_eq!(heard(), "READY=1");
    assert_eq!(heard(), "WATCHDOG=1");
    child.send(Signal::HUP);
    assert_eq!(heard(), "WATCHDOG=1");
    child.stop();
    let mut last = String::new();
    while last != "STOPPING=1" {
        last = heard();
    }
}
