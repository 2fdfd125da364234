//! The recipes of the manual as they are written there: servers are started with its files, and hushlog by its
//! commands.
//!
//! Folders of the machine are within that of the test, and the ports 5514 and 9180 are free ones.

use std::{
    fs,
    os::unix::fs::symlink,
    process::{Command, Output, Stdio},
};

use super::{
    place::{Place, await_listening, has},
    watching::{DAYS, numbers},
    web::{Kind, WHOLE, Web, ask},
};
use crate::{
    manual::{
        page::{Block, Page},
        sandbox::{inside, path},
    },
    program::{program, run, run_for, without_settings},
    site::{lines, midnight, text},
    watch::eventually,
};

/// All of them, in order.
pub(crate) const RECIPES: [&str; 9] = [
    "apache-pipe",
    "caddy",
    "cron",
    "haproxy",
    "logrotate",
    "nginx-file",
    "nginx-pipe",
    "nginx-syslog",
    "rsyslog",
];

/// Requests that a server is sent: as many as a unix socket's queue holds.
const REQUESTS: u64 = 8;

#[test]
fn nginx_and_a_file() {
    nginx("nginx-file");
}

#[test]
fn nginx_and_a_named_pipe() {
    nginx("nginx-pipe");
}

#[test]
fn nginx_and_a_socket_of_syslog() {
    nginx("nginx-syslog");
}

/// nginx with the file of a recipe, and the watch of it.
fn nginx(recipe: &str) {
    if !has(&["nginx"]) {
        return;
    }
    let mut recipe = Recipe::new(recipe);
    recipe.watch();
    let web = Web::start(Kind::Nginx, &mut recipe.place, "/dev/null", DAYS[0].1);
    for _ in 0..REQUESTS {
        web.get("/about");
    }
    recipe.await_requests();
}

#[test]
fn apache_and_a_piped_log() {
    if !has(&["apache2"]) {
        return;
    }
    let mut recipe = Recipe::new("apache-pipe");
    recipe.prepare();
    let logs = "LogFormat \"%h %l %u %t \\\"%r\\\" %>s %O \\\"%{Referer}i\\\" \\\"%{User-Agent}i\\\"\" combined\n\
                Include {folder}/etc/apache2/conf-enabled/hushlog.conf";
    let web = Web::start(Kind::Apache, &mut recipe.place, logs, DAYS[0].1);
    for _ in 0..REQUESTS {
        web.get("/about?name=alice");
    }
    eventually(|| recipe.place.lines_of(SCRUBBED) == REQUESTS);
    let scrubbed = fs::read_to_string(recipe.place.path(SCRUBBED)).expect("a log");
    assert!(scrubbed.contains("\"GET /about HTTP/1.1\" 200"));
    assert!(!scrubbed.contains("81.70.7.7") && !scrubbed.contains("alice"));
}

const SCRUBBED: &str = "var/log/hushlog/access.log";

#[test]
fn caddy() {
    if !has(&["caddy"]) {
        return;
    }
    let mut recipe = Recipe::new("caddy");
    recipe.place.write(
        "Caddyfile",
        "{\n\tadmin off\n\tauto_https off\n\tstorage file_system {folder}\n}\n\
         import {folder}/etc/caddy/Caddyfile\n",
    );
    let words = ["caddy", "run", "--adapter", "caddyfile", "--config"];
    recipe
        .place
        .run(&[&words[..], &["{folder}/Caddyfile"]].concat());
    await_listening(recipe.port);
    for _ in 0..REQUESTS {
        ask(recipe.port, "/about", "User-Agent: Mozilla/5.0");
    }
    eventually(|| recipe.place.lines_of("var/log/caddy/access.log") == REQUESTS);
    let said = recipe.run(&recipe.commands[0]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let open = format!("not yet over {REQUESTS}");
    assert!(words_of(&said).contains(&open), "{said}");
}

#[test]
fn haproxy() {
    if !has(&["haproxy"]) {
        return;
    }
    let mut recipe = Recipe::new("haproxy");
    recipe.watch();
    let port = recipe.place.port("port");
    recipe.place.write(
        "frontend.cfg",
        "frontend web\n    bind 127.0.0.1:{port}\n    http-request return status 200\n",
    );
    let words = ["haproxy", "-db", "-f", "{folder}/etc/haproxy/haproxy.cfg"];
    recipe
        .place
        .run(&[&words[..], &["-f", "{folder}/frontend.cfg"]].concat());
    await_listening(port);
    let asked = || {
        ask(port, "/about", "User-Agent: Mozilla/5.0");
    };
    for _ in 0..REQUESTS {
        asked();
    }
    // Connections to find out whether it listens are logged too.
    eventually(|| numbers(recipe.metrics).parsed >= REQUESTS);
    assert_eq!(numbers(recipe.metrics).lost, 0);
}

#[test]
fn rsyslog() {
    if !has(&["rsyslogd", "nginx"]) {
        return;
    }
    let mut recipe = Recipe::new("rsyslog");
    recipe.watch();
    let place = &mut recipe.place;
    place.write("var/log/nginx/access.log", "");
    place.write("spool/made", "");
    place.write(
        "rsyslog.conf",
        "global(workDirectory=\"{folder}/spool\")\ninclude(file=\"{folder}/etc/rsyslog.d/*.conf\")\n",
    );
    let words = ["rsyslogd", "-n", "-f", "{folder}/rsyslog.conf", "-i"];
    place.run(&[&words[..], &["{folder}/rsyslog.pid"]].concat());
    let log = "{folder}/var/log/nginx/access.log";
    let web = Web::start(Kind::Nginx, place, log, DAYS[0].1);
    for _ in 0..REQUESTS {
        web.get("/about");
    }
    recipe.await_requests();
}

#[test]
fn logrotate() {
    if !has(&["nginx", "logrotate"]) {
        return;
    }
    let mut recipe = Recipe::new("logrotate");
    let log = "{folder}/var/log/nginx/access.log";
    let web = Web::start(Kind::Nginx, &mut recipe.place, log, DAYS[0].1);
    let number = recipe.place.path("run/nginx.pid");
    symlink(recipe.place.path("server.pid"), number).expect("a link");
    for network in 1..=20 {
        let head = format!("X-Test-Client: 81.70.{network}.7\r\nX-Test-Clock: 12:00:00");
        ask(web.port, "/about", &head);
    }
    let mut logrotate = without_settings(Command::new("logrotate"));
    logrotate.args(["--force", "--state"]);
    logrotate.arg(recipe.place.path("logrotate.state"));
    run_for(logrotate.arg(recipe.place.path("etc/logrotate.d/nginx")), 0);
    assert_eq!(recipe.place.lines_of("var/log/nginx/access.log"), 0);
    recipe.assert_released(20);
}

#[test]
fn cron() {
    let recipe = Recipe::new("cron");
    let day = lines(midnight(2025, 6, 3), 1, 60);
    recipe
        .place
        .write("var/log/apache2/access.log.1", &text(&day));
    let table = fs::read_to_string(recipe.place.path("etc/cron.d/hushlog")).expect("a table");
    let mut words = table.trim_end().splitn(7, ' ').filter(|it| !it.is_empty());
    let fields: Vec<&str> = words.by_ref().take(5).collect();
    assert_eq!(fields, ["30", "0", "*", "*", "*"]);
    let (_, command) = table.split_once("root  ").expect("a user and a command");
    // The rest of a line after a percent sign is the command's input.
    assert!(!command.contains('%'));
    let said = recipe.run(command.trim_end());
    assert!(said.stdout.is_empty() && said.stderr.is_empty(), "{said:?}");
    recipe.assert_released(180);
}

/// A recipe, in a place with a key file.
struct Recipe {
    place: Place,
    commands: Vec<String>,
    /// Stands for 5514.
    port: u16,
    /// Stands for 9180.
    metrics: u16,
}

impl Recipe {
    /// Writes the files of a recipe.
    fn new(name: &str) -> Self {
        let mut place = Place::new();
        let (port, metrics) = (place.port("listened"), place.port("metrics"));
        for folder in [
            "etc/hushlog",
            "run",
            "srv",
            "var/log/nginx",
            "var/log/caddy",
        ] {
            fs::create_dir_all(place.path(folder)).expect("a folder");
        }
        let key = place.path("etc/hushlog/key");
        run_for(
            program().args(["key", "new", "--from", DAYS[0].0]).arg(key),
            0,
        );
        let mut recipe = Self {
            place,
            commands: Vec::new(),
            port,
            metrics,
        };
        for block in Page::read("docs/manual/recipes.md").blocks() {
            if block.attribute("recipe") == Some(name) {
                recipe.add(&block);
            }
        }
        recipe
    }

    fn add(&mut self, block: &Block) {
        let text = self.here(&block.text);
        match block.attribute("file") {
            Some(file) => {
                let path = self.place.path(file.trim_start_matches('/'));
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                fs::write(path, text).expect("a written file");
            }
            None => self.commands.push(text.trim_end().to_owned()),
        }
    }

    /// A text of the manual as it is in this place.
    fn here(&self, text: &str) -> String {
        let text = text.replace(
            "/usr/bin/hushlog",
            &program().get_program().to_string_lossy(),
        );
        inside(&text, &self.place.path(""))
            .replace("5514", &self.port.to_string())
            .replace("9180", &self.metrics.to_string())
    }

    /// Runs a command to its end.
    fn run(&self, command: &str) -> Output {
        let mut shell = without_settings(Command::new("sh"));
        shell.args(["-e", "-c", command]).env("PATH", path());
        shell.stdin(Stdio::null());
        let output = run(&mut shell);
        assert!(output.status.success(), "{command}: {output:?}");
        output
    }

    /// Runs what has to be done before anything is started.
    fn prepare(&self) {
        for command in &self.commands {
            if !is_watch(command) {
                self.run(command);
            }
        }
    }

    /// Prepares, and starts the watch.
    fn watch(&mut self) {
        self.prepare();
        let watch = self.commands.iter().find(|command| is_watch(command));
        let script = format!("PATH={}; {}", path(), watch.expect("a watch"));
        self.place.run(&["sh", "-c", &script]);
        await_listening(self.metrics);
    }

    /// Waits until each line that the server has written is counted.
    #[track_caller]
    fn await_requests(&self) {
        eventually(|| numbers(self.metrics).parsed == REQUESTS);
        let numbers = numbers(self.metrics);
        assert_eq!((numbers.others, numbers.lost), (0, 0), "{numbers:?}");
        assert_eq!(self.place.lines_of(WHOLE), REQUESTS);
    }

    /// Requires the statistics of the first of the days, of so many requests.
    #[track_caller]
    fn assert_released(&self, requests: u64) {
        let day = format!("srv/statistics/date={}/summary.csv", DAYS[0].0);
        let summary = fs::read_to_string(self.place.path(&day)).expect("a release");
        let row = summary.lines().nth(1).expect("a row");
        assert!(
            row.starts_with(&format!("{},{requests},", DAYS[0].0)),
            "{row}"
        );
    }
}

fn is_watch(command: &str) -> bool {
    command.starts_with("hushlog watch")
}

/// A text with single spaces between its words.
fn words_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
