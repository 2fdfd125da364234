//! Scrubbing as lines come: behind a pipe that stays open, and what signals do to it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::{addresses, key_file, line, scrub};
use crate::program::{run, without_settings};

/// Between two looks at whether something has happened; it is waited for as long as it takes.
const PAUSE: Duration = Duration::from_millis(5);

/// The program with its pipes.
struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

fn start(arguments: &[&str]) -> Running {
    start_as(&[&["--address=drop"], arguments].concat())
}

fn start_as(arguments: &[&str]) -> Running {
    let mut command = scrub(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let input = child.stdin.take().expect("a pipe");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    Running {
        child,
        input,
        output,
    }
}

impl Running {
    fn type_in(&mut self, text: &str) {
        self.input
            .write_all(text.as_bytes())
            .expect("the program reads");
    }

    fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line
    }

    fn send(&self, signal: Signal) {
        let id = Pid::from_raw(self.child.id().cast_signed()).expect("a process");
        kill_process(id, signal).expect("the program runs");
    }
}

fn of(agent: &str) -> String {
    line("203.0.113.7", 20, agent)
}

/// What comes out of a line typed in.
const WRITTEN: &str =
    ":: - - [20/Nov/2026:09:12:33 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl/1.0\"\n";

#[test]
fn a_line_comes_out_while_the_input_stays_open() {
    for arguments in [
        &["-f=combined", "-j1"][..],
        &["-f=combined", "-j3"],
        &["-j2"],
    ] {
        let mut running = start(arguments);
        for _ in 0..5 {
            running.type_in(&of("curl/8"));
            assert_eq!(running.next_line(), WRITTEN);
        }
        // Half a line is no line yet, and the end of the input ends it.
        let line = of("curl/8");
        let (begun, rest) = line.trim_end().split_at(70);
        running.type_in(begun);
        running.type_in(rest);
        drop(running.input);
        let mut left = String::new();
        running.output.read_to_string(&mut left).expect("lines");
        assert_eq!(left, WRITTEN);
        assert!(running.child.wait().expect("the program ends").success());
    }
}

#[test]
fn a_format_that_does_not_show_at_once_is_waited_for() {
    let mut running = start(&[]);
    running.type_in("# a comment\nzqmark zqmark zqmark\n");
    running.type_in(&[of("curl/8"), of("curl/8"), of("curl/8")].concat());
    for _ in 0..3 {
        assert_eq!(running.next_line(), WRITTEN);
    }
    drop(running.input);
    assert!(running.child.wait().expect("the program ends").success());
}

#[test]
fn the_signal_to_end_lets_through_what_has_come() {
    let mut running = start(&["-f=combined"]);
    running.type_in(&of("curl/8"));
    assert_eq!(running.next_line(), WRITTEN);
    let rest = of("curl/8").repeat(300);
    running.type_in(&rest);
    running.send(Signal::TERM);
    let mut left = String::new();
    running.output.read_to_string(&mut left).expect("lines");
    assert_eq!(left, WRITTEN.repeat(300));
    let status = running.child.wait().expect("the program ends");
    assert_eq!(status.code(), Some(0), "with its input still open");
    drop(running.input);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut running = start(&["-f=combined", "-q"]);
    drop(running.output);
    // Writing fails once the program has ended.
    while running.input.write_all(of("curl/8").as_bytes()).is_ok() {
        thread::sleep(PAUSE);
    }
    assert_eq!(
        running.child.wait().expect("the program ends").code(),
        Some(0)
    );
    let mut said = String::new();
    let mut pipe = running.child.stderr.take().expect("a pipe");
    pipe.read_to_string(&mut said).expect("text");
    assert_eq!(said, "");
}

fn wait_for(path: &Path, content: &str) {
    while fs::read_to_string(path).unwrap_or_default() != content {
        thread::sleep(PAUSE);
    }
}

#[test]
fn a_file_that_was_rotated_is_opened_anew_at_a_signal() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, older) = (folder.path().join("log"), folder.path().join("log.1"));
    let mut running = start(&["-f=combined", "-o", log.to_str().expect("a path")]);
    running.type_in(&of("curl/8"));
    wait_for(&log, WRITTEN);
    assert_eq!(
        log.metadata().expect("a file").permissions().mode() & 0o777,
        0o600
    );
    fs::rename(&log, &older).expect("a rotated log");
    running.type_in(&of("curl/8"));
    wait_for(&older, &WRITTEN.repeat(2));
    running.send(Signal::HUP);
    // A signal is delivered when it is; until then lines go where they went.
    while !log.exists() {
        running.type_in(&of("curl/8"));
        thread::sleep(PAUSE);
    }
    drop(running.input);
    assert!(running.child.wait().expect("the program ends").success());
    let lines = |path: &Path| fs::read_to_string(path).expect("a log").lines().count();
    assert!(lines(&older) >= 2 && lines(&log) >= 1);
}

#[test]
fn a_named_pipe_is_read_from_when_it_is_written_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let mut command = without_settings(std::process::Command::new("mkfifo"));
    assert!(run(command.arg(&pipe)).status.success());
    let mut running = start(&["-f=combined", pipe.to_str().expect("a path")]);
    let mut server = fs::File::options()
        .write(true)
        .open(&pipe)
        .expect("the pipe");
    server
        .write_all(of("curl/8").as_bytes())
        .expect("the program reads");
    assert_eq!(running.next_line(), WRITTEN);
    running.send(Signal::TERM);
    assert!(running.child.wait().expect("the program ends").success());
    // Before anybody writes, it ends at the signal too.
    let mut running = start(&["-f=combined", pipe.to_str().expect("a path")]);
    thread::sleep(PAUSE * 40);
    running.send(Signal::TERM);
    running.child.wait().expect("the program ends");
}

/// The pseudonyms of one client at each of those times, typed into a program that goes on running.
fn pseudonyms(running: &mut Running, times: &[&str]) -> Vec<IpAddr> {
    let pseudonym = |time: &&str| {
        running.type_in(&of("a").replace("20/Nov/2026:09:12:33", time));
        addresses(&running.next_line())[0]
    };
    times.iter().map(pseudonym).collect()
}

#[test]
fn pseudonyms_change_at_midnight_in_one_stream_and_alike_on_every_host_with_the_key_file() {
    let times = [
        "20/Nov/2026:00:00:00",
        "20/Nov/2026:22:59:59",
        "20/Nov/2026:23:00:00",
        "20/Nov/2026:23:59:59",
        "21/Nov/2026:00:00:00",
        "21/Nov/2026:00:00:01",
    ];
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let key = key_file(folders[0].path());
    let copy = folders[1].path().join("key");
    fs::copy(&key, &copy).expect("a copied key file");
    let with_key = |key: &Path, more: &[&str]| {
        let key = format!("--key-file={}", key.display());
        let mut running = start_as(&[&["-f=combined", &key], more].concat());
        pseudonyms(&mut running, &times)
    };
    let here = with_key(&key, &[]);
    assert!(here[..4].iter().all(|one| *one == here[0]));
    assert!(here[4] == here[5] && here[4] != here[0]);
    assert_eq!(with_key(&copy, &[]), here);
    let of_berlin = with_key(&copy, &["--tz=Europe/Berlin"]);
    assert!(of_berlin[0] == of_berlin[1] && of_berlin[1] != of_berlin[2]);
    assert!(of_berlin[2..].iter().all(|one| *one == of_berlin[2]));
    // Without the file each run has keys of its own, and days of its own all the same.
    let [one, other] = [(); 2].map(|()| pseudonyms(&mut start_as(&["-f=combined"]), &times));
    assert!(one[3] == one[0] && one[4] != one[0] && one[5] == one[4]);
    assert!(
        one.iter()
            .all(|pseudonym| !other.contains(pseudonym) && !here.contains(pseudonym))
    );
}
