//! Units of systemd: hardened, and with command lines that the program takes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::program::{program, run_for};

fn unit(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/systemd");
    folder.join(name)
}

const SERVICES: [&str; 2] = ["hushlog-watch.service", "hushlog-report.service"];

#[test]
fn services_are_exposed_to_little() {
    for service in SERVICES {
        // Of ten; the threshold is in tenths.
        let analysed = Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--threshold=20"])
            .arg(unit(service))
            .output();
        let Ok(output) = analysed else {
            println!("skipped: systemd is not installed");
            return;
        };
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{service}: {said}");
    }
}

#[test]
fn services_begin_with_options_that_there_are() {
    for service in SERVICES {
        let text = fs::read_to_string(unit(service)).expect("a unit");
        let command = text
            .lines()
            .find_map(|line| line.strip_prefix("ExecStart=/usr/bin/hushlog "));
        let arguments = command.expect("a command").split(' ');
        run_for(program().args(arguments).arg("--help"), 0);
        run_for(program().args(["watch", "--unknown", "--help"]), 1);
    }
}
