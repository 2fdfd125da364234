//! The requests that the servers are sent: ordinary ones, awkward ones, and what is none.

use crate::traces::base64;

/// A browser's agent, by which visits are counted.
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/// The host in every request.
pub(super) const HOST: &str = "www.example.com";

/// Personal data in the requests: in names of users, queries, referrers, agents, cookies.
pub(super) const SECRETS: [&str; 6] = [
    "zqcanary",
    "quill.zqmail7@mailer-zq.example",
    "quill.zqmail7%40mailer-zq.example",
    "rst9f8e7d6c5b4a3f2e1d0c7",
    "c3a1f09b7d5e4826a0b1c2d3e4f50617",
    "sk_live_51Hzq8Lm2Xv9QwErTy7Up",
];

/// How a client ends its part of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It waits for the server to close.
    Wait,
    /// It says that nothing more will come, and waits.
    Finish,
    /// It goes away at once.
    Close,
}

/// What is sent over one connection.
pub(super) struct Request {
    /// What the tests call it.
    pub(super) name: &'static str,
    /// All bytes.
    pub(super) sent: Vec<u8>,
    /// What a log says of it; none where that depends too much on the server.
    pub(super) logged: Option<Logged>,
    pub(super) ending: Ending,
}

/// What a log says of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Logged {
    pub(super) method: &'static str,
    pub(super) target: Vec<u8>,
    pub(super) protocol: &'static str,
    pub(super) referrer: Vec<u8>,
    pub(super) agent: Vec<u8>,
}

/// A request that is put together.
struct Draft {
    name: &'static str,
    logged: Logged,
    /// Further lines of the header, and the body.
    rest: Vec<u8>,
    ending: Ending,
}

/// Everything that is sent.
pub(super) fn requests() -> Vec<Request> {
    let mut requests = Vec::new();
    requests.extend(ordinary().map(Draft::finished));
    requests.extend(targets().map(Draft::finished));
    requests.extend(headers().map(Draft::finished));
    requests.extend(methods().map(Draft::finished));
    requests.extend(garbage());
    requests
}

fn ordinary() -> impl Iterator<Item = Draft> {
    let pages = ["/pricing", "/about", "/missing"];
    let pages = pages.map(|page| {
        get(page, page)
            .agent(FIREFOX)
            .referrer("https://www.google.com/")
    });
    let crawled = ["/crawled", "/crawled/too"];
    let crawled = crawled.map(|page| get(page, page).agent(GOOGLEBOT));
    pages.into_iter().chain(crawled)
}

fn targets() -> impl Iterator<Item = Draft> {
    let long = |length: usize| format!("/long?q={}", "a1-%20".repeat(length / 6));
    let named: [(&str, Vec<u8>); 25] = [
        ("quotes", b"/quote\"d\"?say=\"hello\"".into()),
        ("a quote at the end", b"/quote\"".into()),
        ("backslashes", br#"/back\slash\\two\"?\x22\n\"#.into()),
        ("a backslash at the end", br"/end\".into()),
        ("bytes of UTF-8", "/café/日本?ü=ß".into()),
        ("bytes of Latin-1", b"/caf\xe9/\xff\xfe?\x80".into()),
        (
            "an encoded newline",
            b"/line?next=a%0ab%0D%0A127.0.0.1%20-%20-".into(),
        ),
        ("an encoded NUL", b"/nul?x=%00".into()),
        ("a broken escape", b"/%zz/%/%4?%".into()),
        ("4 KiB", long(4 << 10).into()),
        ("8 KiB", long(8 << 10).into()),
        ("14 KiB", long(14 << 10).into()),
        ("slashes", b"//double//slash/".into()),
        ("dot segments", b"/a/./b/../c".into()),
        ("a fragment", b"/fragment#part".into()),
        (
            "signs",
            b"/{brace}|pipe^tick`[bracket]<angle>~$1;a=1,2".into(),
        ),
        (
            "the end of a field",
            br#"/" 200 5 "-" "-"#.map(|byte| if byte == b' ' { b'+' } else { byte }).into(),
        ),
        (
            "a log line",
            b"/x?127.0.0.1+-+-+[10/Oct/2000:13:55:36+-0700]+\"GET+/+HTTP/1.0\"+200+5".into(),
        ),
        (
            "variables",
            b"/$remote_addr/%h/%{Referer}i?${status}".into(),
        ),
        ("JSON", br#"/{"a":"b\u0041","c":[1,2]}?'"#.into()),
        (
            "campaign",
            b"/campaign?utm_source=%22news%22&utm_medium=mail&utm_campaign=a%0ab".into(),
        ),
        (
            "mail",
            b"/reset?email=quill.zqmail7@mailer-zq.example&token=rst9f8e7d6c5b4a3f2e1d0c7".into(),
        ),
        (
            "encoded mail",
            b"/user/zqcanary/quill.zqmail7%40mailer-zq.example".into(),
        ),
        (
            "token",
            b"/session/c3a1f09b7d5e4826a0b1c2d3e4f50617?key=sk_live_51Hzq8Lm2Xv9QwErTy7Up".into(),
        ),
        ("a lone question mark", b"/lone?".into()),
    ];
    named.into_iter().map(|(name, target)| get(name, target))
}

fn headers() -> impl Iterator<Item = Draft> {
    let agents: [(&str, &[u8]); 11] = [
        (
            "agent with quotes",
            b"Mozilla/5.0 \"quoted\" (X11; \"Linux\")",
        ),
        ("agent that is quoted", b"\"Mozilla/5.0\""),
        (
            "agent with escapes",
            br#"A \"1\" \x22 \\ \n \u0041 %22 #22"#,
        ),
        ("agent that ends in a backslash", br"agent\"),
        ("agent with a tab", b"tab\tagent"),
        ("agent of UTF-8", "агент/1.0 (日本)".as_bytes()),
        ("agent of Latin-1", b"\xe9t\xe9 \xff\x80"),
        ("agent that is a dash", b"-"),
        ("agent with signs", b"{a|b} [c] #d 'e' `f` $1 %h; +g"),
        ("agent that ends its field", b"x\" 200 5 \"-\" \"y"),
        (
            "agent with a secret",
            b"app/1 (zqcanary; quill.zqmail7@mailer-zq.example)",
        ),
    ];
    let referrers: [(&str, &[u8]); 7] = [
        ("referrer with quotes", b"https://a.example/?q=\"x\""),
        ("referrer that ends its field", b"https://a.example/\" \"y\" 404 \"z"),
        ("referrer with backslashes", br"https://a.example\b\"),
        ("referrer of bytes", b"https://b\xfccher.example/\xff"),
        ("referrer with spaces", b"https://a.example/a b | c"),
        ("referrer with a user", b"https://zqcanary:rst9f8e7d6c5b4a3f2e1d0c7@a.example/?m=quill.zqmail7%40mailer-zq.example"),
        ("referrer that is no address", b"-zqcanary-"),
    ];
    let users: [(&str, &[u8]); 7] = [
        ("user", b"zqcanary"),
        ("user with a space", b"zqcanary the second"),
        ("user with quotes", b"zqcanary \"q\" \\ '"),
        (
            "user with brackets",
            b"zqcanary [01/Jan/2020:00:00:00 +0000] \"GET /fake HTTP/1.1\" 200 5",
        ),
        ("user of bytes", b"zqcanary\xc3\xa9\xff\x01"),
        ("user with a newline", b"zqcanary\n127.0.0.9 - - x"),
        ("user who is empty", b""),
    ];
    let agents = agents
        .into_iter()
        .map(|(name, agent)| get(name, target_of(name)).agent(agent));
    let referrers = referrers
        .into_iter()
        .map(|(name, referrer)| get(name, target_of(name)).referrer(referrer));
    let users = users.into_iter().map(|(name, user)| {
        let credentials = base64(&[user, b":rst9f8e7d6c5b4a3f2e1d0c7"].concat());
        get(name, target_of(name).replace("/t/", "/private/"))
            .header(format!("Authorization: Basic {credentials}"))
    });
    let others = [
        get("no agent and no referrer", "/bare"),
        get("forwarded", "/forwarded").header("X-Forwarded-For: \"zqcanary\", 10.0.0.1 \\, ::1"),
        get("cookie", "/cookie")
            .header("Cookie: sid=c3a1f09b7d5e4826a0b1c2d3e4f50617; n=\"zqcanary\"; b=\\"),
        get("bytes in headers", "/bytes")
            .header(b"X-Forwarded-For: \xff\xc3\xa9\x22\\")
            .header(b"Cookie: \xe9\"="),
        get("a full browser", "/full")
            .agent("Opera/9.80 (J2ME/MIDP; Opera Mini/7.1)")
            .referrer("https://t.co/x"),
    ];
    agents.chain(referrers).chain(users).chain(others)
}

fn methods() -> impl Iterator<Item = Draft> {
    let asked = |method, target: &str| Draft {
        logged: Logged {
            method,
            ..get("", target).logged
        },
        ..get(method, target)
    };
    let posted = asked("POST", "/posted")
        .header("Content-Length: 5")
        .body(b"a=b\"\n");
    let old = Draft {
        logged: Logged {
            protocol: "HTTP/1.0",
            ..get("", "/old").logged
        },
        ..get("HTTP/1.0", "/old")
    };
    [
        asked("HEAD", "/head"),
        asked("OPTIONS", "/options"),
        asked("DELETE", "/deleted"),
        asked("PROPFIND", "/dav/"),
        posted,
        old,
    ]
    .into_iter()
}

/// What is no request, or hardly one.
fn garbage() -> impl Iterator<Item = Request> {
    let large = [
        b"GET /large HTTP/1.1\r\nHost: a\r\nX: ".as_slice(),
        &b"x".repeat(40_000),
        b"\r\n\r\n",
    ]
    .concat();
    let endless = [
        b"GET /".as_slice(),
        &b"endless\"\\".repeat(1_500),
        b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ]
    .concat();
    let finished: [(&str, Vec<u8>); 28] = [
        ("nothing", b"".into()),
        ("line ends", b"\r\n\r\n\r\n".into()),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\"\\\n\x00\xff\xc0\x2b\x00 \"GET / HTTP/1.1\"\r\n\r\n".into()),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".into()),
        ("SSH", b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n".into()),
        ("remote desktop", b"\x03\x00\x00\x2f\x2a\xe0\x00\x00\x00\x00\x00Cookie: mstshash=zqcanary\r\n\x01\x00\x08\x00\x03\x00\x00\x00".into()),
        ("every byte", (0..=255).collect()),
        ("every byte in a target", [b"GET /".as_slice(), &(1..=255).filter(|byte| !b"\r\n ".contains(byte)).collect::<Vec<u8>>(), b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat()),
        ("a method alone", b"GET\r\n\r\n".into()),
        ("a method and a space", b"GET \r\n\r\n".into()),
        ("HTTP/0.9", b"GET /nine\r\n".into()),
        ("HTTP/0.9 with secrets", b"GET /user/zqcanary?quill.zqmail7@mailer-zq.example\r\n\r\n".into()),
        ("a future version", b"GET /future HTTP/9.9\r\nHost: a\r\n\r\n".into()),
        ("another protocol", b"GET /other FTP/1.0\r\nHost: a\r\n\r\n".into()),
        ("no version", b"GET /none HTTP/\r\nHost: a\r\n\r\n".into()),
        ("spaces", b"GET /with two spaces \"x\" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into()),
        ("more spaces", b"GET   /spaces   HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into()),
        ("a small method", b"get /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into()),
        ("a method of signs", b"\"G\\T\" /signs HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into()),
        ("control bytes", b"GET /\x01\x1f\x7f\x1b[2J HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into()),
        ("control bytes in a header", b"GET /control HTTP/1.1\r\nHost: a\r\nUser-Agent: a\x01\x7f\x0b\x1b[2Jb\r\nReferer: \x08\r\nConnection: close\r\n\r\n".into()),
        ("NUL", b"GET /nul\x00byte HTTP/1.1\r\nHost: a\r\nUser-Agent: n\x00l\r\n\r\n".into()),
        ("no colon", b"GET /colon HTTP/1.1\r\nHost: a\r\nno colon\r\nConnection: close\r\n\r\n".into()),
        ("no host", b"GET /host HTTP/1.1\r\n\r\n".into()),
        ("an odd host", b"GET /host HTTP/1.1\r\nHost: zqcanary\"\\[:x\r\nConnection: close\r\n\r\n".into()),
        ("a tunnel", b"CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\nConnection: close\r\n\r\n".into()),
        ("a large header", large),
        ("a target without end", endless),
    ];
    let more: [(&str, Vec<u8>); 5] = [
        ("an asterisk", b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into()),
        ("absolute form", b"GET http://zqcanary:x@other.example:8080/absolute?q HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n".into()),
        ("empty fields", b"GET /empty HTTP/1.1\r\nHost: a\r\nUser-Agent: \r\nReferer:\r\nConnection: close\r\n\r\n".into()),
        ("two of each", b"GET /two HTTP/1.1\r\nHost: a\r\nUser-Agent: one\r\nUser-Agent: \"two\"\r\nReferer: a\r\nReferer: b\r\nConnection: close\r\n\r\n".into()),
        ("an empty target", b"GET  HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into()),
    ];
    let closed: [(&str, Vec<u8>); 3] = [
        (
            "a whole request",
            b"GET /whole HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        ),
        ("half a line", b"GET /half".into()),
        (
            "half a header",
            b"GET /half HTTP/1.1\r\nHost: a\r\nUser-Ag".into(),
        ),
    ];
    let finished = finished
        .into_iter()
        .chain(more)
        .map(|(name, sent)| (name, sent, Ending::Finish));
    let closed = closed
        .into_iter()
        .map(|(name, sent)| (name, sent, Ending::Close));
    finished.chain(closed).map(|(name, sent, ending)| Request {
        name,
        sent,
        logged: None,
        ending,
    })
}

/// A target by which a request is told from others.
fn target_of(name: &str) -> String {
    format!("/t/{}", name.replace(' ', "-"))
}

fn get(name: &'static str, target: impl Into<Vec<u8>>) -> Draft {
    Draft {
        name,
        logged: Logged {
            method: "GET",
            target: target.into(),
            protocol: "HTTP/1.1",
            referrer: Vec::new(),
            agent: Vec::new(),
        },
        rest: Vec::new(),
        ending: Ending::Wait,
    }
}

impl Draft {
    fn agent(mut self, agent: impl AsRef<[u8]>) -> Self {
        self.logged.agent = agent.as_ref().to_vec();
        self
    }

    fn referrer(mut self, referrer: impl AsRef<[u8]>) -> Self {
        self.logged.referrer = referrer.as_ref().to_vec();
        self
    }

    fn header(mut self, line: impl AsRef<[u8]>) -> Self {
        self.rest.extend_from_slice(line.as_ref());
        self.rest.extend_from_slice(b"\r\n");
        self
    }

    fn body(mut self, body: &[u8]) -> Self {
        self.rest.extend_from_slice(b"\r\n");
        self.rest.extend_from_slice(body);
        self
    }

    fn finished(self) -> Request {
        let Logged {
            method,
            target,
            protocol,
            referrer,
            agent,
        } = &self.logged;
        let mut sent = [method.as_bytes(), b" ", target, b" ", protocol.as_bytes()].concat();
        sent.extend_from_slice(format!("\r\nHost: {HOST}\r\nConnection: close\r\n").as_bytes());
        for (name, value) in [("User-Agent", agent), ("Referer", referrer)] {
            if !value.is_empty() {
                sent.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
            }
        }
        sent.extend_from_slice(&self.rest);
        if *method != "POST" {
            sent.extend_from_slice(b"\r\n");
        }
        Request {
            name: self.name,
            sent,
            logged: Some(self.logged),
            ending: self.ending,
        }
    }
}
