//! `hushlog report` run by night, as cron does, on what logrotate leaves of a server's log.

use super::{
    place::{Place, has, show},
    rotated::{RENAMED, assert_complete, rotate},
    traffic::Traffic,
    watching::{DAYS, assert_sealed, grace, make_key},
    web::{Kind, Web},
};
use crate::program::{report, run_for};

/// Some runs fall before a rotation, some after it, and some while a server is busy.
#[test]
fn reports_by_night_miss_nothing_that_logrotate_moved() {
    if !has(&["nginx", "logrotate", "wrk"]) {
        return;
    }
    let days = 3;
    let mut place = Place::new();
    make_key(&place);
    place.write("logs/access.log", "");
    let mut web = Web::start(
        Kind::Nginx,
        &mut place,
        "{folder}/logs/access.log",
        DAYS[0].1,
    );
    RENAMED.configure(&mut place, Kind::Nginx);
    run(&place, 0);
    for (day, (_, dated, _)) in DAYS.iter().enumerate().take(days) {
        if day > 0 {
            web.turn_to(&place, dated);
        }
        let traffic = Traffic::start(&mut place, web.port, 1, day as u64);
        run(&place, day);
        if day > 0 {
            rotate(&place).wait().expect("logrotate ends");
        }
        traffic.wait();
        run(&place, day);
    }
    rotate(&place).wait().expect("logrotate ends");
    run(&place, days);
    let written = assert_complete(&place, &mut web);
    show(&format!("{written} lines in {} runs", 2 * days + 2));
}

/// A run by which so many days are over.
fn run(place: &Place, due: usize) {
    let mut command = report(&place.path("out"));
    command.args(["-q", "--gap", "24h", "--grace", &grace(due)]);
    command.arg("--state").arg(place.path("state"));
    command.arg("--key-file").arg(place.path("keys/key"));
    run_for(command.arg(place.path("logs/access.log")), 0);
    assert_sealed(place);
}
