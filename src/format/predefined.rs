//! The known formats by name.

use super::Format;

/// A known format.
#[derive(Debug)]
pub(super) struct Predefined {
    /// Its name.
    pub(super) name: &'static str,
    /// The name that `GoAccess` has for it, where that is another one.
    alias: Option<&'static str>,
    spec: &'static str,
}

/// The known formats, as Apache httpd and Debian's packages of it configure them.
///
/// Debian counts bytes by `%O` where the others have `%b`, which makes lines of the same shape, as do
/// the default formats of nginx (`combined`) and Varnish. A virtual host is read with or without the
/// port.
pub(super) const FORMATS: [Predefined; 5] = [
    Predefined {
        name: "common",
        alias: None,
        spec: r#"%h %l %u %t "%r" %>s %b"#,
    },
    COMBINED,
    Predefined {
        name: "combinedio",
        alias: None,
        spec: r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O"#,
    },
    Predefined {
        name: "vhost_common",
        alias: Some("vcommon"),
        spec: r#"%v:%p %h %l %u %t "%r" %>s %b"#,
    },
    Predefined {
        name: "vhost_combined",
        alias: Some("vcombined"),
        spec: r#"%v:%p %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
    },
];

/// The format that most servers write by default.
pub(super) const COMBINED: Predefined = Predefined {
    name: "combined",
    alias: None,
    spec: r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
};

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
    /// Whether that is its name or alias, in any case.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self
                .alias
                .is_some_and(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// The name that `GoAccess` has for it.
    pub(super) fn goaccess_name(&self) -> Option<String> {
        let name = self.alias.unwrap_or(self.name).to_ascii_uppercase();
        GOACCESS.contains(&&*name).then_some(name)
    }

    /// The format itself.
    pub(super) fn format(&self) -> Format {
        let format =
            Format::from_spec(self.spec).expect("the format strings of this file are valid");
        Format {
            name: Some(self.name),
            ..format
        }
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
        check("%h", None);
        check("", None);
    }
}
