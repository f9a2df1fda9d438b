//! Where a request comes from: the connection's other end, or, where that is a proxy that is trusted, whom it speaks for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

/// The client's address, in IPv4's form where it is one in IPv6's clothes. A layer puts it into every request; what asks for
/// an address asks for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// Of a request from `peer` whose `X-Forwarded-For` says `forwarded`, one header after the other (`None` where it is
    /// no text).
    ///
    /// Each proxy appends whom it heard from, so what stands to the right is known best: from there, the first that is not
    /// trusted is the client. What that one wrote itself, further left, is not looked at.
    pub fn find<'a>(
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = Option<&'a str>>,
        trusted: &[IpNet],
    ) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(&address));
        let mut last = peer.to_canonical();
        let hops = forwarded.rev().flat_map(|told| match told {
            Some(told) => told.rsplit(',').map(Some).collect::<Vec<_>>(),
            None => vec![None],
        });
        for hop in hops {
            if !is_trusted(last) {
                break;
            }
            // Behind what nobody can read, nothing is known.
            let Some(hop) = hop.and_then(address) else {
                break;
            };
            last = hop;
        }
        ClientAddress(last)
    }
}

/// An address as proxies write it: some with a port, some with IPv6 in brackets.
fn address(told: &str) -> Option<IpAddr> {
    let told = told.trim();
    let bare = told
        .strip_prefix('[')
        .and_then(|told| told.strip_suffix(']'));
    let address = match bare {
        Some(bare) => bare.parse().ok().filter(IpAddr::is_ipv6),
        None => told
            .parse()
            .ok()
            .or_else(|| told.parse::<SocketAddr>().ok().map(|with| with.ip())),
    };
    address.map(|address| address.to_canonical())
}

/// Addresses that begin alike. One alone is a range of one; a range of IPv4 in IPv6's clothes is one of IPv4.
pub fn range(given: &str) -> Option<IpNet> {
    let range = given
        .parse::<IpNet>()
        .or_else(|_| given.parse::<IpAddr>().map(IpNet::from))
        .ok()?;
    let range = match range {
        IpNet::V6(v6) => match (v6.addr().to_ipv4_mapped(), v6.prefix_len().checked_sub(96)) {
            (Some(v4), Some(bits)) => IpNet::new(v4.into(), bits).unwrap_or(range),
            _ => range,
        },
        IpNet::V4(_) => range,
    };
    Some(range.trunc())
}

/// What clouds tell their machines at: secrets among it. Most of it is link-local; these are not.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// Whether a worker may be at `address`. It may well be in a private network, or on this machine; not where no server is, nor
/// where a cloud's machine is told its secrets.
pub fn may_be_a_workers(address: IpAddr) -> bool {
    let address = match address.to_canonical() {
        // NAT64 (RFC 6052): an IPv4 address behind a prefix.
        IpAddr::V6(v6) if v6.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::from([a, b, c, d])
        }
        other => other,
    };
    let is_no_server = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast() || v4.octets()[0] == 0,
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    !is_no_server
        && !address.is_unspecified()
        && !address.is_multicast()
        && !METADATA.contains(&address)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranges(given: &[&str]) -> Vec<IpNet> {
        given.iter().map(|given| range(given).unwrap()).collect()
    }

    fn found(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let forwarded = forwarded.iter().map(|told| Some(*told));
        let found = ClientAddress::find(peer.parse().unwrap(), forwarded, &ranges(trusted));
        found.0.to_string()
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_else() {
        let proxies = ["10.0.0.0/8", "::1", "fd00::/8"];
        for (peer, forwarded, client) in [
            ("203.0.113.7", &[][..], "203.0.113.7"),
            // Not from a proxy: whatever it says.
            ("203.0.113.7", &["198.51.100.1"], "203.0.113.7"),
            ("::ffff:203.0.113.7", &["10.0.0.1"], "203.0.113.7"),
            // From one, which says nothing: it asks for itself.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
            ("::1", &["2001:db8::7"], "2001:db8::7"),
            ("::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("::1", &["[2001:db8::7]"], "2001:db8::7"),
            ("::1", &["203.0.113.7:4711"], "203.0.113.7"),
            // Two proxies in a row, in one header or in two.
            ("10.0.0.1", &["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
            // What the client wrote stands left of what the proxy did.
            ("10.0.0.1", &["1.2.3.4, 203.0.113.7"], "203.0.113.7"),
            (
                "10.0.0.1",
                &["1.2.3.4", "203.0.113.7,fd00::2"],
                "203.0.113.7",
            ),
            // All are trusted: the one furthest away asks.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // What cannot be read ends it.
            ("10.0.0.1", &["203.0.113.7, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.7, , 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["unknown, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["fe80::1%eth0"], "10.0.0.1"),
            ("10.0.0.1", &["[203.0.113.7]"], "10.0.0.1"),
        ] {
            assert_eq!(
                found(peer, forwarded, &proxies),
                client,
                "{peer} {forwarded:?}"
            );
        }
        assert_eq!(found("127.0.0.1", &["203.0.113.7"], &[]), "127.0.0.1");
        let unreadable = ClientAddress::find(
            Ipv4Addr::LOCALHOST.into(),
            [Some("203.0.113.7"), None].into_iter(),
            &ranges(&["127.0.0.1"]),
        );
        assert_eq!(unreadable.0, Ipv4Addr::LOCALHOST);
    }

    #[test]
    fn ranges_are_read_as_people_write_them() {
        for (given, read) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            assert_eq!(range(given).unwrap().to_string(), read);
        }
        for wrong in ["", "10.0.0", "10.0.0.0/33", "localhost", "fe80::1%eth0"] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_worker_is_where_a_server_can_be_and_no_secrets_are_told() {
        for good in [
            "127.0.0.1",
            "10.0.0.5",
            "192.168.1.1",
            "203.0.113.7",
            "::1",
            "fd00::1",
            "2001:db8::1",
        ] {
            assert!(may_be_a_workers(good.parse().unwrap()), "{good}");
        }
        for bad in [
            "169.254.169.254",
            "169.254.170.2",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
            "fe80::1",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "::ffff:0.0.0.0",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
        ] {
            assert!(!may_be_a_workers(bad.parse().unwrap()), "{bad}");
        }
    }

    fn stranger() -> impl Strategy<Value = IpAddr> {
        any::<IpAddr>().prop_filter("not one of the proxies", |address| {
            let proxies = ranges(&["10.0.0.0/8"]);
            !proxies
                .iter()
                .any(|range| range.contains(&address.to_canonical()))
        })
    }

    proptest! {
        #[test]
        fn nothing_that_a_client_writes_makes_it_another(
            client in stranger(),
            written in proptest::collection::vec("[ -~]{0,40}|([0-9]{1,3}\\.){3}[0-9]{1,3}|10\\.0\\.0\\.[0-9]", 0..6),
            behind in 0_u8..4,
        ) {
            let proxies = ranges(&["10.0.0.0/8"]);
            // It calls directly: its word is nothing.
            let told = written.iter().map(|told| Some(told.as_str()));
            prop_assert_eq!(ClientAddress::find(client, told, &proxies).0, client.to_canonical());
            // Through proxies, of which each appends whom it heard from: to the last header, or in one of its own.
            let hops: Vec<_> = std::iter::once(client.to_string())
                .chain((0..behind).map(|hop| format!("10.0.1.{hop}")))
                .collect();
            let appended = hops.join(", ");
            let peer = IpAddr::from([10, 0, 2, 1]);
            let own = written.iter().map(String::as_str).chain([appended.as_str()]).map(Some);
            prop_assert_eq!(ClientAddress::find(peer, own, &proxies).0, client.to_canonical());
            let joined = written.iter().map(String::as_str).chain([appended.as_str()]).collect::<Vec<_>>().join(",");
            prop_assert_eq!(
                ClientAddress::find(peer, [Some(joined.as_str())].into_iter(), &proxies).0,
                client.to_canonical()
            );
        }
    }
}
