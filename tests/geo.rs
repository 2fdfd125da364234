//! Region databases from outside: built, described, looked up, and used by a report.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ipnet::IpNet;
use mmdb_writer::{IpVersion, Writer};
use serde_json::{Value, json};

#[test]
fn a_database_of_cities_becomes_one_of_regions() {
    let folder = tempfile::tempdir().unwrap();
    let cities = cities(folder.path());
    let built = folder.path().join("regions.mmdb");
    let output = hushlog(
        &["geo", "build"],
        &[&cities[0], &cities[1]],
        &["-o", text(&built)],
    );
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stderr, b"");
    let again = folder.path().join("again.mmdb");
    hushlog(
        &["geo", "build"],
        &[&cities[0], &cities[1]],
        &["-o", text(&again)],
    );
    assert_eq!(
        std::fs::read(&built).unwrap(),
        std::fs::read(&again).unwrap()
    );

    let addresses = [
        "203.0.113.77",
        "2001:db8::1",
        "::ffff:203.0.113.77",
        "192.0.2.1",
    ];
    let output = hushlog(&["geo", "lookup"], &[&built], &addresses);
    let expected = "203.0.113.77\tFR\tFR-NOR\n\
        2001:db8::1\tUS\tUS-CA\n\
        ::ffff:203.0.113.77\tFR\tFR-NOR\n\
        192.0.2.1\t(unknown)\t(unknown)\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
fn a_database_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let cities = cities(folder.path());
    let output = hushlog(&["geo", "info"], &[&cities[0]], &[]);
    let expected = format!(
        "{}: Cities, built 1970-01-01\n\
        \x20 records  country_code, region_code or state1\n\
        \x20 IPv4     2 networks; a region for 50.00 % of the addresses whose country is known\n\
        \x20 IPv6     nothing\n",
        cities[0].display()
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no region database has IPv6"));
}

#[test]
fn a_report_takes_one_database_per_address_family() {
    let folder = tempfile::tempdir().unwrap();
    let cities = cities(folder.path());
    let log = folder.path().join("access.log");
    std::fs::write(&log, visits()).unwrap();
    let out = folder.path().join("out");
    let options = [
        "-q",
        "--k",
        "5",
        "-o",
        text(&out),
        "--geo-db",
        text(&cities[0]),
        "--geo-db",
        text(&cities[1]),
    ];
    let output = hushlog(&["report"], &[&log], &options);
    assert!(output.status.success(), "{output:?}");
    let regions = std::fs::read_to_string(out.join("date=2026-11-01/regions.csv")).unwrap();
    let rows: Vec<&str> = regions.lines().skip(1).collect();
    assert_eq!(rows.len(), 2, "{regions}");
    assert!(
        rows.iter().any(|row| row.contains("FR,FR-NOR,8,")),
        "{regions}"
    );
    assert!(
        rows.iter().any(|row| row.contains("US,US-CA,8,")),
        "{regions}"
    );
}

#[test]
fn a_database_without_countries_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = json!({"autonomous_system_number": 64512});
    let file = database(
        folder.path(),
        "asn.mmdb",
        IpVersion::V6,
        &[("203.0.113.0/24", numbers)],
    );
    let output = hushlog(&["geo", "info"], &[&file], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("country_code"));
}

/// A database of IPv4 and one of IPv6.
fn cities(folder: &Path) -> [PathBuf; 2] {
    let state = |country: &str, state: &str| json!({"country_code": country, "state1": state});
    let nested = json!({
        "country": {"iso_code": "US"},
        "subdivisions": [{"names": {"en": "California"}}],
    });
    let ipv4 = [
        ("203.0.0.0/16", state("FR", "Normandy")),
        ("198.51.0.0/16", state("FR", "")),
    ];
    [
        database(folder, "ipv4.mmdb", IpVersion::V4, &ipv4),
        database(
            folder,
            "ipv6.mmdb",
            IpVersion::V6,
            &[("2001:db8::/32", nested)],
        ),
    ]
}

/// A database of networks of IPv4, each with its country and region.
pub(crate) fn regions(folder: &Path, networks: &[(&str, &str, &str)]) -> PathBuf {
    let records: Vec<(&str, Value)> = networks
        .iter()
        .map(|(network, country, state)| {
            (*network, json!({"country_code": country, "state1": state}))
        })
        .collect();
    database(folder, "regions.mmdb", IpVersion::V4, &records)
}

fn database(folder: &Path, name: &str, version: IpVersion, networks: &[(&str, Value)]) -> PathBuf {
    let mut writer = Writer::builder("Cities")
        .ip_version(version)
        .build_epoch(std::time::UNIX_EPOCH)
        .build();
    for (network, record) in networks {
        writer
            .insert(network.parse::<IpNet>().expect("a network"), record)
            .expect("a record that can be written");
    }
    let path = folder.join(name);
    let bytes = writer.to_bytes().expect("a small database");
    std::fs::write(&path, bytes).expect("a written database");
    path
}

/// Eight visits from as many networks of each family.
fn visits() -> String {
    let ipv4 = (0..8).map(|network| format!("203.0.{network}.9"));
    let ipv6 = (0..8).map(|network| format!("2001:db8:{network}::9"));
    ipv4.chain(ipv6)
        .map(|client| {
            format!(
                "{client} - - [01/Nov/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200 512 \"-\" \
                 \"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\"\n"
            )
        })
        .collect()
}

fn hushlog(command: &[&str], files: &[&PathBuf], rest: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hushlog"))
        .args(command)
        .args(files)
        .args(rest)
        .output()
        .expect("a program that starts")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of plain letters")
}
