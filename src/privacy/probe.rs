//! Requests that look for weaknesses: the class of the attack that a request is of, if it is a known one.
//!
//! The classes are closed and the raw target never leaves: what comes out is a class or none. A request is
//! looked at once per distinct value, its path and query with all escapes undone, in lower case, backslashes as
//! slashes and runs of spaces and comments as one space. It is of the first class, in the order of
//! [`Probe::ALL`], that a pattern of [`RULES`] is found of.
//!
//! Which requests these are is known from public lists of what such programs ask for; sources stand beside the
//! patterns, which are own. CWE is the Common Weakness Enumeration, CAPEC the Common Attack Pattern Enumeration
//! (both MITRE), CVE a record of cve.org, WSTG the OWASP Web Security Testing Guide 4.2, CRS the rules of the
//! OWASP Core Rule Set 4 by their numbers.

use std::fmt;

use aho_corasick::AhoCorasick;

use super::url::decode_fully;

/// What a request looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Probe {
    /// A query of a database that a value breaks out into.
    SqlInjection = 1,
    /// A command or program that a value is run as.
    CommandInjection,
    /// A script that a value brings into a page.
    CrossSiteScripting,
    /// A file outside of what the server shows.
    PathTraversal,
    /// A file with secrets that was left where the server shows it.
    SecretFiles,
    /// A program that an earlier intruder left behind.
    WebShell,
    /// The door of `WordPress`.
    WpLogin,
    /// The door of another program for administrators.
    AdminTools,
    /// Whatever a scanner asks for that says it is one, by the list of crawlers.
    ScannerAgent,
}

/// What is looked for, and who says that it is.
type Rule = (Probe, &'static [&'static str]);

/// A `?` in a pattern is the end of the path.
const RULES: &[Rule] = &[
    // CWE-89, CAPEC-66, CRS 942100 to 942190.
    (
        Probe::SqlInjection,
        &[
            "union select",
            "union all select",
            "union distinct select",
            "' or '1'='1",
            "' or 1=1",
            "\" or 1=1",
            " or 1=1--",
            " and 1=1--",
            "' and '1'='1",
            "information_schema",
            "select sleep(",
            "and sleep(",
            "or sleep(",
            "benchmark(",
            "pg_sleep(",
            "waitfor delay",
            "xp_cmdshell",
            "extractvalue(",
            "updatexml(",
            "; drop table",
            ";drop table",
        ],
    ),
    // CWE-78, CAPEC-88, CRS 932 and 944; CVE-2021-44228 (jndi), CVE-2017-9841 (eval-stdin), CVE-2018-20062
    // (invokefunction), CVE-2012-1823 (allow_url_include), CVE-2023-1389 (luci), CVE-2018-10561 (GponForm).
    (
        Probe::CommandInjection,
        &[
            "${jndi:",
            "eval-stdin.php",
            "invokefunction",
            "allow_url_include",
            "auto_prepend_file",
            "/cgi-bin/luci/",
            "/gponform/",
            ";wget ",
            "; wget ",
            "|wget ",
            ";curl ",
            "; curl ",
            "|curl ",
            "`wget ",
            "$(wget",
            "$(curl",
            "/bin/sh",
            "/bin/bash",
            "cmd.exe",
            "|cat /",
            ";cat /",
            "; cat /",
        ],
    ),
    // CWE-79, CAPEC-63, CRS 941110 to 941170.
    (
        Probe::CrossSiteScripting,
        &[
            "<script",
            "javascript:",
            "onerror=",
            "onload=",
            "<svg/",
            "<svg ",
            "<iframe",
            "alert(",
            "document.cookie",
        ],
    ),
    // CWE-22, CAPEC-126, CRS 930100 to 930130. No client that follows RFC 3986, section 5.2.4, sends `/../`.
    (
        Probe::PathTraversal,
        &[
            "/../",
            "../../",
            "/..;/",
            "etc/passwd",
            "etc/shadow",
            "/proc/self/",
            "/windows/win.ini",
            "/winnt/",
            "boot.ini",
            "php://",
            "file:///",
            "expect://",
        ],
    ),
    // WSTG-CONF-04, CWE-538, CRS 930130 and its list of restricted files.
    (
        Probe::SecretFiles,
        &[
            "/.env?",
            "/.env.",
            "/.env/",
            "/.env_",
            "/.git/",
            "/.gitconfig",
            "/.svn/",
            "/.hg/",
            "/.aws/",
            "/.ssh/",
            "/.docker/",
            "/.kube/",
            "/.vscode/",
            "/.ds_store",
            "/.htpasswd",
            "/.htaccess",
            "/.bash_history",
            "/.npmrc",
            "/.pgpass",
            "/id_rsa",
            "/wp-config.php",
            "/wp-config.txt",
            "/wp-config.bak",
            "/configuration.php.bak",
            "/config.php.bak",
            "/phpinfo.php",
            "/info.php?",
            "/backup.sql",
            "/dump.sql",
            "/database.sql",
            "/backup.zip",
            "/web.config?",
            "/credentials.json",
            "/secrets.yml",
            "/actuator/env",
            "/actuator/heapdump",
        ],
    ),
    // CWE-553, ATT&CK T1505.003.
    (
        Probe::WebShell,
        &[
            "/shell.php",
            "/cmd.php",
            "/c99.php",
            "/r57.php",
            "/wso.php",
            "/alfa.php",
            "/alfacgiapi/",
            "/b374k.php",
            "/webshell",
            "/wp-content/plugins/hellopress/",
        ],
    ),
    // CAPEC-49 and CAPEC-112; developer.wordpress.org, "Brute Force Attacks".
    (
        Probe::WpLogin,
        &[
            "/wp-login.php",
            "/xmlrpc.php",
            "/wp-admin/install.php",
            "/wp-admin/setup-config.php",
            "/wlwmanifest.xml",
        ],
    ),
    // WSTG-CONF-05, CWE-1188, CRS 930130.
    (
        Probe::AdminTools,
        &[
            "/phpmyadmin",
            "/pma/",
            "/adminer.php",
            "/adminer-",
            "/mysqladmin/",
            "/manager/html",
            "/jmx-console",
            "/actuator",
            "/solr/admin",
            "/_ignition/",
            "/telescope/requests",
            "/server-status?",
            "/hnap1",
            "/boaform/",
            "/owa/auth/",
            "/autodiscover/autodiscover.json",
            "/geoserver/",
            "/console/login/loginform.jsp",
            "/hudson?",
            "/remote/login?",
            "/_profiler/",
        ],
    ),
];

/// How much of a path and of a query is looked at, in bytes.
const EXAMINED: usize = 4096;

impl Probe {
    /// Every class, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::SqlInjection,
        Self::CommandInjection,
        Self::CrossSiteScripting,
        Self::PathTraversal,
        Self::SecretFiles,
        Self::WebShell,
        Self::WpLogin,
        Self::AdminTools,
        Self::ScannerAgent,
    ];

    /// Its name, as published.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SqlInjection => "sql-injection",
            Self::CommandInjection => "command-injection",
            Self::CrossSiteScripting => "cross-site-scripting",
            Self::PathTraversal => "path-traversal",
            Self::SecretFiles => "secret-files",
            Self::WebShell => "web-shell",
            Self::WpLogin => "wp-login",
            Self::AdminTools => "admin-tools",
            Self::ScannerAgent => "scanner-agent",
        }
    }

    /// The class of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|probe| probe.name() == name)
    }

    /// Its number, above 0.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The class of a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        let position = usize::from(number).checked_sub(1)?;
        Self::ALL.get(position).copied()
    }
}

/// Finds what requests look for.
#[derive(Clone)]
pub(super) struct ProbeRules {
    patterns: AhoCorasick,
    /// The class of each pattern.
    classes: Vec<Probe>,
}

impl ProbeRules {
    pub(super) fn new() -> Self {
        let rules = RULES.iter();
        let rules = rules.flat_map(|(class, patterns)| patterns.iter().map(|it| (*class, *it)));
        let (classes, patterns): (Vec<_>, Vec<_>) = rules.unzip();
        let patterns = AhoCorasick::new(patterns);
        Self {
            patterns: patterns.expect("the rules are far below the automaton's limits"),
            classes,
        }
    }

    /// The class of a request by its target, in which nothing is decoded yet.
    pub(super) fn class(&self, path: &[u8], query: &[u8]) -> Option<Probe> {
        let text = plain(path, query);
        let found = self.patterns.find_overlapping_iter(&text);
        found.map(|it| self.classes[it.pattern().as_usize()]).min()
    }
}

impl fmt::Debug for ProbeRules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ProbeRules")
    }
}

/// Path and query as patterns are written, the path with a `?` behind it.
fn plain(path: &[u8], query: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(path.len().min(EXAMINED) + query.len().min(EXAMINED) + 1);
    append_plain(path, &mut text);
    text.push(b'?');
    if !query.is_empty() {
        let spaced: Vec<u8> = query
            .iter()
            .map(|&byte| if byte == b'+' { b' ' } else { byte })
            .collect();
        append_plain(&spaced, &mut text);
    }
    text
}

/// Text with its escapes undone, unless they are too many, in lower case, with single spaces.
fn append_plain(raw: &[u8], text: &mut Vec<u8>) {
    let raw = &raw[..raw.len().min(EXAMINED)];
    let decoded = decode_fully(raw);
    let mut rest = decoded.as_deref().unwrap_or(raw);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'\\' => text.push(b'/'),
            b'/' if rest.starts_with(b"*") => {
                let end = rest[1..].windows(2).position(|pair| pair == b"*/");
                rest = end.map_or(rest, |end| &rest[end + 3..]);
                push_space(text);
            }
            byte if byte.is_ascii_whitespace() => push_space(text),
            byte => text.push(byte.to_ascii_lowercase()),
        }
    }
}

fn push_space(text: &mut Vec<u8>) {
    if text.last() != Some(&b' ') {
        text.push(b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_of_the_class_that_they_look_for() {
        let rules = ProbeRules::new();
        for (path, query, expected) in [
            ("/", "", None),
            ("/blog/how-to-select-a-union", "page=2", None),
            ("/environment", "", None),
            ("/.environment", "", None),
            ("/shop", "q=cats+and+dogs&sort=1", None),
            ("/a;b=c", "x=%zz", None),
            ("/wp-login.php", "", Some(Probe::WpLogin)),
            ("//blog/WP-Login.php", "redirect_to=/", Some(Probe::WpLogin)),
            ("/xmlrpc.php", "rsd", Some(Probe::WpLogin)),
            ("/.env", "", Some(Probe::SecretFiles)),
            ("/api/.env.production", "", Some(Probe::SecretFiles)),
            ("/%2e%65nv", "", Some(Probe::SecretFiles)),
            ("/.git/config", "", Some(Probe::SecretFiles)),
            (
                "/images/..%2f..%2f..%2fetc%2fpasswd",
                "",
                Some(Probe::PathTraversal),
            ),
            (
                "/a/..\\..\\windows\\win.ini",
                "",
                Some(Probe::PathTraversal),
            ),
            (
                "/view",
                "file=%252e%252e%252f%252e%252e%252fetc",
                Some(Probe::PathTraversal),
            ),
            (
                "/item",
                "id=1%27+OR+%271%27%3D%271",
                Some(Probe::SqlInjection),
            ),
            (
                "/item",
                "id=1+UNION/**/ALL%20%20SELECT+1,2",
                Some(Probe::SqlInjection),
            ),
            ("/item", "id=1;/*", None),
            ("/x", "a=${jndi:ldap://h/a}", Some(Probe::CommandInjection)),
            (
                "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
                "",
                Some(Probe::CommandInjection),
            ),
            (
                "/x",
                "s=%3Cscript%3Ealert(1)%3C/script%3E",
                Some(Probe::CrossSiteScripting),
            ),
            ("/phpMyAdmin/index.php", "", Some(Probe::AdminTools)),
            ("/actuator/env", "", Some(Probe::SecretFiles)),
            ("/actuator/health", "", Some(Probe::AdminTools)),
            ("/c99.php", "", Some(Probe::WebShell)),
            // The first class of those that fit.
            (
                "/cgi-bin/../../../bin/sh",
                "",
                Some(Probe::CommandInjection),
            ),
        ] {
            let class = rules.class(path.as_bytes(), query.as_bytes());
            assert_eq!(class, expected, "{path}?{query}");
        }
    }

    #[test]
    fn patterns_are_written_as_text_is_read() {
        for (class, patterns) in RULES {
            for pattern in *patterns {
                let (path, query) = pattern.split_once('?').unwrap_or((pattern, ""));
                let mut text = Vec::new();
                append_plain(path.as_bytes(), &mut text);
                assert_eq!(text, path.as_bytes(), "{class:?}");
                assert_eq!(query, "", "{class:?}");
            }
        }
    }

    #[test]
    fn numbers_and_names_are_of_one_class_each() {
        for probe in Probe::ALL {
            assert_eq!(Probe::from_number(probe.number()), Some(probe));
            assert_eq!(Probe::named(probe.name()), Some(probe));
        }
        assert_eq!(Probe::from_number(0), None);
        assert_eq!(Probe::from_number(10), None);
    }
}
