//! Runs the built program, and looks at what it prints and leaves behind.

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::traces::hex;

/// Every file below a folder, by its path in it.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

/// The program, with none of the caller's settings.
pub(crate) fn program() -> Command {
    without_settings(Command::new(env!("CARGO_BIN_EXE_hushlog")))
}

/// The command without what the caller's environment says to the program.
pub(crate) fn without_settings(mut command: Command) -> Command {
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("HUSHLOG_") {
            command.env_remove(name);
        }
    }
    command
}

/// `hushlog report` into a folder, without a progress bar.
pub(crate) fn report(output: &Path) -> Command {
    let mut command = program();
    command.arg("report").arg("-o").arg(output);
    command.arg("--no-progress").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the program starts")
}

/// Runs a command to its end and requires an exit status.
#[track_caller]
pub(crate) fn run_for(command: &mut Command, status: i32) -> Output {
    let output = run(command);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{command:?}\n{said}");
    output
}

/// The command where no file can grow beyond so many blocks: what a full disk looks like to it.
pub(crate) fn with_room_for(blocks: usize, command: &Command) -> Command {
    let mut limited = without_settings(Command::new("sh"));
    let script = r#"trap '' XFSZ; ulimit -f "$1"; shift; exec "$@""#;
    limited.args(["-c", script, "sh"]).arg(blocks.to_string());
    limited.arg(command.get_program()).args(command.get_args());
    limited
}

/// Runs a command to its end with the given standard input.
pub(crate) fn run_on(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    thread::scope(|scope| {
        // A program that stops early closes the pipe.
        scope.spawn(move || pipe.write_all(input).is_ok());
        child.wait_with_output().expect("the program ends")
    })
}

/// What the program said on standard error.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below a folder.
pub(crate) fn tree(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    collect(folder, "", &mut tree);
    tree
}

/// Every file of an output folder that is meant for others.
pub(crate) fn published(folder: &Path) -> Tree {
    let mut tree = tree(folder);
    tree.retain(|name, _| !name.starts_with(".state/"));
    tree
}

/// Whether the page of an output folder is of all that is released there.
pub(crate) fn has_current_page(out: &Path) -> bool {
    let page = fs::read_to_string(out.join("report.html")).unwrap_or_default();
    let package = fs::read(out.join("datapackage.json"));
    package.is_ok_and(|package| page.contains(&digest(&package)))
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn collect(folder: &Path, prefix: &str, tree: &mut Tree) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let entry = entry.expect("a folder entry");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), tree);
        } else {
            tree.insert(name, fs::read(entry.path()).expect("a readable file"));
        }
    }
}

/// Requires two folders' files to be the same, and names the first that is not.
#[track_caller]
pub(crate) fn assert_same(found: &Tree, expected: &Tree, case: &str) {
    let names = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected), "{case}");
    for (name, bytes) in expected {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(&found[name]), text(bytes), "{name}, {case}");
    }
}

/// One member of gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}
