//! Lines of every known format, of formats by field list or map, and of each wrapper.
//!
//! The first byte of the input chooses the format, the rest is a log.

#![no_main]

use std::sync::LazyLock;

use hushlog::format::Format;
use hushlog_fuzz::check_lines;
use libfuzzer_sys::{Corpus, fuzz_target};

/// What the first byte chooses, counted from `0`. Seeds depend on the order: new ones come last.
const SETTINGS: [&str; 45] = [
    "common",
    "combined",
    "combinedio",
    "vhost_common",
    "vhost_combined",
    "nginx_main",
    "ingress_nginx",
    "nginx_json",
    "caddy",
    "traefik",
    "traefik_json",
    "haproxy",
    "envoy",
    "istio",
    "istio_json",
    "squid",
    "squid_common",
    "squid_combined",
    "w3c",
    "elb",
    "alb",
    "s3",
    "gcp_lb",
    "vhost_combinedio",
    "mixed",
    "cri:combined",
    "cri:caddy",
    "docker:combined",
    "docker:nginx_json",
    "docker:mixed",
    "syslog:combined",
    "syslog:haproxy",
    "compose:combined",
    "compose:traefik_json",
    "haproxy:host|agent|referrer|forwarded|-",
    "syslog:haproxy:agent",
    "w3c:date time c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes cs(User-Agent) cs(Referer)",
    "w3c:date-local time-local x-forwarded-for cs-uri sc-status",
    "w3c:time date c-ip cs-host x-edge-location cs(User-Agent) cs(DNT)",
    "json:client=ip,time=ts,path=p",
    "json:client=a.b.c|a.b.d|x,time=t|a.t,request=r,status=s,bytes=n,referrer=h.r,agent=h.a,host=v,opt-out=d",
    "json:forwarded=f,time=t,method=m,url=u,query=q",
    "docker:json:client=ip,time=ts,path=p",
    "cri:json:client=ip,time=ts,path=p",
    "cri:mixed",
];

static FORMATS: LazyLock<Vec<Format>> = LazyLock::new(|| {
    let is_there = |name| SETTINGS.contains(&name);
    assert!(Format::names().all(is_there), "a known format is missing");
    let format = |setting: &&str| setting.parse().expect("a setting that is one");
    SETTINGS.iter().map(format).collect()
});

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((selector, log)) = input.split_first() else {
        return Corpus::Reject;
    };
    let place = selector.wrapping_sub(b'0') as usize % FORMATS.len();
    check_lines(&FORMATS[place], log);
    Corpus::Keep
});
