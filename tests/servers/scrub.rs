//! Servers that log through `hushlog scrub`, and analysers that read what comes out.

use std::{env, fs, path::Path, process::Command};

use super::{
    client::{clients, send},
    process::{SERVER, Server},
    requests::requests,
    trial::traces,
};
use crate::program::{program, run_for};

/// Where a server's log goes.
const PIPED: &str = "piped.log";

fn are_wanted() -> bool {
    env::var_os("HUSHLOG_SERVER_TESTS").is_some()
}

/// Sends everything to a server, and looks at what has been written beside its own log.
fn test(server: &Server) {
    if !are_wanted() {
        return;
    }
    let requests = requests();
    let running = server.start();
    for client in clients() {
        for request in &requests {
            send(request, client, running.ports[0]);
        }
    }
    let folder = running.stop();
    let count = |name: &str| {
        let path = folder.path().join(name);
        let mut command = program();
        command
            .args(["formats", "test", "--examples=0", "combined"])
            .arg(&path);
        run_for(&mut command, 0);
        let log = fs::read(&path).expect("a log");
        log.split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .count()
    };
    assert_eq!(count(PIPED), count("combined.log"), "{}", server.version());
    let piped = fs::read(folder.path().join(PIPED)).expect("a log");
    traces().assert_none_in(&piped, PIPED);
    assert_goaccess_reads(&folder.path().join(PIPED));
}

/// Requires that `GoAccess` takes every line of a combined log.
fn assert_goaccess_reads(log: &Path) {
    let lines = fs::read_to_string(log).expect("a log").lines().count();
    let mut command = Command::new("goaccess");
    command
        .arg(log)
        .args(["--log-format=COMBINED", "--no-global-config", "-o", "json"]);
    let report: serde_json::Value =
        serde_json::from_slice(&run_for(&mut command, 0).stdout).expect("a report");
    assert_eq!(report["general"]["valid_requests"], lines);
    assert_eq!(report["general"]["failed_requests"], 0);
}

#[test]
fn apache_logs_through_a_pipe() {
    test(&Server {
        name: "apache",
        version: &["apache2", "-v"],
        files: &[
            ("hello", "hello\n"),
            ("apache.conf", include_str!("configurations/apache.conf")),
            (
                "piped.conf",
                concat!(
                    "Include {folder}/apache.conf\nCustomLog \"|",
                    env!("CARGO_BIN_EXE_hushlog"),
                    " scrub -f combined -o {folder}/piped.log\" combined\n"
                ),
            ),
        ],
        commands: &[&["apache2", "-D", "FOREGROUND", "-f", "{folder}/piped.conf"]],
        ..SERVER
    });
}

#[test]
fn nginx_logs_through_a_named_pipe() {
    test(&Server {
        name: "nginx",
        version: &["nginx", "-v"],
        files: &[(
            "nginx.conf",
            "daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nevents {}\nhttp {\n\
             access_log {folder}/combined.log combined;\naccess_log {folder}/pipe combined;\n\
             client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;\n\
             uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;\n\
             server { listen 127.0.0.1:{port}; listen [::1]:{port};\n\
             location / { return 200 \"hello\\n\"; } location /missing { return 404; } }\n}\n",
        )],
        commands: &[&[
            "sh",
            "-c",
            concat!(
                "mkfifo {folder}/pipe; ",
                env!("CARGO_BIN_EXE_hushlog"),
                " scrub -f combined -o {folder}/piped.log {folder}/pipe & \
                 exec nginx -c {folder}/nginx.conf -p {folder} -e {folder}/error.log"
            ),
        ]],
        ..SERVER
    });
}
