//! Commands and what they answer, one text file each in `tests/cases/`.
//!
//! The lines after `$` are run by `sh` in a fresh folder, with the program in its path and a log of one
//! past day in `access.log`. What follows is what was printed, the exit status, and the files of the
//! output folder `out`. `UPDATE=1` writes down what happens instead of comparing.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    program::{program, published, without_settings},
    site::{lines, midnight, text},
};

#[test]
fn commands_answer_as_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = fs::read_dir(folder).expect("a folder of cases");
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    cases.sort();
    assert!(cases.len() > 20);
    let differing: Vec<String> = cases.iter().filter_map(|case| difference(case)).collect();
    assert!(
        differing.is_empty(),
        "{} differ\n{}",
        differing.len(),
        differing.join("\n")
    );
}

/// How a case differs from what is written down, if it does.
fn difference(case: &Path) -> Option<String> {
    let written = fs::read_to_string(case).expect("a case");
    let parts = written.split_inclusive('\n');
    let head: String = parts.take_while(|line| !line.starts_with("--- ")).collect();
    let found = head.clone() + &answer(&script(&head));
    if env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::write(case, &found).expect("a written case");
        return None;
    }
    (found != written).then(|| {
        format!(
            "{}\nwritten down:\n{written}\nfound:\n{found}",
            case.display()
        )
    })
}

/// The commands: lines after `$`, and those after `>` that carry on.
fn script(head: &str) -> String {
    let commands = head.lines().filter(|line| line.starts_with(['$', '>']));
    commands.map(|line| line[1..].to_owned() + "\n").collect()
}

/// What a script prints and leaves behind.
fn answer(script: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let log = text(&lines(midnight(2025, 6, 3), 1, 60));
    fs::write(folder.path().join("access.log"), log).expect("a written log");
    let program = program();
    let binaries = Path::new(program.get_program()).parent().expect("a folder");
    let path = format!(
        "{}:{}",
        binaries.display(),
        env::var("PATH").unwrap_or_default()
    );
    let output = without_settings(Command::new("sh"))
        .args(["-c", script])
        .current_dir(folder.path())
        .envs([("PATH", path.as_str()), ("LC_ALL", "C")])
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let place = folder.path().canonicalize().expect("a folder");
    let said = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let text = text.replace(&*place.to_string_lossy(), "FOLDER");
        text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
    };
    let files = published(&folder.path().join("out"));
    let files: String = files.keys().map(|name| format!("{name}\n")).collect();
    let status = output
        .status
        .code()
        .map_or_else(|| "none".to_owned(), |code| code.to_string());
    let mut answer = String::new();
    for (part, text) in [
        ("stdout", said(&output.stdout)),
        ("stderr", said(&output.stderr)),
        ("files", files),
    ] {
        if !text.is_empty() {
            answer += &format!("--- {part}\n{}\n", text.trim_end_matches('\n'));
        }
    }
    answer + &format!("--- status {status}\n")
}
