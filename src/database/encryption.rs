//! Whether a connection to a server is encrypted, by what its URL says: TLS whose certificate is verified, or
//! none where that is said or nothing leaves the machine.

use std::{net::IpAddr, path::Path, sync::Arc};

use percent_encoding::percent_decode_str;
use postgres::{
    Config,
    config::{Host, SslMode},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, Result};

/// The authorities of the machine, as libpq names them.
const SYSTEM: &str = "system";

/// What a URL asks for by `sslmode` and `sslrootcert`.
///
/// The words are those of libpq (`PostgreSQL`'s documentation, 34.19.1), but whatever encrypts also verifies, and
/// nothing falls back: `require` and `verify-ca` are as strict as `verify-full`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Encryption {
    is_wanted: Option<bool>,
    authorities: Option<String>,
}

impl Encryption {
    /// Takes its parameters out of a URL, which is given back without them.
    pub(super) fn of_url(url: &str) -> Result<(String, Self)> {
        let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
        let (mut encryption, mut others) = (Self::default(), Vec::new());
        for parameter in parameters.split('&').filter(|it| !it.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", mode)) => encryption.is_wanted = Some(is_encrypted(mode)?),
                Some(("sslrootcert", file)) => {
                    let file = percent_decode_str(file).decode_utf8_lossy();
                    encryption.authorities = Some(file.into_owned());
                }
                _ => others.push(parameter),
            }
        }
        let url = match others.as_slice() {
            [] => address.to_owned(),
            others => format!("{address}?{}", others.join("&")),
        };
        Ok((url, encryption))
    }

    /// Sets whether a server is spoken to by TLS, and gives what does so. Unless the URL says, only servers of this
    /// machine are spoken to without.
    pub(super) fn apply(&self, config: &mut Config) -> Result<Option<MakeRustlsConnect>> {
        // What goes through a socket of the machine is not encrypted by servers either.
        let is_socket = config.get_hostaddrs().is_empty() && config.get_hosts().iter().all(is_path);
        let is_encrypted = !is_socket && self.is_wanted.unwrap_or_else(|| !is_local(config));
        config.ssl_mode(if is_encrypted {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        is_encrypted.then(|| self.connector()).transpose()
    }

    fn connector(&self) -> Result<MakeRustlsConnect> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Setting(format!("TLS: {error}")))?;
        let builder = builder.with_root_certificates(self.roots()?);
        Ok(MakeRustlsConnect::new(builder.with_no_client_auth()))
    }

    fn roots(&self) -> Result<RootCertStore> {
        let (name, found) = match self.authorities.as_deref() {
            Some(file) if file != SYSTEM => (file, of_file(file)?),
            _ => (
                "the machine",
                rustls_native_certs::load_native_certs().certs,
            ),
        };
        let mut roots = RootCertStore::empty();
        let (taken, _) = roots.add_parsable_certificates(found);
        if taken == 0 {
            return Err(Error::Setting(format!(
                "sslrootcert: {name} has no certificate that a server's could be verified by"
            )));
        }
        Ok(roots)
    }
}

fn is_encrypted(mode: &str) -> Result<bool> {
    match mode {
        "disable" => Ok(false),
        "require" | "verify-ca" | "verify-full" => Ok(true),
        "allow" | "prefer" => Err(Error::Setting(format!(
            "sslmode={mode} may end up without encryption; say require or disable"
        ))),
        _ => Err(Error::Setting(
            "sslmode is disable, require, verify-ca or verify-full".to_owned(),
        )),
    }
}

/// Whether nothing that is sent leaves the machine.
fn is_local(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let address = name.parse::<IpAddr>();
            name == "localhost" || address.is_ok_and(|it| it.is_loopback())
        }
    })
}

fn is_path(host: &Host) -> bool {
    matches!(host, Host::Unix(_))
}

fn of_file(file: &str) -> Result<Vec<CertificateDer<'static>>> {
    let path = Path::new(file);
    let text = std::fs::read(path).map_err(|source| Error::unreadable(path, source))?;
    let certificates = CertificateDer::pem_slice_iter(&text);
    certificates
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| Error::Setting(format!("sslrootcert: {file} is not in PEM")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a URL leads to a connection by TLS; nothing if it is refused.
    fn is_encrypted(url: &str) -> Option<bool> {
        let (url, encryption) = Encryption::of_url(url).ok()?;
        let mut config: Config = url.parse().unwrap();
        // No machine has to have authorities for this.
        let authorities = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/authority.pem");
        let encryption = Encryption {
            authorities: Some(authorities.to_owned()),
            ..encryption
        };
        let connector = encryption.apply(&mut config).unwrap();
        let is_required = config.get_ssl_mode() == SslMode::Require;
        assert_eq!(connector.is_some(), is_required);
        assert!(is_required || config.get_ssl_mode() == SslMode::Disable);
        Some(is_required)
    }

    #[test]
    fn nothing_leaves_the_machine_in_the_clear_unless_that_is_said() {
        for (url, expected) in [
            ("postgres://u@db.example/x", Some(true)),
            ("postgres://u@192.0.2.7:5433/x", Some(true)),
            ("postgres://u@localhost,db.example/x", Some(true)),
            ("postgres://u@localhost/x?hostaddr=192.0.2.7", Some(true)),
            ("postgres://u@localhost/x", Some(false)),
            ("postgres://u@127.0.0.5/x", Some(false)),
            ("postgres://u@[::1]/x", Some(false)),
            ("postgres://u@%2Frun%2Fpostgresql/x", Some(false)),
            (
                "postgres://u@%2Frun%2Fpostgresql/x?sslmode=require",
                Some(false),
            ),
            ("postgres://u@db.example/x?sslmode=disable", Some(false)),
            ("postgres://u@localhost/x?sslmode=require", Some(true)),
            ("postgres://u@localhost/x?sslmode=verify-ca", Some(true)),
            (
                "postgres://u@localhost/x?sslmode=verify-full&connect_timeout=3",
                Some(true),
            ),
            ("postgres://u@db.example/x?sslmode=prefer", None),
            ("postgres://u@localhost/x?sslmode=allow", None),
            ("postgres://u@db.example/x?sslmode=Require", None),
            ("postgres://u@db.example/x?sslmode=", None),
        ] {
            assert_eq!(is_encrypted(url), expected, "{url}");
        }
    }

    #[test]
    fn parameters_of_encryption_are_taken_out_of_urls() {
        let (url, encryption) = Encryption::of_url(
            "postgres://u@h/x?connect_timeout=3&sslrootcert=%2Fa%20b.pem&sslmode=require&user=v",
        )
        .unwrap();
        assert_eq!(url, "postgres://u@h/x?connect_timeout=3&user=v");
        let expected = Encryption {
            is_wanted: Some(true),
            authorities: Some("/a b.pem".to_owned()),
        };
        assert_eq!(encryption, expected);
        let (url, encryption) = Encryption::of_url("postgres://u@h/x").unwrap();
        assert_eq!(url, "postgres://u@h/x");
        assert_eq!(encryption, Encryption::default());
    }

    #[test]
    fn authorities_must_be_certificates() {
        for file in [
            "/nowhere/at/all.pem",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ] {
            let encryption = Encryption {
                is_wanted: Some(true),
                authorities: Some(file.to_owned()),
            };
            assert!(encryption.roots().is_err(), "{file}");
        }
    }
}
