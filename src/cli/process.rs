//! What the process must not leak: files for others, core dumps, panics that quote data.

use std::panic::{self, Location};

use super::say;
use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, setrlimit, umask},
};

/// Makes the process keep to itself.
pub(super) fn harden() {
    umask(Mode::RWXG | Mode::RWXO);
    // A system that refuses still runs; keys are in memory only as long as the process.
    let _ = setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
    // Nor may another process of the same user look into its memory, where the system can forbid it.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    panic::set_hook(Box::new(|panic| say_defect(panic.location())));
}

/// Tells of a panic. Its payload is left out: it may quote what was being worked on.
fn say_defect(location: Option<&Location<'_>>) {
    let place = location.map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    say(format_args!(
        "stopped by a defect of the program{place}; nothing further was published"
    ));
}

#[cfg(test)]
mod tests {
    use std::{env, process::Command};

    use super::*;

    /// What a panicking process is told by.
    const PANICS: &str = "HUSHLOG_TEST_PANICS";

    /// Runs itself once more: a process is hardened for good, and what it prints cannot be caught within.
    #[test]
    fn a_panic_tells_its_place_and_not_its_content() {
        if env::var_os(PANICS).is_some() {
            harden();
            let line = "192.0.2.77 - alice";
            panic!("{line}");
        }
        let mut again = Command::new(env::current_exe().expect("this test"));
        again
            .args(["a_panic_tells_its_place", "--nocapture"])
            .env(PANICS, "1");
        let output = again.output().expect("a process");
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(
            said.contains("defect of the program at src/cli/process.rs:"),
            "{said}"
        );
        assert!(
            !said.contains("192.0.2.77") && !said.contains("alice"),
            "{said}"
        );
    }
}
