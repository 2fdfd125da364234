//! The closed vocabulary of request methods.

/// A registered HTTP method, or [`Method::Invalid`]. The order is that of the names, bytewise.
///
/// The vocabulary is IANA's *Hypertext Transfer Protocol (HTTP) Method Registry*, without `*`, which
/// is reserved and never sent. Names are case-sensitive (RFC 9110, section 9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[rustfmt::skip]
#[expect(missing_docs, reason = "each variant is the method of its name")]
pub enum Method {
    /// Not a registered method, or no well-formed request line.
    Invalid,
    Acl, BaselineControl, Bind, Checkin, Checkout, Connect, Copy, Delete, Get, Head, Label, Link,
    Lock, Merge, Mkactivity, Mkcalendar, Mkcol, Mkredirectref, Mkworkspace, Move, Options,
    Orderpatch, Patch, Post, Pri, Propfind, Proppatch, Put, Query, Rebind, Report, Search, Trace,
    Unbind, Uncheckout, Unlink, Unlock, Update, Updateredirectref, VersionControl,
}

/// Every method with its name, in order.
#[rustfmt::skip]
const NAMES: [(Method, &str); 41] = [
    (Method::Invalid, "(invalid)"),
    (Method::Acl, "ACL"),
    (Method::BaselineControl, "BASELINE-CONTROL"),
    (Method::Bind, "BIND"),
    (Method::Checkin, "CHECKIN"),
    (Method::Checkout, "CHECKOUT"),
    (Method::Connect, "CONNECT"),
    (Method::Copy, "COPY"),
    (Method::Delete, "DELETE"),
    (Method::Get, "GET"),
    (Method::Head, "HEAD"),
    (Method::Label, "LABEL"),
    (Method::Link, "LINK"),
    (Method::Lock, "LOCK"),
    (Method::Merge, "MERGE"),
    (Method::Mkactivity, "MKACTIVITY"),
    (Method::Mkcalendar, "MKCALENDAR"),
    (Method::Mkcol, "MKCOL"),
    (Method::Mkredirectref, "MKREDIRECTREF"),
    (Method::Mkworkspace, "MKWORKSPACE"),
    (Method::Move, "MOVE"),
    (Method::Options, "OPTIONS"),
    (Method::Orderpatch, "ORDERPATCH"),
    (Method::Patch, "PATCH"),
    (Method::Post, "POST"),
    (Method::Pri, "PRI"),
    (Method::Propfind, "PROPFIND"),
    (Method::Proppatch, "PROPPATCH"),
    (Method::Put, "PUT"),
    (Method::Query, "QUERY"),
    (Method::Rebind, "REBIND"),
    (Method::Report, "REPORT"),
    (Method::Search, "SEARCH"),
    (Method::Trace, "TRACE"),
    (Method::Unbind, "UNBIND"),
    (Method::Uncheckout, "UNCHECKOUT"),
    (Method::Unlink, "UNLINK"),
    (Method::Unlock, "UNLOCK"),
    (Method::Update, "UPDATE"),
    (Method::Updateredirectref, "UPDATEREDIRECTREF"),
    (Method::VersionControl, "VERSION-CONTROL"),
];

impl Method {
    /// The method of that name; [`Method::Invalid`] for any other bytes.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        match name {
            b"GET" => Self::Get,
            _ => NAMES[1..]
                .iter()
                .find(|(_, known)| known.as_bytes() == name)
                .map_or(Self::Invalid, |(method, _)| *method),
        }
    }

    /// The name as published.
    #[must_use]
    pub const fn name(self) -> &'static str {
        NAMES[self as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_method() {
        for (position, (method, name)) in NAMES.into_iter().enumerate() {
            assert_eq!(method as usize, position);
            assert_eq!(method.name(), name);
            assert_eq!(Method::of(name.as_bytes()), method);
        }
    }

    #[test]
    fn the_order_is_that_of_the_names() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0 && a.1.as_bytes() < b.1.as_bytes()));
    }

    #[test]
    fn anything_else_is_invalid() {
        for name in [
            &b""[..],
            b"get",
            b"GET ",
            b"GETS",
            b"FOO",
            b"*",
            b"-",
            b"\x16\x03\x01",
            b"(invalid)",
        ] {
            assert_eq!(Method::of(name), Method::Invalid);
        }
    }
}
