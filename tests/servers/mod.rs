//! Logs of real servers, which run on this machine for the time of a test and are sent awkward requests.
//!
//! They do where `HUSHLOG_SERVER_TESTS` is set, and a server that is missing is a failure then; without it
//! these tests do nothing. On Debian they need `apt-get install --no-install-recommends nginx apache2
//! haproxy squid lighttpd varnish caddy h2o nghttp2-proxy gunicorn`. Servers listen on the loopback
//! interface, in folders of their own; what is configured or runs on the machine already is not touched.
//! `-- --nocapture` shows how many lines each wrote.

mod client;
mod log;
pub(crate) mod process;
mod requests;
mod scrub;
mod statistics;
mod trial;

use self::{
    log::{Bytes, COMBINED, COMMON, Fields, Log, log},
    process::{SERVER, Server},
    trial::test,
};

#[test]
fn nginx() {
    let server = Server {
        name: "nginx",
        version: &["nginx", "-v"],
        files: &[("nginx.conf", include_str!("configurations/nginx.conf"))],
        commands: &[&[
            "nginx",
            "-c",
            "{folder}/nginx.conf",
            "-p",
            "{folder}",
            "-e",
            "{folder}/error.log",
        ]],
        ..SERVER
    };
    test(
        &server,
        &[
            Log {
                settings: &["@nginx.conf"],
                ..log("combined.log", Some("combined"))
            },
            Log {
                settings: &["@nginx.conf:main"],
                ..log("main.log", Some("nginx_main"))
            },
            Log {
                settings: &["@nginx.conf:dictionary"],
                ..log("json.log", Some("nginx_json"))
            },
            Log {
                settings: &["@nginx.conf:own"],
                ..log("own.log", None)
            },
        ],
    );
}

#[test]
fn apache() {
    let server = Server {
        name: "apache",
        version: &["apache2", "-v"],
        files: &[
            ("apache.conf", include_str!("configurations/apache.conf")),
            ("hello", "hello\n"),
        ],
        commands: &[&["apache2", "-D", "FOREGROUND", "-f", "{folder}/apache.conf"]],
        ..SERVER
    };
    let whole = |fields| Fields {
        bytes: Bytes::Whole,
        ..fields
    };
    test(
        &server,
        &[
            Log {
                settings: &["@apache.conf:combined"],
                fields: whole(COMBINED),
                ..log("combined.log", Some("combined"))
            },
            Log {
                settings: &["@apache.conf:vhost_combined"],
                fields: whole(COMBINED),
                ..log("vhost_combined.log", Some("vhost_combined"))
            },
            Log {
                settings: &["@apache.conf:common"],
                fields: whole(COMMON),
                ..log("common.log", Some("common"))
            },
            Log {
                settings: &["@apache.conf:combinedio"],
                ..log("combinedio.log", Some("combinedio"))
            },
            Log {
                settings: &["@apache.conf:own"],
                // `%U` is the path in its normal form.
                otherwise: &["//double", "/a/./b", "/user/zqcanary"],
                ..log("own.log", None)
            },
        ],
    );
}

#[test]
fn haproxy() {
    let server = Server {
        name: "haproxy",
        version: &["haproxy", "-v"],
        files: &[("haproxy.cfg", include_str!("configurations/haproxy.cfg"))],
        commands: &[&["haproxy", "-db", "-f", "{folder}/haproxy.cfg"]],
        ports: 2,
        ..SERVER
    };
    let other = |fields| Fields {
        bytes: Bytes::Other,
        ..fields
    };
    // Targets are cut at 1 KiB by default.
    let long = &["/long?q="][..];
    test(
        &server,
        &[
            Log {
                settings: &["haproxy"],
                fields: other(COMMON),
                // So are lines, in a query or in a path.
                otherwise: long,
                garbled: &["/endless"],
                ..log("output0", Some("haproxy"))
            },
            Log {
                port: 1,
                fields: other(COMMON),
                otherwise: long,
                ..log("syslog.log", Some("haproxy"))
            },
            Log {
                port: 1,
                settings: &["syslog:haproxy:host|agent|referrer"],
                fields: other(COMBINED),
                otherwise: long,
                ..log("syslog.log", None)
            },
        ],
    );
}

#[test]
fn squid() {
    let server = Server {
        name: "squid",
        version: &["squid", "-v"],
        files: &[("squid.conf", include_str!("configurations/squid.conf"))],
        commands: &[&["squid", "-N", "-f", "{folder}/squid.conf"]],
        // Lines are cut at 8 KiB together with their line feed.
        unsent: &["8 KiB", "14 KiB", "a target without end"],
        ..SERVER
    };
    let behind = |fields| Fields {
        bytes: Bytes::Whole,
        absolute: true,
        ..fields
    };
    // Quotes are not escaped, and these stand at the end of a target.
    let quoted = &["/quote\"", "\"x\""][..];
    test(
        &server,
        &[
            Log {
                fields: Fields {
                    protocol: false,
                    ..behind(COMMON)
                },
                // Bytes of targets are percent-encoded.
                otherwise: &["/caf"],
                ..log("native.log", Some("squid"))
            },
            Log {
                fields: behind(COMMON),
                otherwise: &["/caf"],
                garbled: quoted,
                ..log("common.log", Some("squid_common"))
            },
            Log {
                fields: behind(COMBINED),
                otherwise: &[
                    "/caf",
                    "/t/agent-with-quotes",
                    "/t/agent-with-escapes",
                    "-that-ends-its-field",
                ],
                garbled: quoted,
                ..log("combined.log", Some("squid_combined"))
            },
        ],
    );
}

#[test]
fn lighttpd() {
    let server = Server {
        name: "lighttpd",
        version: &["lighttpd", "-v"],
        files: &[
            (
                "lighttpd.conf",
                include_str!("configurations/lighttpd.conf"),
            ),
            ("site/hello", "hello\n"),
        ],
        commands: &[&["lighttpd", "-D", "-f", "{folder}/lighttpd.conf"]],
        ..SERVER
    };
    test(&server, &[log("access.log", Some("combined"))]);
}

#[test]
fn varnish() {
    const OWN: &str =
        r#"%{%s}t %h %D "%m %U%q %H" %s %b "%{User-agent}i" %{Varnish:hitmiss}x "%{Referer}i""#;
    let server = Server {
        name: "varnish",
        version: &["varnishd", "-V"],
        files: &[("varnish.vcl", include_str!("configurations/varnish.vcl"))],
        commands: &[
            &[
                "varnishd",
                "-F",
                "-j",
                "none",
                "-n",
                "{folder}/varnish",
                "-f",
                "{folder}/varnish.vcl",
                "-s",
                "malloc,16m",
                "-a",
                "127.0.0.1:{port}",
                "-a",
                "[::1]:{port}",
                "-T",
                "none",
            ],
            &[
                "varnishncsa",
                "-n",
                "{folder}/varnish",
                "-w",
                "{folder}/access.log",
            ],
            &[
                "varnishncsa",
                "-n",
                "{folder}/varnish",
                "-w",
                "{folder}/own.log",
                "-F",
                OWN,
            ],
        ],
        ..SERVER
    };
    // Fields are cut at 255 bytes by default.
    let cut = &["/long?q="][..];
    test(
        &server,
        &[
            Log {
                settings: &["varnish"],
                fields: Fields {
                    absolute: true,
                    ..COMBINED
                },
                otherwise: cut,
                ..log("access.log", Some("combined"))
            },
            Log {
                settings: &[OWN],
                otherwise: cut,
                ..log("own.log", None)
            },
        ],
    );
}

#[test]
fn caddy() {
    let server = Server {
        name: "caddy",
        version: &["caddy", "version"],
        files: &[("Caddyfile", include_str!("configurations/Caddyfile"))],
        commands: &[&[
            "caddy",
            "run",
            "--config",
            "{folder}/Caddyfile",
            "--adapter",
            "caddyfile",
        ]],
        ..SERVER
    };
    let access = Log {
        fields: Fields {
            protocol: false,
            ..COMBINED
        },
        // Bytes that are no UTF-8 come to be U+FFFD, and the body is counted that HEAD did not get.
        otherwise: &[
            "/caf",
            "/t/agent-of-Latin-1",
            "/t/referrer-of-bytes",
            "/head",
        ],
        ..log("access.log", Some("caddy"))
    };
    test(&server, &[access]);
}

#[test]
fn h2o() {
    let server = Server {
        name: "h2o",
        version: &["h2o", "-v"],
        files: &[
            ("h2o.conf", include_str!("configurations/h2o.conf")),
            ("site/pricing", "hello\n"),
        ],
        commands: &[&["h2o", "-c", "{folder}/h2o.conf"]],
        ..SERVER
    };
    let access = Log {
        // Quotes are escaped, but backslashes are not.
        otherwise: &["/back\\slash", "/t/agent-with-escapes"],
        garbled: &[
            "/t/referrer-with-backslashes",
            "/t/agent-that-ends-in-a-backslash",
        ],
        ..log("access.log", Some("combined"))
    };
    test(&server, &[access]);
}

#[test]
fn nghttpx() {
    let server = Server {
        name: "nghttpx",
        version: &["nghttpx", "--version"],
        files: &[("nghttpx.conf", include_str!("configurations/nghttpx.conf"))],
        commands: &[&["nghttpx", "--conf={folder}/nghttpx.conf"]],
        ..SERVER
    };
    let access = Log {
        // Targets are put into their normal form, and lines cut at 4 KiB.
        otherwise: &["//double", "/a/./b", "/fragment", "/lone?"],
        garbled: &["/long?q="],
        ..log("access.log", Some("combined"))
    };
    test(&server, &[access]);
}

#[test]
fn gunicorn() {
    let server = Server {
        name: "gunicorn",
        version: &["gunicorn", "--version"],
        files: &[(
            "configuration.py",
            include_str!("configurations/gunicorn.py"),
        )],
        commands: &[&[
            "gunicorn",
            "-c",
            "{folder}/configuration.py",
            "--chdir",
            "{folder}",
            "configuration:application",
        ]],
        // The newline is written as it is.
        unsent: &["user with a newline"],
        ..SERVER
    };
    let access = Log {
        // Bytes come to be characters of Latin-1, and are written in UTF-8.
        otherwise: &["/caf", "/t/agent-of", "/t/referrer-of-bytes"],
        // A quote gets a backslash before it, but a backslash gets none.
        garbled: &[
            "/back\\slash",
            "/t/referrer-with-backslashes",
            "/t/agent-that-ends-in-a-backslash",
            "/t/agent-with-escapes",
        ],
        ..log("access.log", Some("combined"))
    };
    test(&server, &[access]);
}
