//! Registrable domains: what a host name is reduced to before it may be published.

use psl::Type;

/// Longest host name as text without the root's dot, and longest label (RFC 1035, 2.3.4).
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// The registrable domain of a host name, in lower case, under the ICANN section of the public
/// suffix list (<https://publicsuffix.org>) alone.
///
/// Suffixes of the list's private section are climbed above, because what stands before them
/// belongs to one person or machine: `alice.github.io` gives `github.io`, and
/// `ec2-203-0-113-9.compute-1.amazonaws.com` gives `amazonaws.com`.
///
/// `None` where the host has no known public suffix (a single label, an unknown top-level domain),
/// is a public suffix itself, or is no host name: its registrable part consists of labels of
/// letters, digits and inner hyphens (RFC 952, RFC 1123), further left underscores may stand too. A
/// trailing dot and upper case are accepted; names in other scripts only as `xn--` labels, as
/// browsers send them.
#[must_use]
pub(crate) fn registrable_domain(host: &[u8]) -> Option<String> {
    let name = normal_name(host)?;
    let before_suffix = name.len().checked_sub(icann_suffix(&name)?.len() + 1)?;
    let start = name[..before_suffix].rfind('.').map_or(0, |dot| dot + 1);
    let domain = &name[start..];
    domain
        .split('.')
        .all(is_host_label)
        .then(|| domain.to_owned())
}

/// The public suffix of a lower-case name in the ICANN section; `None` for an unknown one.
pub(super) fn icann_suffix(name: &str) -> Option<&str> {
    let mut rest = name;
    loop {
        let suffix = psl::suffix(rest.as_bytes())?;
        let start = rest.len() - suffix.as_bytes().len();
        match suffix.typ()? {
            Type::Icann => return Some(&rest[start..]),
            Type::Private => rest = rest[start..].split_once('.')?.1,
        }
    }
}

/// The name in lower case without its trailing dot, if it is of host name characters throughout.
pub(super) fn normal_name(host: &[u8]) -> Option<String> {
    let host = host.strip_suffix(b".").unwrap_or(host);
    let plausible = !host.is_empty()
        && host.len() <= LONGEST_NAME
        && host
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    plausible.then(|| {
        host.iter()
            .map(|&byte| char::from(byte.to_ascii_lowercase()))
            .collect()
    })
}

fn is_host_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= LONGEST_LABEL
        && !label.starts_with('-')
        && !label.ends_with('-')
        && !label.contains('_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hosts_are_reduced_to_their_registrable_domain() {
        let cases = [
            ("example.com", Some("example.com")),
            ("WWW.Example.COM.", Some("example.com")),
            ("a.b.c.example.co.uk", Some("example.co.uk")),
            ("_dmarc.my_host.example.org", Some("example.org")),
            ("city.kawasaki.jp", Some("city.kawasaki.jp")),
            ("a.b.kawasaki.jp", Some("a.b.kawasaki.jp")),
            ("www.ck", Some("www.ck")),
            ("shop.foo.ck", Some("shop.foo.ck")),
            ("www.xn--e1afmkfd.xn--p1ai", Some("xn--e1afmkfd.xn--p1ai")),
            ("xn--bcher-kva.example", None),
            ("localhost", None),
            ("nas.local", None),
            ("com", None),
            ("co.uk", None),
            ("", None),
            (".", None),
            ("example..com", None),
            ("example.com..", None),
            (".com", None),
            ("foo_bar.com", None),
            ("-foo.com", None),
            ("foo-.com", None),
            ("exa mple.com", None),
            ("b\u{fc}cher.de", None),
            ("203.0.113.9", None),
        ];
        for (host, expected) in cases {
            assert_eq!(
                registrable_domain(host.as_bytes()).as_deref(),
                expected,
                "{host}"
            );
        }
    }

    #[test]
    fn private_suffixes_are_climbed_above() {
        let cases = [
            ("alice.github.io", "github.io"),
            ("github.io", "github.io"),
            ("ec2-203-0-113-9.compute-1.amazonaws.com", "amazonaws.com"),
            (
                "bucket.s3.dualstack.eu-west-1.amazonaws.com",
                "amazonaws.com",
            ),
            ("alice.blogspot.com", "blogspot.com"),
            ("alice.ddns.net", "ddns.net"),
            ("app-alice.herokuapp.com", "herokuapp.com"),
            ("alice.uk.com", "uk.com"),
            ("my.shop.myshopify.com", "myshopify.com"),
        ];
        for (host, expected) in cases {
            assert_eq!(
                registrable_domain(host.as_bytes()).as_deref(),
                Some(expected),
                "{host}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_domain_is_its_own_domain_and_ends_its_host(host in "([a-zA-Z0-9_-]{1,6}\\.){0,4}(com|co\\.uk|github\\.io|zz|ck)\\.?") {
            if let Some(domain) = registrable_domain(host.as_bytes()) {
                prop_assert_eq!(registrable_domain(domain.as_bytes()), Some(domain.clone()));
                prop_assert!(host.trim_end_matches('.').to_ascii_lowercase().ends_with(&domain));
            }
        }

        #[test]
        fn any_bytes_are_accepted(host in prop::collection::vec(any::<u8>(), 0..300)) {
            let plain = |domain: &String| {
                domain.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte))
            };
            prop_assert!(registrable_domain(&host).as_ref().is_none_or(plain));
        }
    }
}
