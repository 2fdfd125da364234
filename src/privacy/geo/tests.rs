//! Databases of each layout, written by another program's writer, read, damaged and reduced.

use std::{
    net::IpAddr,
    slice::from_ref,
    time::{Duration, UNIX_EPOCH},
};

use ipnet::IpNet;
use maxminddb::Reader;
use mmdb_writer::{IpVersion, Writer};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::error::Error;

fn database(networks: &[(&str, Value)]) -> Vec<u8> {
    written(IpVersion::V6, networks)
}

fn ipv4_database(networks: &[(&str, Value)]) -> Vec<u8> {
    written(IpVersion::V4, networks)
}

fn written(version: IpVersion, networks: &[(&str, Value)]) -> Vec<u8> {
    let built = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut writer = Writer::builder("Test")
        .ip_version(version)
        .build_epoch(built)
        .build();
    for (network, record) in networks {
        writer
            .insert(network.parse::<IpNet>().unwrap(), record)
            .unwrap();
    }
    writer.to_bytes().unwrap()
}

fn regions(files: &[Vec<u8>]) -> Result<Regions> {
    let names = Names::known();
    let open = |(number, bytes): (usize, &Vec<u8>)| {
        Database::new(bytes.clone(), format!("{number}.mmdb"), &names)
    };
    let databases: Result<Vec<_>> = files.iter().enumerate().map(open).collect();
    Ok(Regions {
        databases: databases?,
        names,
    })
}

fn region(regions: &Regions, address: &str) -> String {
    let region = regions.region(address.parse().unwrap());
    let country = region.country().map(str::to_owned);
    region.region().or(country).unwrap_or_default()
}

/// `country.iso_code` and `subdivisions[].iso_code`, the first the least specific.
fn nested(country: &str, subdivisions: &[&str]) -> Value {
    let subdivisions: Vec<_> = subdivisions
        .iter()
        .map(|code| json!({"iso_code": code, "names": {"en": "Elsewhere"}}))
        .collect();
    json!({
        "city": {"names": {"en": "Somewhere"}},
        "country": {"iso_code": country, "names": {"en": "Land"}},
        "subdivisions": subdivisions,
    })
}

fn flat(country: &str, state: &str, city: &str) -> Value {
    json!({"country_code": country, "state1": state, "state2": "", "city": city})
}

#[test]
fn the_embedded_database_knows_large_networks() {
    let regions = Regions::embedded().unwrap();
    assert!(region(&regions, "8.8.8.8").starts_with("US-"));
    assert_ne!(region(&regions, "2a00:1450:4001::1"), "");
    assert_eq!(region(&regions, "192.0.2.1"), "");
    assert_eq!(regions.shortcomings(), []);
    let reader = Reader::from_source(EMBEDDED).unwrap();
    assert_eq!(reader.metadata().ip_version, 6);
}

#[test]
fn a_lookup_tells_whether_a_whole_network_has_the_region() {
    let files = [
        database(&[
            ("203.0.113.0/24", nested("DE", &["BE"])),
            ("198.51.100.0/25", nested("FR", &[])),
            ("2001:db8:7::/48", nested("GB", &["ENG"])),
            ("2001:db8:8:1::/64", nested("NL", &[])),
        ]),
        ipv4_database(&[("192.0.2.128/25", nested("CH", &["ZH"]))]),
    ];
    for (files, address, expected) in [
        (&files[..1], "203.0.113.77", ("DE-BE", true)),
        (&files[..1], "198.51.100.1", ("FR", false)),
        (&files[..1], "198.51.100.200", ("", false)),
        (&files[..1], "2001:db8:7:8::9", ("GB-ENG", true)),
        (&files[..1], "2001:db8:8:1::9", ("NL", false)),
        (&files[..1], "192.0.2.1", ("", true)),
        // The second database knows half of the network.
        (&files[..], "192.0.2.1", ("", false)),
        (&files[..], "192.0.2.129", ("CH-ZH", false)),
        (&[], "192.0.2.1", ("", true)),
    ] {
        let regions = regions(files).unwrap();
        let (found, is_whole) = regions.lookup().region_of_network(address.parse().unwrap());
        assert_eq!(found, regions.region(address.parse().unwrap()), "{address}");
        assert_eq!(
            (region(&regions, address).as_str(), is_whole),
            expected,
            "{address}"
        );
    }
}

#[test]
fn each_layout_is_read() {
    let by_name = |country: &str, name: &str| {
        json!({
            "country": {"iso_code": country},
            "subdivisions": [{"names": {"en": name}}],
        })
    };
    let cases = [
        (nested("GB", &["ENG"]), "GB-ENG"),
        (nested("FR", &["NOR", "76"]), "FR-NOR"),
        (nested("FR", &[]), "FR"),
        (nested("FR", &["Normandie"]), "FR"),
        (by_name("US", "California"), "US-CA"),
        (by_name("US", "Atlantis"), "US"),
        (flat("BR", "Sao Paulo", "Osasco"), "BR-SP"),
        (flat("TW", "Taiwan", "Taichung"), "TW-TXG"),
        (flat("SG", "", "Singapore"), "SG"),
        (
            json!({"country_code": "US", "country": "United States", "region": "Ohio"}),
            "US-OH",
        ),
        (
            json!({"country_code": "US", "region": "x", "region_code": "US-OH"}),
            "US-OH",
        ),
        (
            json!({"country": "US", "country_name": "United States"}),
            "US",
        ),
    ];
    for (record, expected) in cases {
        let files = [database(&[
            ("203.0.113.0/24", record),
            ("2001:db8::/32", json!({})),
        ])];
        let regions = regions(&files).unwrap();
        assert_eq!(region(&regions, "203.0.113.9"), expected);
        assert_eq!(region(&regions, "198.51.100.1"), "", "{expected}");
        assert_eq!(region(&regions, "2001:db8::1"), "", "{expected}");
    }
}

#[test]
fn what_would_leave_every_region_unknown_is_refused() {
    let files = [
        b"not a database".to_vec(),
        Vec::new(),
        database(&[]),
        database(&[("203.0.113.0/24", json!({"autonomous_system_number": 64512}))]),
        database(&[(
            "203.0.113.0/24",
            json!({"country": {"names": {"en": "France"}}}),
        )]),
        database(&[("203.0.113.0/24", json!("FR"))]),
    ];
    for file in files {
        assert!(matches!(regions(&[file]), Err(Error::Setting(_))));
    }
    assert!(matches!(
        Regions::open(&["/no/such/file"]),
        Err(Error::Read { .. })
    ));
}

#[test]
fn what_a_database_lacks_is_said() {
    let country = ("203.0.113.0/24", json!({"country_code": "FR"}));
    let ipv4 = ("203.0.113.0/24", nested("GB", &["ENG"]));
    let ipv6 = ("2001:db8::/32", nested("SE", &["E"]));
    let coarse = Shortcoming::CountriesOnly("0.mmdb".to_owned());
    let cases = [
        (
            vec![ipv4_database(&[country])],
            vec![coarse, Shortcoming::NoIpv6],
        ),
        (
            vec![ipv4_database(from_ref(&ipv4))],
            vec![Shortcoming::NoIpv6],
        ),
        (vec![database(from_ref(&ipv4))], vec![Shortcoming::NoIpv6]),
        (vec![database(from_ref(&ipv6))], vec![Shortcoming::NoIpv4]),
        (vec![database(&[ipv4.clone(), ipv6.clone()])], vec![]),
        (vec![ipv4_database(&[ipv4]), database(&[ipv6])], vec![]),
        (vec![], vec![]),
    ];
    for (files, expected) in cases {
        assert_eq!(regions(&files).unwrap().shortcomings(), expected);
    }
}

#[test]
fn the_first_database_that_knows_an_address_decides() {
    let files = [
        ipv4_database(&[("203.0.113.0/24", flat("FR", "Normandy", ""))]),
        database(&[
            ("203.0.113.0/24", nested("US", &["CA"])),
            ("198.51.100.0/24", nested("US", &["NY"])),
            ("2001:db8::/32", nested("SE", &["E"])),
        ]),
    ];
    let sources = regions(&files).unwrap();
    let reduced = regions(&[reduce(&sources, &Imprint::default()).unwrap()]).unwrap();
    for regions in [sources, reduced] {
        assert_eq!(region(&regions, "203.0.113.9"), "FR-NOR");
        assert_eq!(region(&regions, "198.51.100.9"), "US-NY");
        assert_eq!(region(&regions, "2001:db8::9"), "SE-E");
    }
}

#[test]
fn a_reduced_database_is_sound_and_says_what_it_is() {
    let source = database(&[
        ("203.0.113.0/25", nested("GB", &["ENG"])),
        ("203.0.113.128/26", nested("FR", &["NOR"])),
        ("0.0.0.0/2", nested("FR", &[])),
        ("4000::/2", nested("FR", &[])),
        ("2001:db8:7::/64", nested("SE", &["E"])),
    ]);
    for length in [1, 28, 29, 284, 285, 300, 65_820, 65_821, 70_000] {
        let imprint = Imprint {
            build_epoch: None,
            description: Some("x".repeat(length)),
        };
        let sources = regions(from_ref(&source)).unwrap();
        let bytes = reduce(&sources, &imprint).unwrap();
        assert_eq!(bytes, reduce(&sources, &imprint).unwrap());
        let reader = Reader::from_source(bytes.as_slice()).unwrap();
        reader.verify().unwrap();
        assert_eq!(reader.metadata().build_epoch, 1_700_000_000);
        assert_eq!(reader.metadata().description["en"].len(), length);
        let reduced = regions(&[bytes]).unwrap();
        let found = [
            "203.0.113.200",
            "203.0.112.1",
            "9.9.9.9",
            "2001:db8:7:1::",
            "5000::",
        ]
        .map(|address| region(&reduced, address));
        assert_eq!(found, ["GB-ENG", "", "FR", "SE-E", "FR"]);
        let [ipv4, ipv6] = coverage(&reduced).unwrap();
        assert_eq!(
            (ipv4.networks, ipv4.countries, ipv4.subdivisions),
            (2, (1 << 30) + 256, 256)
        );
        assert_eq!((ipv6.networks, ipv6.subdivisions), (2, 1 << 80));
    }
}

#[test]
fn a_damaged_file_is_refused_or_knows_less_and_ends() {
    let source = database(&[
        ("203.0.113.0/24", nested("GB", &["ENG"])),
        ("198.51.100.0/22", nested("FR", &["NOR", "76"])),
        ("2001:db8::/32", nested("SE", &["E"])),
    ]);
    let cut = (0..source.len()).map(|length| source[..length].to_vec());
    let flipped = (0..source.len()).flat_map(|at| {
        [0x01, 0x80, 0xff].map(|mask| {
            let mut bytes = source.clone();
            bytes[at] ^= mask;
            bytes
        })
    });
    let mut opened = 0;
    for bytes in cut.chain(flipped) {
        let names = Names::default();
        let Ok(database) = Database::new(bytes, "damaged".to_owned(), &names) else {
            continue;
        };
        opened += 1;
        let regions = Regions {
            databases: vec![database],
            names,
        };
        for address in ["203.0.113.1", "198.51.100.1", "2001:db8::1", "::"] {
            region(&regions, address);
        }
        let _ = coverage(&regions);
        let _ = reduce(&regions, &Imprint::default());
    }
    assert!(opened > 0);
}

#[test]
fn a_tree_without_end_ends() {
    use super::{
        tree::Slot,
        writer::{self, Metadata},
    };
    let mut nodes: Vec<_> = (1..=100).map(|next| [Slot::Node(next); 2]).collect();
    nodes.push([Slot::Empty; 2]);
    let bytes = |nodes: &[_]| {
        let metadata = Metadata {
            build_epoch: 0,
            description: String::new(),
        };
        writer::write(nodes, &[Region::new("FR", "NOR")], &metadata).unwrap()
    };
    assert!(regions(&[bytes(&nodes)]).is_err());
    nodes[100] = [Slot::Record(0), Slot::Empty];
    assert!(coverage(&regions(&[bytes(&nodes)]).unwrap()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn reducing_keeps_the_region_of_networks_above_the_floor(
        networks in prop::collection::vec((any::<u32>(), 1_u8..=24, 0..4_usize), 1..30),
        others in prop::collection::vec((any::<u64>(), 4_u8..=48, 0..4_usize), 1..30),
    ) {
        let known = [nested("GB", &["ENG"]), nested("FR", &["NOR"]), nested("FR", &[]), json!({})];
        let ipv4 = networks.iter().map(|&(bits, length, record)| {
            (IpNet::new(IpAddr::V4(bits.into()), length).unwrap(), record)
        });
        let ipv6 = others.iter().map(|&(bits, length, record)| {
            let bits = u128::from(bits) << 61 & !(0b111 << 125) | 0b011 << 125;
            (IpNet::new(IpAddr::V6(bits.into()), length).unwrap(), record)
        });
        let networks: Vec<_> = ipv4.chain(ipv6).collect();
        let texts: Vec<String> = networks.iter().map(|(it, _)| it.trunc().to_string()).collect();
        let mut entries: Vec<(&str, Value)> = texts
            .iter()
            .zip(&networks)
            .map(|(text, &(_, record))| (text.as_str(), known[record].clone()))
            .collect();
        entries.push(("6000::/4", nested("SE", &["E"])));
        let source = regions(&[database(&entries)]).unwrap();
        let bytes = reduce(&source, &Imprint::default()).unwrap();
        Reader::from_source(bytes.as_slice()).unwrap().verify().unwrap();
        let reduced = regions(&[bytes]).unwrap();
        for (network, _) in networks {
            for address in [network.network(), network.broadcast(), network.addr()] {
                prop_assert_eq!(reduced.region(address), source.region(address), "{}", address);
            }
        }
    }
}
