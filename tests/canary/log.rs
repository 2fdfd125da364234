//! A log in which every personal field of every line holds a marked token, in many spellings.

use crate::traces::{base64, base64_url, hex, percent};

/// A piece of personal data, and whether it is so by itself or only where something says so (a name
/// is a word like others until it stands behind `/user/` or in a field for names).
pub(super) struct Secret {
    pub(super) text: &'static str,
    by_itself: bool,
}

const fn secret(text: &'static str) -> Secret {
    let by_itself = true;
    Secret { text, by_itself }
}

pub(super) const MAIL: &str = "quill.zqmail7@mailer-zq.example";
const TOKEN: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ6cWNhbmFyeSJ9.Zk3xQ9vT7bN2mW5rL8cJ1dF4gH6sA0pE";

pub(super) const SECRETS: [Secret; 10] = [
    secret(MAIL),
    secret(TOKEN),
    // A token to reset a password, a session, a card (it has a valid check digit), a phone, a key.
    secret("rst9f8e7d6c5b4a3f2e1d0c7"),
    secret("c3a1f09b7d5e4826a0b1c2d3e4f50617"),
    secret("4539578763621486"),
    secret("447700900461"),
    secret("sk_live_51Hzq8Lm2Xv9QwErTy7Up"),
    secret("198.51.100.237"),
    secret("2001:db8:5afe:77::d1"),
    Secret {
        text: "zqcanaryuser",
        by_itself: false,
    },
];

/// Parts of a secret that must not come out either.
pub(super) const PARTS: [&str; 4] = ["quill.zqmail7", "mailer-zq", "198-51-100-237", "zqcanary"];

/// Ways in which clients write a text.
pub(super) fn spellings(text: &str) -> [String; 8] {
    let bytes = text.as_bytes();
    [
        text.to_owned(),
        percent(bytes),
        percent(percent(bytes).as_bytes()),
        percent(percent(percent(bytes).as_bytes()).as_bytes()),
        base64_url(bytes),
        percent(base64(bytes).as_bytes()),
        text.to_uppercase(),
        hex(bytes),
    ]
}

/// Targets in which a secret is one wherever it stands.
const OPEN_TARGETS: [&str; 6] = [
    "/{}",
    "/docs/{}/edit",
    "/files/report-{}.pdf",
    "/x/{}%0a",
    "http://{}@www.example.com/absolute/{}",
    "/a/b/c/d/e/f/g/h/{}",
];

/// Targets in which any text is personal.
const NAMED_TARGETS: [&str; 5] = [
    "/user/{}",
    "/reset/{}/",
    "/~{}/home",
    "/page;id={}?q={}#{}",
    "/landing?email={}&{}=1&{}",
];

/// Targets of which a mail address or a long token can be no name of a campaign either.
const CAMPAIGN_TARGETS: [&str; 1] =
    ["/sale?utm_source={}&utm_medium=email{}&utm_campaign={}&utm_term={}&utm_id={}"];

const REFERRERS: [&str; 8] = [
    "https://{}:{}@www.example.org/{}?x={}#{}",
    "https://search.example.net/{}?{}={}",
    "android-app://{}/",
    "{}",
    "https://{}.github.io/",
    "http://{}/",
    "//{}/{}",
    "https://ec2-198-51-100-237.compute-1.amazonaws.com/{}",
];

const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; {}) Gecko/20100101 Firefox/127.0",
    "{}",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://{}/)",
];

/// Requests that are none.
const REQUESTS: [&str; 4] = ["{} / HTTP/1.1", "GET / {}", "{}", "GET  {} HTTP/1.1"];

/// Lines of no format.
pub(super) const MALFORMED: [&str; 5] = [
    "{}",
    "{} - {} [03/Jun/2025:10:00:00 +0000] \"GET /{}",
    "{} - - [{}] \"GET /{} HTTP/1.1\" 200 5 \"{}\" \"{}\"",
    "81.120.207.113 - - [03/Jun/2025:10:00:00 +0000] \"GET / HTTP/1.1\" {} {} \"-\" \"-\"",
    "\u{16}\u{3}\u{1}{}\u{0}\u{7f}\u{1b}[2J",
];

/// A form of the log's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Common,
    Combined,
    VirtualHost,
    Own,
}

/// Every kind of log.
pub(super) const FORMATS: [Format; 4] = [
    Format::Common,
    Format::Combined,
    Format::VirtualHost,
    Format::Own,
];

impl Format {
    /// As `--log-format` takes it.
    pub(super) fn argument(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::Combined => "auto",
            Self::VirtualHost => "vhost_combined",
            Self::Own => {
                r#"%v %l %u %h %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i" "%{Cookie}i" "%{X-Forwarded-For}i" "%{X-User}o" %f %D"#
            }
        }
    }
}

/// One request in which every field may hold a secret.
struct Request<'a> {
    client: &'a str,
    request: &'a str,
    status: u16,
    referrer: &'a str,
    agent: &'a str,
    /// What all other fields say.
    secret: &'a str,
    second: usize,
}

impl Request<'_> {
    fn line(&self, format: Format) -> String {
        let Self {
            client,
            request,
            status,
            referrer,
            agent,
            secret,
            second,
        } = self;
        let (hour, minute) = (8 + second / 3600 % 12, second / 60 % 60);
        let time = format!(
            "[03/Jun/2025:{hour:02}:{minute:02}:{:02} +0000]",
            second % 60
        );
        let common = format!("{client} {secret} {secret} {time} \"{request}\" {status} 512");
        match format {
            Format::Common => common,
            Format::Combined => format!("{common} \"{referrer}\" \"{agent}\""),
            Format::VirtualHost => {
                format!("{secret}.example.com:443 {common} \"{referrer}\" \"{agent}\"")
            }
            Format::Own => format!(
                "{secret} {secret} {secret} {client} {time} \"{request}\" {status} 512 \"{referrer}\" \
                 \"{agent}\" \"sid={secret}; {secret}=1\" \"{secret}, {client}\" \"{secret}\" \
                 /home/{secret} 77"
            ),
        }
    }
}

/// More than the threshold of these tests.
pub(super) const NETWORKS: usize = 8;

/// An address of a network. A client has few requests, lest it be taken for a machine.
pub(super) fn client(network: usize, number: usize) -> String {
    let host = 100 + number % 97;
    match network {
        5 => format!("2a02:1f{network}a:77c:{host:x}::{host:x}e"),
        6 => format!("::ffff:93.184.156.{host}"),
        7 => format!("host-{host}-zqcanary.provider.example"),
        _ => format!("81.{}.207.{host}", 120 + network),
    }
}

/// A log full of secrets, each of its requests sent from every network.
pub(super) fn log(format: Format) -> String {
    let mut log = String::new();
    let mut number = 0;
    for secret in &SECRETS {
        for spelling in spellings(secret.text) {
            let fill = |template: &str| template.replace("{}", &spelling);
            for target in targets(secret) {
                let (request, status) = match number % 10 {
                    8 => (format!("POST {} HTTP/2.0", fill(target)), 200),
                    9 => (format!("GET {} HTTP/1.1", fill(target)), 404),
                    _ => (format!("GET {} HTTP/1.1", fill(target)), 200),
                };
                push(&mut log, format, &request, status, &spelling, number);
                number += 1;
            }
            for request in REQUESTS {
                push(&mut log, format, &fill(request), 400, &spelling, number);
                number += 1;
            }
            for line in MALFORMED {
                log += &format!("{}\n", fill(line));
            }
        }
        log += &format!(
            "81.120.207.113 - - [{0} \"GET /{0}{1}\n",
            secret.text,
            "x".repeat(70_000)
        );
        log += &format!("{}{}\n", "y".repeat(70_000), secret.text);
    }
    log
}

fn targets(secret: &Secret) -> Vec<&'static str> {
    let mut targets = NAMED_TARGETS.to_vec();
    if secret.by_itself {
        targets.extend(OPEN_TARGETS);
    }
    if [MAIL, TOKEN].contains(&secret.text) {
        targets.extend(CAMPAIGN_TARGETS);
    }
    targets
}

fn push(
    log: &mut String,
    format: Format,
    request: &str,
    status: u16,
    spelling: &str,
    number: usize,
) {
    let referrer = REFERRERS[number % REFERRERS.len()].replace("{}", spelling);
    // A few are crawlers; the others' requests are what the tables of visits are made of.
    let agent = AGENTS[if number.is_multiple_of(7) {
        2
    } else {
        number % 2
    }];
    for network in 0..NETWORKS {
        let request = Request {
            client: &client(network, number),
            request,
            status,
            referrer: &referrer,
            agent: &agent.replace("{}", spelling),
            secret: spelling,
            second: number * 7 + network,
        };
        log.push_str(&request.line(format));
        log.push('\n');
    }
}
