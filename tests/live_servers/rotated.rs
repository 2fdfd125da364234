//! Logs that logrotate rotates while a server writes them and a watch reads them, is killed, and begins again.

use std::{
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::process::Signal;

use super::{
    place::{Place, has, is_thorough, lines, show},
    traffic::Traffic,
    watching::{Counting, DAYS, assert_sealed, await_release, make_key, released, watch},
    web::{Kind, WHOLE, Web},
};
use crate::{
    generate::Random,
    program::{assert_same, published, report, run_for, tree},
    watch::{Running, eventually},
};

/// How logrotate is told to rotate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rotation {
    settings: &'static str,
    /// Whether what is written between two of its steps is lost to anyone.
    is_lossy: bool,
}

/// Renamed and compressed a rotation later.
pub(super) const RENAMED: Rotation = Rotation {
    settings: "create 0644\n    compress\n    delaycompress",
    is_lossy: false,
};

/// Renamed to a name with the time, and compressed at once.
pub(super) const DATED: Rotation = Rotation {
    settings: "create 0644\n    compress\n    dateext\n    dateformat -%Y%m%d-%s",
    is_lossy: false,
};

pub(super) const COPIED: Rotation = Rotation {
    settings: "copytruncate\n    nocompress",
    is_lossy: true,
};

pub(super) const COPIED_AND_COMPRESSED: Rotation = Rotation {
    settings: "copytruncate\n    compress\n    delaycompress\n    dateext\n    dateformat -%Y%m%d-%s",
    is_lossy: true,
};

impl Rotation {
    /// Writes what logrotate is told.
    pub(super) fn configure(self, place: &mut Place, kind: Kind) {
        place.set("how", self.settings);
        // What servers' workers still write after they were told is written before it is compressed.
        let reopen = if self.is_lossy {
            "true".to_owned()
        } else {
            let folder = place.path("").display().to_string();
            format!(
                "kill -{} $(cat {folder}server.pid) && sleep 0.7",
                kind.reopening()
            )
        };
        place.set("reopen", reopen);
        place.write(
            "logrotate.conf",
            include_str!("configurations/logrotate.conf"),
        );
    }
}

/// Rotates the log.
pub(super) fn rotate(place: &Place) -> Child {
    let mut logrotate = Command::new("logrotate");
    logrotate.arg("--force");
    logrotate.arg("--state").arg(place.path("logrotate.state"));
    logrotate.arg(place.path("logrotate.conf"));
    logrotate.stdout(Stdio::null());
    logrotate.spawn().expect("logrotate starts")
}

/// Traffic of some days, with rotations and kills all the while.
pub(super) fn test(kind: Kind, rotation: Rotation, seed: u64) {
    if !has(&[kind.program(), "logrotate", "wrk"]) {
        return;
    }
    let (days, bursts, seconds) = if is_thorough() { (4, 3, 4) } else { (2, 1, 2) };
    let mut place = Place::new();
    make_key(&place);
    place.write("logs/access.log", "");
    let log = match kind {
        Kind::Nginx => "{folder}/logs/access.log",
        Kind::Apache => "CustomLog {folder}/logs/access.log dated",
    };
    let mut web = Web::start(kind, &mut place, log, DAYS[0].1);
    rotation.configure(&mut place, kind);
    let mut random = Random(seed);
    let mut kills = 0;
    for (day, (_, dated, _)) in DAYS.iter().enumerate().take(days) {
        if day > 0 {
            web.turn_to(&place, dated);
        }
        for _ in 0..bursts {
            look(&mut place, &web, day);
            let seed = random.below(1 << 30);
            let traffic = Traffic::start(&mut place, web.port, seconds, seed);
            kills += burst(&place, traffic, rotation, day, &mut random);
        }
    }
    let running = Running::start(watch(&place, days).arg(place.path("logs/access.log")));
    await_release(&place, days);
    running.stop();
    assert_sealed(&place);
    let written = assert_complete(&place, &mut web);
    let files = tree(&place.path("logs")).len();
    show(&format!(
        "{kind:?}, {rotation:?}: {written} lines, {files} files, {kills} kills"
    ));
}

/// Has a watch read a line, so that the next one knows the file, and how it begins: one that is rotated away
/// before any watch has seen it is not read, nor is what came and went in one that was empty when it was
/// seen.
fn look(place: &mut Place, web: &Web, due: usize) {
    let mut command = watch(place, due);
    let counting = Counting::start(place, command.arg(place.path("logs/access.log")));
    web.get("/about");
    eventually(|| counting.numbers().parsed > 0);
    counting.running.stop();
}

/// Kills watches while a server is busy and its log is rotated; how often it did.
fn burst(
    place: &Place,
    mut traffic: Traffic,
    rotation: Rotation,
    due: usize,
    random: &mut Random,
) -> u64 {
    let mut kills = 0;
    let mut rotating: Option<Child> = None;
    let mut is_rotated = false;
    loop {
        let is_over = traffic.is_over();
        let is_idle = rotating
            .as_mut()
            .is_none_or(|it| it.try_wait().expect("our child").is_some());
        if is_over && is_idle && is_rotated {
            return kills;
        }
        // Where rotation loses what is written meanwhile, nothing is.
        if is_idle && (is_over || !rotation.is_lossy) && random.below(2) == 0 {
            rotating = Some(rotate(place));
            is_rotated = true;
        }
        let running = Running::start(watch(place, due).arg(place.path("logs/access.log")));
        thread::sleep(Duration::from_millis(50 + random.below(800)));
        running.end(Signal::KILL);
        kills += 1;
        assert_sealed(place);
        // Lines come while nobody looks, too.
        thread::sleep(Duration::from_millis(random.below(100)));
    }
}

/// Requires that the releases are those of all lines that were written, each counted once; how many there are.
#[track_caller]
pub(super) fn assert_complete(place: &Place, web: &mut Web) -> u64 {
    let written = place.lines_of(WHOLE);
    assert_eq!(
        in_all_files(place),
        written,
        "logrotate loses or doubles lines itself"
    );
    if let Some(requests) = web.requests() {
        assert_eq!(
            requests, written,
            "the server counts other requests than it logs"
        );
    }
    let expected = place.path("expected");
    run_for(
        report(&expected)
            .args(["--gap", "24h"])
            .arg(place.path(WHOLE)),
        0,
    );
    assert_eq!(released(place), written, "of the lines written");
    assert_same(
        &published(&place.path("out")),
        &published(&expected),
        "of all lines",
    );
    written
}

/// Lines of all files that rotation has left.
fn in_all_files(place: &Place) -> u64 {
    let files = tree(&place.path("logs"));
    let count = |(name, bytes): (&String, &Vec<u8>)| {
        if name.ends_with(".gz") {
            let output = Command::new("zcat")
                .arg(place.path("logs").join(name))
                .output();
            lines(&output.expect("gzip is there").stdout)
        } else {
            lines(bytes)
        }
    };
    files.iter().map(count).sum()
}
