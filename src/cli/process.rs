//! What the process must not leak: files for others, core dumps, panics that quote data.

use std::panic;

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
    panic::set_hook(Box::new(|panic| {
        // The payload may quote what was being worked on.
        let place = panic
            .location()
            .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        say(format_args!(
            "stopped by a defect of the program{place}; nothing further was published"
        ));
    }));
}
