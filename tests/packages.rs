//! What packages are made of: a configuration that does no harm, pages and completions for every command.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::program::{program, run_for};

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(source(path)).expect(path)
}

#[test]
fn the_configuration_is_valid_and_so_is_what_it_proposes() {
    let folder = tempfile::tempdir().expect("a folder");
    let shipped = read("packaging/hushlog.toml");
    let proposed: Vec<&str> = shipped
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") => setting,
            _ => line,
        })
        .collect();
    assert_ne!(shipped.trim_end(), proposed.join("\n"), "it proposes none");
    for text in [shipped.clone(), proposed.join("\n")] {
        let file = folder.path().join("hushlog.toml");
        fs::write(&file, text).expect("a file");
        run_for(program().args(["config", "check"]).arg(&file), 0);
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().expect("a folder");
    run_for(program().arg("man").arg(folder.path()), 0);
    let pages = fs::read_dir(folder.path()).expect("pages");
    let names = pages.map(|page| page.expect("a page").file_name());
    let names: BTreeSet<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let mut expected = BTreeSet::new();
    pages_below(&[], &mut expected);
    assert!(expected.len() > 20, "{expected:?}");
    assert_eq!(names, expected);
    for name in names {
        let page = fs::read_to_string(folder.path().join(&name)).expect("a page");
        let version = concat!("hushlog ", env!("CARGO_PKG_VERSION"));
        assert!(page.contains(version), "{name} is of no version");
    }
}

/// Adds the pages of a command and of those that its help lists.
fn pages_below(command: &[String], pages: &mut BTreeSet<String>) {
    let name = [&["hushlog".to_owned()], command].concat();
    pages.insert(format!("{}.1", name.join("-")));
    for subcommand in subcommands(command) {
        pages_below(&[command, &[subcommand]].concat(), pages);
    }
}

/// The commands that the help of a command lists, but for the help itself.
fn subcommands(command: &[String]) -> Vec<String> {
    let help = run_for(program().args(command).arg("-h"), 0).stdout;
    let help = String::from_utf8_lossy(&help).into_owned();
    let listed = help.lines().skip_while(|line| *line != "Commands:");
    let listed = listed.skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names
        .filter(|name| !name.is_empty() && *name != "help")
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn completions_know_every_command_and_are_scripts_of_their_shell() {
    let folder = tempfile::tempdir().expect("a folder");
    let commands = subcommands(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let script = run_for(program().args(["completions", shell]), 0).stdout;
        let file = folder.path().join(shell);
        fs::write(&file, &script).expect("a file");
        let script = String::from_utf8_lossy(&script);
        for command in &commands {
            assert!(script.contains(command), "{shell} lacks {command}");
        }
        checked_by(Command::new(shell).arg("-n").arg(&file));
    }
}

#[test]
fn scripts_of_the_package_are_shell() {
    for name in ["postinst", "prerm", "postrm"] {
        let script = source("packaging/debian").join(name);
        checked_by(Command::new("sh").arg("-n").arg(script));
    }
}

/// Runs what looks a file over, where it is installed.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn checked_by(command: &mut Command) {
    match command.stdin(Stdio::null()).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command:?}: {said}");
        }
        Err(_) => println!("skipped: {command:?}"),
    }
}

#[test]
fn the_changelog_begins_with_this_version() {
    let version = concat!("hushlog (", env!("CARGO_PKG_VERSION"), ") ");
    assert!(read("packaging/debian/changelog").starts_with(version));
}

#[test]
fn whatever_is_packed_is_there_or_made_by_the_build() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("a manifest");
    let packed = &manifest["package"]["metadata"]["deb"]["assets"];
    for asset in packed.as_array().expect("assets") {
        let path = asset[0].as_str().expect("a path");
        if !path.starts_with("target/release/") {
            let path = source(path.trim_end_matches('*'));
            assert!(path.exists(), "{} is missing", path.display());
        }
    }
}
