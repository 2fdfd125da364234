//! The known formats by name.

use std::sync::Arc;

use super::{
    Format,
    columns::{ALB, ELB, ELB_LEAST, ENVOY, ISTIO, S3, S3_LEAST, SQUID},
    compile::compile,
    draft::Entry,
    haproxy::Captures,
    json::Members,
    layout::Layout,
    piece::Template,
    plan::Field,
    row::Row,
    spec,
};
use crate::{error::Result, record::Escape};

/// A known format.
#[derive(Debug)]
pub(super) struct Predefined {
    /// Its name.
    pub(super) name: &'static str,
    /// Other names, among them the one that `GoAccess` has for it.
    aliases: &'static [&'static str],
    definition: Definition,
}

/// What a known format is defined by.
#[derive(Debug)]
enum Definition {
    /// The members of requests in JSON, and which member begins how in them where other lines mix in.
    Json(&'static str, Option<(&'static str, &'static str)>),
    /// The request headers that `HAProxy` captures.
    HaProxy(&'static str),
    /// A format string of nginx.
    Nginx(&'static str),
    /// Columns, as many as every line has, whether more may follow, and how they are escaped.
    Row(&'static [Field], usize, bool, Escape),
    /// A format string of Apache, whose values are escaped so.
    Spec(&'static str, Escape),
    /// Directives among the lines.
    W3c,
}

use Definition::{HaProxy, Json, Nginx, Row as Columns, Spec, W3c};
use Escape::{Backslash, Literal, Quote};

/// The known formats, as the servers, and Debian's packages of them, configure them by default.
///
/// Debian's Apache counts bytes by `%O` where the others have `%b`, which makes lines of the same shape,
/// as do the default formats of nginx (`combined`) and Varnish, and Traefik's generic one. A virtual host
/// is read with or without the port.
pub(super) const FORMATS: [Predefined; 27] = [
    known("common", &[], Spec(r#"%h %l %u %t "%r" %>s %b"#, Backslash)),
    COMBINED,
    known(
        "combinedio",
        &[],
        Spec(
            r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O"#,
            Backslash,
        ),
    ),
    known(
        "vhost_common",
        &["vcommon"],
        Spec(r#"%v:%p %h %l %u %t "%r" %>s %b"#, Backslash),
    ),
    known(
        "vhost_combined",
        &["vcombined"],
        Spec(
            r#"%v:%p %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
            Backslash,
        ),
    ),
    // The `main` of nginx's own packages.
    known(
        "nginx_main",
        &["nginx"],
        Spec(
            r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" "%{X-Forwarded-For}i""#,
            Backslash,
        ),
    ),
    // kubernetes/ingress-nginx: the lists of upstream servers have spaces in them.
    known(
        "ingress_nginx",
        &[],
        Spec(
            r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %D [%{proxy}n] [%{alternative}n] %{upstream}n"#,
            Backslash,
        ),
    ),
    // Variables of nginx in a dictionary with `escape=json`, by their names.
    known(
        "nginx_json",
        &[],
        Json(
            "client=remote_addr,time=time_iso8601|time_local|msec|@timestamp|timestamp|time,request=request,\
             method=request_method,path=request_uri|uri,status=status,bytes=body_bytes_sent|bytes_sent,\
             referrer=http_referer|http_referrer,agent=http_user_agent,host=host|http_host|server_name,\
             opt-out=http_dnt|http_sec_gpc,cookies=http_cookie",
            None,
        ),
    ),
    known(
        "caddy",
        &[],
        Json(
            "client=request.client_ip|request.remote_ip|request.remote_addr,time=ts,method=request.method,\
             path=request.uri,host=request.host,status=status,bytes=size,agent=request.headers.User-Agent,\
             referrer=request.headers.Referer,opt-out=request.headers.Dnt|request.headers.Sec-Gpc,\
             cookies=request.headers.Cookie",
            Some(("logger", "http.log.access")),
        ),
    ),
    known(
        "traefik",
        &["traefikclf"],
        Spec(
            r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %k "%{router}n" "%{server}n" %Dms"#,
            Quote,
        ),
    ),
    known(
        "traefik_json",
        &[],
        Json(
            "client=ClientHost|ClientAddr,time=StartUTC|StartLocal|time,method=RequestMethod,path=RequestPath,\
             host=RequestHost,status=DownstreamStatus,bytes=DownstreamContentSize,\
             referrer=request_Referer,agent=request_User-Agent,opt-out=request_Dnt|request_Sec-Gpc,\
             cookies=request_Cookie",
            None,
        ),
    ),
    known("haproxy", &[], HaProxy("")),
    known("envoy", &[], Columns(ENVOY, ENVOY.len(), false, Literal)),
    known("istio", &[], Columns(ISTIO, ISTIO.len(), true, Literal)),
    known(
        "istio_json",
        &["envoy_json"],
        Json(
            "forwarded=x_forwarded_for,time=start_time,method=method,path=path,status=response_code,\
             bytes=bytes_sent,agent=user_agent,host=authority",
            None,
        ),
    ),
    known("squid", &[], Columns(SQUID, SQUID.len(), true, Literal)),
    // Squid escapes nothing in these two, but a target has no spaces in it.
    known(
        "squid_common",
        &[],
        Spec(r#"%h %l %u %t "%r" %>s %b %{result}n:%k"#, Literal),
    ),
    known(
        "squid_combined",
        &[],
        Spec(
            r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %{result}n:%k"#,
            Literal,
        ),
    ),
    known("w3c", &["iis", "cloudfront"], W3c),
    known("elb", &["awselb"], Columns(ELB, ELB_LEAST, true, Backslash)),
    known("alb", &["awsalb"], Columns(ALB, ALB.len(), true, Backslash)),
    known("s3", &["awss3"], Columns(S3, S3_LEAST, true, Backslash)),
    known(
        "gcp_lb",
        &["gcp"],
        Json(
            "client=httpRequest.remoteIp,time=timestamp,method=httpRequest.requestMethod,\
             url=httpRequest.requestUrl,status=httpRequest.status,bytes=httpRequest.responseSize,\
             referrer=httpRequest.referer,agent=httpRequest.userAgent",
            None,
        ),
    ),
    known(
        "vhost_combinedio",
        &[],
        Spec(
            r#"%v:%p %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O"#,
            Backslash,
        ),
    ),
    // nginxproxy/nginx-proxy: the host it proxies before, the server that was asked behind.
    known(
        "nginx_proxy",
        &[],
        Spec(
            r#"%v:%p %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" "%{upstream}n""#,
            Backslash,
        ),
    ),
    // NginxProxyManager/nginx-proxy-manager: the log of a host, and that of requests for no host.
    known(
        "nginx_proxy_manager",
        &[],
        Nginx(
            r#"[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] [Sent-to $server] "$http_user_agent" "$http_referer""#,
        ),
    ),
    known(
        "nginx_proxy_manager_fallback",
        &[],
        Nginx(
            r#"[$time_local] $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] "$http_user_agent" "$http_referer""#,
        ),
    ),
];

/// The format that most servers write by default.
pub(super) const COMBINED: Predefined = known(
    "combined",
    &["varnish", "varnishncsa", "generic_clf"],
    Spec(
        r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
        Backslash,
    ),
);

const fn known(
    name: &'static str,
    aliases: &'static [&'static str],
    definition: Definition,
) -> Predefined {
    Predefined {
        name,
        aliases,
        definition,
    }
}

/// The names of predefined formats in `src/settings.c` of `GoAccess` 1.11.
const GOACCESS: [&str; 13] = [
    "AWSALB",
    "AWSELB",
    "AWSS3",
    "CADDY",
    "CLOUDFRONT",
    "CLOUDSTORAGE",
    "COMBINED",
    "COMMON",
    "SQUID",
    "TRAEFIKCLF",
    "VCOMBINED",
    "VCOMMON",
    "W3C",
];

impl Predefined {
    /// Whether that is its name or another one it has, in any case.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let mut names = self.aliases.iter().chain([&self.name]);
        names.any(|own| own.eq_ignore_ascii_case(name))
    }

    /// The name that `GoAccess` has for it.
    pub(super) fn goaccess_name(&self) -> Option<String> {
        let names = [&self.name].into_iter().chain(self.aliases);
        names
            .map(|name| name.to_ascii_uppercase())
            .find(|name| GOACCESS.contains(&&**name))
    }

    /// The format itself.
    pub(super) fn format(&self) -> Format {
        let layout = self
            .definition
            .layout()
            .expect("the formats of this file are valid");
        Format {
            name: Some(self.name),
            ..Format::of(layout)
        }
    }
}

impl Definition {
    fn layout(&self) -> Result<Layout> {
        Ok(match *self {
            HaProxy(names) => Layout::HaProxy(Arc::new(Captures::of_names(names)?)),
            Json(map, only) => {
                let members = Members::of_map(map)?;
                Layout::Json(Arc::new(match only {
                    Some((path, start)) => members.only_where(path, start.as_bytes())?,
                    None => members,
                }))
            }
            Nginx(spec) => Layout::Plan(Arc::new(compile(&spec::nginx(spec)?)?)),
            Columns(columns, least, is_open, escape) => Layout::Row(Arc::new(Row {
                columns: columns.iter().cloned().map(Entry::from).collect(),
                least,
                is_open,
                escape,
            })),
            Spec(spec, escape) => {
                let template = Template {
                    escape,
                    ..spec::apache(spec)?
                };
                Layout::Plan(Arc::new(compile(&template)?))
            }
            W3c => Layout::W3c(Box::default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_format_compiles_and_is_found_by_its_names() {
        for known in &FORMATS {
            assert_eq!(Format::named(known.name).unwrap().name(), Some(known.name));
        }
        let check = |name: &str, found: Option<&str>| {
            assert_eq!(
                Format::named(name).and_then(|format| format.name()),
                found,
                "{name}"
            );
        };
        check("COMMON", Some("common"));
        check("Combined", Some("combined"));
        check("VCOMMON", Some("vhost_common"));
        check("VCOMBINED", Some("vhost_combined"));
        check("combinedIO", Some("combinedio"));
        check("W3C", Some("w3c"));
        check("iis", Some("w3c"));
        check("SQUID", Some("squid"));
        check("CLOUDFRONT", Some("w3c"));
        check("AWSELB", Some("elb"));
        check("AWSALB", Some("alb"));
        check("AWSS3", Some("s3"));
        check("CADDY", Some("caddy"));
        check("TRAEFIKCLF", Some("traefik"));
        check("varnish", Some("combined"));
        check("%h", None);
        check("", None);
    }

    #[test]
    fn no_two_formats_share_a_name() {
        let all = || {
            FORMATS
                .iter()
                .flat_map(|known| known.aliases.iter().chain([&known.name]))
        };
        for name in all() {
            assert_eq!(all().filter(|other| *other == name).count(), 1, "{name}");
        }
    }
}
