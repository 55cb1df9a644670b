//! What kind of address one is. Only a public one may be reached without being allowed by name or range:
//! the others lead into this host, its neighbourhood, or to who knows whom.

use super::range::Range;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anybody's. So are the ranges for documentation (RFC 5737, RFC 3849), which lead nowhere by themselves.
    Public,
    /// This host itself.
    Loopback,
    /// Of one of this host's interfaces.
    Own,
    /// RFC 1918, RFC 4193.
    Private,
    /// Between a provider and its customers: RFC 6598.
    Shared,
    /// RFC 3927, RFC 4291.
    LinkLocal,
    /// Where clouds tell a machine its secrets.
    Metadata,
    /// RFC 5771, RFC 4291.
    Multicast,
    /// "This network": 0.0.0.0/8, `::`.
    Unspecified,
    /// RFC 2544, which pyro itself uses in guests.
    Benchmark,
    /// An address of IPv6 that hides one of IPv4: mapped, translated or tunnelled.
    Disguised,
    /// For purposes of its own, or for nobody.
    Reserved,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Range {
    Range::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits)
}

const fn v6(first: u16, second: u16, third: u16, bits: u8) -> Range {
    Range::new(IpAddr::V6(Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0)), bits)
}

const AWS_METADATA: Range =
    Range::new(IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)), 128);
const GOOGLE_METADATA: Range =
    Range::new(IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)), 128);

/// The special ranges, from the IANA registries of special-purpose addresses; the first that fits counts.
const RANGES: [(Range, Kind); 32] = [
    // every large cloud; Alibaba; Azure; Oracle
    (v4(169, 254, 169, 254, 32), Kind::Metadata),
    (v4(169, 254, 170, 2, 32), Kind::Metadata),
    (v4(100, 100, 100, 200, 32), Kind::Metadata),
    (v4(168, 63, 129, 16, 32), Kind::Metadata),
    (v4(192, 0, 0, 192, 32), Kind::Metadata),
    (AWS_METADATA, Kind::Metadata),
    (GOOGLE_METADATA, Kind::Metadata),
    (v4(0, 0, 0, 0, 8), Kind::Unspecified),
    (v4(10, 0, 0, 0, 8), Kind::Private),
    (v4(100, 64, 0, 0, 10), Kind::Shared),
    (v4(127, 0, 0, 0, 8), Kind::Loopback),
    (v4(169, 254, 0, 0, 16), Kind::LinkLocal),
    (v4(172, 16, 0, 0, 12), Kind::Private),
    (v4(192, 0, 0, 0, 24), Kind::Reserved),
    (v4(192, 88, 99, 0, 24), Kind::Reserved),
    (v4(192, 168, 0, 0, 16), Kind::Private),
    (v4(198, 18, 0, 0, 15), Kind::Benchmark),
    (v4(224, 0, 0, 0, 4), Kind::Multicast),
    (v4(240, 0, 0, 0, 4), Kind::Reserved),
    (Range::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 128), Kind::Unspecified),
    (Range::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 128), Kind::Loopback),
    // mapped and compatible, translated (RFC 6052, RFC 8215), 6to4, Teredo
    (v6(0, 0, 0, 80), Kind::Disguised),
    (v6(0x64, 0xff9b, 0, 96), Kind::Disguised),
    (v6(0x64, 0xff9b, 1, 48), Kind::Disguised),
    (v6(0x2002, 0, 0, 16), Kind::Disguised),
    (v6(0x2001, 0, 0, 32), Kind::Disguised),
    (v6(0xfc00, 0, 0, 7), Kind::Private),
    (v6(0xfe80, 0, 0, 10), Kind::LinkLocal),
    (v6(0xfec0, 0, 0, 10), Kind::Private),
    (v6(0xff00, 0, 0, 8), Kind::Multicast),
    // the rest of 2001::/23 is for protocols; beyond 2000::/3 nothing is given out
    (v6(0x2001, 0, 0, 23), Kind::Reserved),
    (v6(0x2000, 0, 0, 3), Kind::Public),
];

impl Kind {
    /// The kind of an address, by what is written in it. `own` are those of this host's interfaces.
    #[must_use]
    pub fn of(address: IpAddr, own: &[IpAddr]) -> Self {
        let special = RANGES.iter().find(|(range, _)| range.contains(address));
        let kind = match (special, address) {
            (Some((_, kind)), _) => *kind,
            (None, IpAddr::V4(_)) => Self::Public,
            (None, IpAddr::V6(_)) => Self::Reserved,
        };
        match kind {
            Self::Public | Self::Private | Self::Shared if own.contains(&address) => Self::Own,
            kind => kind,
        }
    }

    /// Whether a name may lead there that the human has allowed by itself: where servers of the human's own
    /// are kept.
    pub(super) fn is_private(self) -> bool {
        matches!(self, Self::Private | Self::Shared)
    }
}

/// Continues "its address is".
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Loopback => "this host's loopback",
            Self::Own => "this host's own",
            Self::Private => "private",
            Self::Shared => "a provider's (100.64.0.0/10)",
            Self::LinkLocal => "link-local",
            Self::Metadata => "a cloud's metadata service",
            Self::Multicast => "a multicast address",
            Self::Unspecified => "unspecified",
            Self::Benchmark => "for guests only (198.18.0.0/15)",
            Self::Disguised => "one of IPv4 within IPv6",
            Self::Reserved => "reserved",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(address: &str) -> Kind {
        Kind::of(address.parse().unwrap(), &["203.0.113.9".parse().unwrap()])
    }

    #[test]
    fn every_special_range_is_known_to_its_edges() {
        for (addresses, expected) in [
            (
                &[
                    "1.1.1.1",
                    "9.255.255.255",
                    "11.0.0.0",
                    "172.15.255.255",
                    "172.32.0.0",
                    "192.0.1.0",
                ][..],
                Kind::Public,
            ),
            (
                &["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.17.255.255", "198.20.0.0"],
                Kind::Public,
            ),
            (&["100.63.255.255", "100.128.0.0", "169.253.0.0", "223.255.255.255"], Kind::Public),
            (&["2606:4700::1111", "2a00::1", "2001:db8::1", "2001:200::1"], Kind::Public),
            (&["127.0.0.1", "127.255.255.255", "::1"], Kind::Loopback),
            (
                &[
                    "10.0.0.0",
                    "172.16.0.0",
                    "172.31.255.255",
                    "192.168.255.255",
                    "fd00::1",
                    "fc00::",
                    "fec0::1",
                ],
                Kind::Private,
            ),
            (&["100.64.0.0", "100.127.255.255"], Kind::Shared),
            (&["169.254.0.1", "fe80::1", "febf::1"], Kind::LinkLocal),
            (
                &[
                    "169.254.169.254",
                    "169.254.170.2",
                    "fd00:ec2::254",
                    "fd20:ce::254",
                    "100.100.100.200",
                    "168.63.129.16",
                    "192.0.0.192",
                ],
                Kind::Metadata,
            ),
            (&["224.0.0.1", "239.255.255.255", "ff02::1"], Kind::Multicast),
            (&["0.0.0.0", "0.1.2.3", "::"], Kind::Unspecified),
            (&["198.18.0.1", "198.19.255.255"], Kind::Benchmark),
            (
                &[
                    "240.0.0.1",
                    "255.255.255.255",
                    "192.0.0.1",
                    "192.88.99.1",
                    "100::1",
                    "4000::1",
                    "2001:2::1",
                ],
                Kind::Reserved,
            ),
            (&["203.0.113.9"], Kind::Own),
        ] {
            for address in addresses {
                assert_eq!(kind(address), expected, "{address}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_form_of_ipv6_makes_an_address_of_ipv4_public(address: u32) {
            let [a, b, c, d] = address.to_be_bytes();
            let [high, low] = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
            for hidden in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, !high, !low),
            ] {
                prop_assert_ne!(Kind::of(hidden.into(), &[]), Kind::Public, "{}", hidden);
            }
        }
    }
}
