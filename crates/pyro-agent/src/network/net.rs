//! A range of IPv4 addresses.

use std::net::Ipv4Addr;
use std::str::FromStr;

/// All addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Net {
    first: u32,
    bits: u8,
}

impl Net {
    /// `first` with so many bits, 32 at most, that count; the others of it must be 0.
    pub(super) const fn new(first: Ipv4Addr, bits: u8) -> Self {
        Self { first: u32::from_be_bytes(first.octets()), bits }
    }

    /// Its first address.
    pub(super) fn first(self) -> Ipv4Addr {
        Ipv4Addr::from(self.first)
    }

    /// How many bits count.
    pub(super) fn bits(self) -> u8 {
        self.bits
    }

    /// Whether all of `other` lies in it.
    pub(super) fn contains(self, other: Self) -> bool {
        self.bits <= other.bits && (self.first ^ other.first) & self.mask() == 0
    }

    fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0)
    }
}

/// `10.0.0.0/8`; bits that do not count are taken as 0.
impl FromStr for Net {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (first, bits) = text.split_once('/').ok_or(())?;
        let first: Ipv4Addr = first.parse().map_err(drop)?;
        let bits: u8 = bits.parse().map_err(drop)?;
        if bits > 32 {
            return Err(());
        }
        let net = Self::new(first, bits);
        Ok(Self { first: net.first & net.mask(), bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nets_contain_what_begins_with_their_bits() {
        let net = |text: &str| text.parse::<Net>().unwrap();
        assert!(net("10.0.0.0/8").contains(net("10.1.0.0/16")));
        assert!(net("10.0.0.0/8").contains(net("10.0.0.0/8")));
        assert!(!net("10.1.0.0/16").contains(net("10.0.0.0/8")));
        assert!(!net("10.0.0.0/8").contains(net("11.0.0.0/8")));
        assert!(net("0.0.0.0/0").contains(net("203.0.113.7/32")));
        assert_eq!(net("10.9.8.7/8"), net("10.0.0.0/8"));
        for text in ["10.0.0.0", "10.0.0.0/33", "::1/128", "10.0.0/8", "/"] {
            assert!(text.parse::<Net>().is_err(), "{text}");
        }
    }
}
