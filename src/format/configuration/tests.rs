//! Which format a configuration comes to.

use super::super::Format;
use crate::{format::Parsed, time::TimeZone};

const NGINX: &str = r#"
user www-data;  # 'not closed, but a comment
http {
    log_format short '$remote_addr [$time_local] '
                     '"$request" $status';
    # log_format commented '$remote_addr';
    log_format json escape=json
        '{"at":"$time_iso8601",'
        '"ip":"$remote_addr","request":"$request"}';
    log_format broken '$remote_addr $status';
    access_log off;
    server {
        access_log /var/log/nginx/access.log short buffer=32k;
        access_log /var/log/nginx/other.log json;
    }
}
"#;

const APACHE: &str = r#"
# LogFormat "%h" commented
ServerAdmin "webmaster@example.org
LogFormat "%h %l %u %t \"%r\" %>s %b" common
LogFormat "%v %h %t \
\"%r\" %>s" split
LogFormat "%h %Y" broken
<VirtualHost *:80>
    customlog ${APACHE_LOG_DIR}/access.log split env=!quiet
    CustomLog "|/usr/bin/logger -t x" "%t %h %{Referer}i"
</VirtualHost>
"#;

const SHORT: &str = r#"203.0.113.7 [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200"#;
const JSON: &str =
    r#"{"at":"2000-10-10T20:55:36+00:00","ip":"203.0.113.7","request":"GET /\"a\" HTTP/1.1"}"#;
const COMBINED: &str =
    r#"203.0.113.7 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "-""#;
const COMMON: &str = r#"203.0.113.7 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5"#;
const SPLIT: &str = r#"example.org 203.0.113.7 [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200"#;

#[test]
fn the_format_is_the_one_named_or_the_one_of_the_first_log() {
    let check = |text: &str, wanted: Option<&str>, line: &str| {
        let format = Format::from_configuration("server.conf", text, wanted).unwrap();
        let mut parser = format.parser(TimeZone::UTC);
        let parsed = parser.parse(line.as_bytes());
        assert!(matches!(parsed, Parsed::Record(_)), "{wanted:?}: {line}");
    };
    check(NGINX, None, SHORT);
    check(NGINX, Some("short"), SHORT);
    check(NGINX, Some("json"), JSON);
    check("access_log /var/log/access.log;", None, COMBINED);
    check("access_log a.log combined gzip;", None, COMBINED);
    check("access_log a.log buffer=1k;", None, COMBINED);
    check(
        "log_format a '$remote_addr [$time_local] \"$request\" $status';",
        None,
        SHORT,
    );
    check(APACHE, None, SPLIT);
    check(APACHE, Some("common"), COMMON);
    check(APACHE, Some("split"), SPLIT);
    check("CustomLog a.log combined", None, COMBINED);
    check(r#"CustomLog a.log "%h %t \"%r\" %>s""#, None, SHORT);
    check("TransferLog a.log", None, COMMON);
    check(
        "LogFormat \"%h %t \\\"%r\\\" %>s\"\nTransferLog a.log",
        None,
        SHORT,
    );
}

#[test]
fn errors_name_the_file_and_the_line() {
    let check = |text: &str, wanted: Option<&str>, expected: &str| {
        let error = Format::from_configuration("server.conf", text, wanted).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(
        NGINX,
        Some("broken"),
        "server.conf:10: the log format cannot be used: no field says when",
    );
    check(
        NGINX,
        Some("none"),
        "server.conf declares no log format \"none\" (it declares short, json, broken)",
    );
    check(
        "a;\naccess_log a.log main;",
        None,
        "server.conf:2: the log has the format \"main\"",
    );
    check(
        "log_format a 'b';\nlog_format c 'd';",
        None,
        "choose one by @server.conf:NAME (it declares a, c)",
    );
    check("events {}", None, "says nothing about access logs");
    check(
        "a;\nlog_format b 'c;",
        None,
        "server.conf:2: a quote is not closed",
    );
    check(
        APACHE,
        Some("broken"),
        "server.conf:7: the log format cannot be used: `%Y`",
    );
    check(
        "Listen 80\nCustomLog a.log \"%h",
        None,
        "server.conf:2: a quote is not closed",
    );
    check(
        "\nCustomLog a.log mine",
        None,
        "server.conf:2: the log has the format \"mine\"",
    );
}
