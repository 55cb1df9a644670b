//! Ranges of addresses, as `--allow-net` names them.

use super::NetworkError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// All addresses of one family that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Range {
    first: IpAddr,
    bits: u8,
}

impl Range {
    /// A range that the code names; what does not count of `first` must be 0.
    pub(super) const fn new(first: IpAddr, bits: u8) -> Self {
        Self { first, bits }
    }

    /// Whether an address lies in it. One of IPv6 never lies in a range of IPv4, whatever is hidden in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                begin_alike(first.to_bits().into(), address.to_bits().into(), 32, self.bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                begin_alike(first.to_bits(), address.to_bits(), 128, self.bits)
            }
            _ => false,
        }
    }

    /// Whether it is one of IPv4.
    #[must_use]
    pub fn is_v4(&self) -> bool {
        self.first.is_ipv4()
    }
}

fn begin_alike(one: u128, other: u128, length: u32, bits: u8) -> bool {
    let rest = length.saturating_sub(bits.into());
    (one ^ other).checked_shr(rest).unwrap_or(0) == 0
}

/// `10.0.0.0/8`, or a single address. Bits that do not count must be 0, so that nobody allows by a slip more
/// than is written there.
impl FromStr for Range {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let bad = || NetworkError::BadRange(text.to_owned());
        let (first, bits) = match text.split_once('/') {
            Some((first, bits)) => (first, Some(bits)),
            None => (text, None),
        };
        let first: IpAddr = first.parse().map_err(|_| bad())?;
        let length: u8 = if first.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= length).ok_or_else(bad)?,
            None => length,
        };
        let value = match first {
            IpAddr::V4(first) => u128::from(first.to_bits()) << 96,
            IpAddr::V6(first) => first.to_bits(),
        };
        if value.checked_shl(bits.into()).unwrap_or(0) != 0 {
            return Err(bad());
        }
        Ok(Self { first, bits })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

impl From<Range> for String {
    fn from(range: Range) -> Self {
        range.to_string()
    }
}

impl TryFrom<String> for Range {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_range_is_what_is_written() {
        for (range, within, beyond) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("0.0.0.0/0", "203.0.113.7", "::ffff:203.0.113.7"),
            ("fd00::/8", "fd12::1", "fe80::1"),
            ("::/0", "::ffff:10.0.0.1", "10.0.0.1"),
            ("203.0.113.128/25", "203.0.113.255", "203.0.113.127"),
        ] {
            let parsed: Range = range.parse().unwrap();
            assert!(parsed.contains(within.parse().unwrap()), "{range} {within}");
            assert!(!parsed.contains(beyond.parse().unwrap()), "{range} {beyond}");
        }
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "::1/64",
            "::/129",
            "10.0.0/8",
            "a/8",
            "10.0.0.0/-1",
            "010.0.0.0/8",
        ] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_range_contains_its_first_address_and_survives_being_written(address: u32, bits in 0u8..=32) {
            let first = address & u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            let range = Range::new(IpAddr::V4(first.into()), bits);
            prop_assert!(range.contains(IpAddr::V4(address.into())));
            prop_assert_eq!(range.to_string().parse::<Range>().unwrap(), range);
        }
    }
}
