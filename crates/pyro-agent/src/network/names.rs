//! Which address stands for which name. One address per name, never given to another while the machine
//! lives: a client may remember an address for as long as it likes.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Addresses that stand for names: the rest of 198.18.0.0/15 (RFC 2544) behind the machine's own 198.18.0.0/24.
const FIRST: u32 = u32::from_be_bytes([198, 18, 1, 0]);
const LAST: u32 = u32::from_be_bytes([198, 19, 255, 255]);

/// All names that this machine has asked for and that it may reach.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_name: HashMap<Arc<str>, Ipv4Addr>,
    by_address: Vec<Arc<str>>,
}

/// What an address stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A name.
    Name(Arc<str>),
    /// A name that nobody has asked for.
    Nothing,
    /// Itself.
    Itself,
}

impl Names {
    /// The address of a name; none where all are given away.
    pub(super) fn address(&mut self, name: &str) -> Option<Ipv4Addr> {
        if let Some(address) = self.known(name) {
            return Some(address);
        }
        let address = FIRST.checked_add(u32::try_from(self.by_address.len()).ok()?)?;
        if address > LAST {
            return None;
        }
        let (address, name): (_, Arc<str>) = (Ipv4Addr::from(address), name.into());
        self.by_address.push(name.clone());
        self.by_name.insert(name, address);
        Some(address)
    }

    /// The address that a name has already.
    pub(super) fn known(&self, name: &str) -> Option<Ipv4Addr> {
        self.by_name.get(name).copied()
    }

    /// What an address stands for.
    pub(super) fn meaning(&self, address: Ipv4Addr) -> Meaning {
        let address = u32::from(address);
        if !(FIRST..=LAST).contains(&address) {
            return Meaning::Itself;
        }
        let index = usize::try_from(address - FIRST).unwrap_or(usize::MAX);
        self.by_address.get(index).cloned().map_or(Meaning::Nothing, Meaning::Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_address_and_no_other_gets_it() {
        let mut names = Names::default();
        let first = names.address("a.example").unwrap();
        let second = names.address("b.example").unwrap();
        assert_eq!(first, Ipv4Addr::new(198, 18, 1, 0));
        assert_ne!(first, second);
        assert_eq!(names.address("a.example"), Some(first));
        assert_eq!(names.meaning(second), Meaning::Name("b.example".into()));
        assert_eq!(names.meaning(Ipv4Addr::new(198, 18, 1, 2)), Meaning::Nothing);
        assert_eq!(names.meaning(Ipv4Addr::new(198, 18, 0, 1)), Meaning::Itself);
        assert_eq!(names.meaning(Ipv4Addr::new(203, 0, 113, 7)), Meaning::Itself);
    }

    #[test]
    fn when_all_addresses_are_given_away_there_is_none() {
        let mut names = Names::default();
        for number in 0..=LAST - FIRST {
            assert!(names.address(&number.to_string()).is_some());
        }
        assert_eq!(names.address("one more"), None);
        assert_eq!(names.address("0"), Some(Ipv4Addr::from(FIRST)));
    }
}
