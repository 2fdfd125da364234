//! Servers that run while a watch reads what they log: no line is lost or counted twice, and what is lost on
//! the way is told.
//!
//! They listen on the loopback interface, in folders of their own; what is configured or runs on the machine
//! already is not touched. A test whose programs are not installed says so and does nothing; on Debian they
//! are there after `apt-get install --no-install-recommends nginx apache2 caddy haproxy rsyslog logrotate wrk`.
//! `HUSHLOG_SLOW_TESTS=1` runs all pairs of servers and rotations, for longer, and takes measurements;
//! `-- --nocapture` shows their figures.

mod measured;
mod nightly;
mod place;
mod recipes;
mod rotated;
mod syslog;
mod traffic;
mod watching;
mod web;

pub(crate) use recipes::RECIPES;

use self::{
    place::is_thorough,
    rotated::{COPIED, COPIED_AND_COMPRESSED, DATED, RENAMED},
    web::Kind,
};

#[test]
fn nginx_whose_log_is_renamed() {
    rotated::test(Kind::Nginx, RENAMED, 1);
}

#[test]
fn apache_whose_log_is_copied_and_truncated() {
    rotated::test(Kind::Apache, COPIED, 2);
}

#[test]
fn all_other_pairs_of_servers_and_rotations() {
    if !is_thorough() {
        return;
    }
    rotated::test(Kind::Apache, RENAMED, 3);
    for (seed, rotation) in (4..).zip([DATED, COPIED_AND_COMPRESSED]) {
        rotated::test(Kind::Nginx, rotation, seed);
        rotated::test(Kind::Apache, rotation, seed + 10);
    }
    rotated::test(Kind::Nginx, COPIED, 6);
}
