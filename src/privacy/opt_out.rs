//! Whose requests are never counted, because they ask for it with each request or have asked once.

use std::{cmp::Ordering, net::IpAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::address::network;
use crate::{
    error::{Error, Result},
    record::{self, Record},
};

/// Most lines of a list that a message names.
const MOST_NAMED: usize = 5;

/// Addresses and networks whose requests are not counted. Those that carry an opt-out signal never are.
#[derive(Clone, Debug, Default)]
pub struct OptOuts {
    /// Disjoint, in order.
    ipv4: Vec<Ipv4Net>,
    ipv6: Vec<Ipv6Net>,
}

impl OptOuts {
    /// Opt-outs of addresses and networks (CIDR), each by itself or in lists: one a line, with `#` before
    /// comments. A list comes with its name, for messages.
    ///
    /// # Errors
    /// [`Error::Setting`] names the value that is not one, or the lines of the list, which it does not
    /// quote.
    pub fn new(networks: &[String], lists: &[(String, Vec<u8>)]) -> Result<Self> {
        let mut all = Vec::new();
        for text in networks {
            all.push(network(text)?);
        }
        for (name, text) in lists {
            all.append(&mut listed(name, text)?);
        }
        Ok(Self::of(&all))
    }

    fn of(networks: &[IpNet]) -> Self {
        let mut opt_outs = Self::default();
        for network in IpNet::aggregate(&networks.to_vec()) {
            match network {
                IpNet::V4(network) => opt_outs.ipv4.push(network),
                IpNet::V6(network) => opt_outs.ipv6.push(network),
            }
        }
        opt_outs.ipv4.sort_unstable();
        opt_outs.ipv6.sort_unstable();
        opt_outs
    }

    /// Whether any address is on a list.
    #[must_use]
    pub const fn have_addresses(&self) -> bool {
        !self.ipv4.is_empty() || !self.ipv6.is_empty()
    }

    /// Whether the request is not to be counted.
    #[inline]
    pub(crate) fn cover(&self, record: &Record<'_>) -> bool {
        record.opted_out || self.have_addresses() && self.have(record.client)
    }

    fn have(&self, client: &[u8]) -> bool {
        let address = record::address(record::client(client));
        address.is_some_and(|address| match address {
            IpAddr::V4(address) => is_in(&self.ipv4, |it| (it.network(), it.broadcast()), address),
            IpAddr::V6(address) => is_in(&self.ipv6, |it| (it.network(), it.broadcast()), address),
        })
    }
}

/// Whether one of the networks, disjoint and in order, spans the address.
fn is_in<N, A: Ord>(networks: &[N], span: impl Fn(&N) -> (A, A), address: A) -> bool {
    let compared = |network: &N| {
        let (first, last) = span(network);
        if last < address {
            Ordering::Less
        } else if address < first {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    };
    networks.binary_search_by(compared).is_ok()
}

/// The networks of a list.
fn listed(name: &str, text: &[u8]) -> Result<Vec<IpNet>> {
    let (mut networks, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
        let line = line.trim_ascii();
        let text = str::from_utf8(line).ok();
        match text.and_then(|text| network(text).ok()) {
            Some(network) => networks.push(network),
            None if line.is_empty() => {}
            None => wrong.push(number),
        }
    }
    if wrong.is_empty() {
        return Ok(networks);
    }
    Err(Error::Setting(complaint(name, &wrong)))
}

/// What to say of a list with lines that are wrong, without quoting them.
fn complaint(name: &str, wrong: &[usize]) -> String {
    let numbers: Vec<String> = wrong.iter().map(usize::to_string).collect();
    let named = numbers[..numbers.len().min(MOST_NAMED)].join(", ");
    let more = match wrong.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let lines = if wrong.len() == 1 { "line" } else { "lines" };
    format!("{name}: not an address or network (CIDR) in {lines} {named}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opt_outs(networks: &[&str], list: &str) -> Result<OptOuts> {
        let networks: Vec<String> = networks.iter().map(|&it| it.to_owned()).collect();
        OptOuts::new(&networks, &[("list".to_owned(), list.into())])
    }

    #[test]
    fn addresses_are_covered_in_whatever_form_they_are_logged() {
        let list =
            "# asked in 2025\r\n192.0.2.7\r\n\r\n  198.51.100.77/25 # office\n2001:db8:1::/48\n";
        let opt_outs = opt_outs(&["::ffff:203.0.113.0/120", "2001:db8:2::1"], list).unwrap();
        for (client, expected) in [
            ("192.0.2.7", true),
            ("192.0.2.7:443", true),
            ("::ffff:192.0.2.7", true),
            ("192.0.2.6", false),
            ("192.0.2.8", false),
            ("198.51.100.0", true),
            ("198.51.100.127", true),
            ("198.51.100.128", false),
            ("203.0.113.255", true),
            ("203.0.114.0", false),
            ("[2001:db8:1:ffff::9]:443", true),
            ("2001:db8:2::1", true),
            ("2001:db8:2::2", false),
            ("example.com", false),
            ("-", false),
            ("", false),
        ] {
            assert_eq!(opt_outs.have(client.as_bytes()), expected, "{client}");
        }
    }

    #[test]
    fn networks_may_overlap() {
        let networks = [
            "10.0.0.0/8",
            "10.1.0.0/16",
            "10.1.2.3",
            "11.0.0.0/8",
            "10.1.2.3",
        ];
        let opt_outs = opt_outs(&networks, "").unwrap();
        assert_eq!(opt_outs.ipv4, ["10.0.0.0/7".parse().unwrap()]);
        assert!(opt_outs.have(b"10.200.0.1") && !opt_outs.have(b"12.0.0.0"));
    }

    #[test]
    fn wrong_lines_are_told_by_number_and_not_quoted() {
        let told = |list: &str| opt_outs(&[], list).unwrap_err().to_string();
        assert_eq!(
            told("192.0.2.1\nalice@example.org\n192.0.2.0/33\n"),
            "list: not an address or network (CIDR) in lines 2, 3"
        );
        assert!(told(&"x\n".repeat(7)).ends_with("in lines 1, 2, 3, 4, 5 and 2 more"));
        assert!(opt_outs(&["192.0.2"], "").is_err());
        assert!(!opt_outs(&[], "# none yet\n").unwrap().have_addresses());
    }
}
