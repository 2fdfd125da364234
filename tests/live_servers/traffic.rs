//! Requests by the thousand, of many clients, some with what must never be stored.

use std::process::{Child, Command, Stdio};

use super::place::Place;
use crate::traces::Traces;

/// What some requests have in their addresses, paths and agents.
const CLIENT: &str = "81.33.7.177";
const TOKEN: &str = "rst9f8e7d6c5b4a3f2e1d0c7";
const AGENT: &str = "zqcanary-agent/7.3";

/// Traffic that goes on for a while.
pub(super) struct Traffic(Child);

impl Traffic {
    /// Begins to send requests for so many seconds.
    pub(super) fn start(place: &mut Place, port: u16, seconds: u64, seed: u64) -> Self {
        place.set("path", format!("/account?token={TOKEN}"));
        place.set("agent", AGENT);
        place.set("client", CLIENT);
        place.write("traffic.lua", include_str!("configurations/traffic.lua"));
        let mut wrk = Command::new("wrk");
        wrk.args(["--threads=1", "--connections=8"]);
        wrk.arg(format!("--duration={seconds}s"));
        wrk.arg("--script").arg(place.path("traffic.lua"));
        wrk.arg(format!("http://127.0.0.1:{port}/"));
        wrk.arg("--").arg(seed.to_string());
        wrk.stdout(Stdio::null()).stderr(Stdio::null());
        Self(wrk.spawn().expect("wrk starts"))
    }

    pub(super) fn is_over(&mut self) -> bool {
        self.0.try_wait().expect("our child").is_some()
    }

    pub(super) fn wait(mut self) {
        let status = self.0.wait().expect("wrk ends");
        assert!(status.success());
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What must not be stored.
pub(super) fn traces() -> Traces {
    let mut traces = Traces::default();
    traces.add_address(CLIENT);
    traces.add_text(TOKEN);
    traces.add_text(AGENT);
    // Parts that every client has.
    traces.add_text("Mozilla/5.0");
    traces.add_text("Firefox/140.0");
    traces
}
