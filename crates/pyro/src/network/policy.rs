//! What a guest may reach: decided by name before anything is resolved, and by address before anything is
//! dialled. Pure: nothing here asks anybody.

use super::NetworkError;
use super::address::Kind;
use super::name::{HOST, HostName, Pattern};
use super::range::Range;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// The most patterns and ranges of one list: the guest's steering has a branch for each range.
const MAX_ENTRIES: usize = 64;

/// What a guest may reach, and whether it may be reached; each allows what the ones before allow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkPolicy {
    /// Nothing.
    #[default]
    Off,
    /// Public addresses, or what an [`AllowList`] names.
    Egress,
    /// The same, and ports of its services may be published on the host's loopback.
    #[serde(rename = "egress+published-ports")]
    EgressAndPublishedPorts,
}

impl NetworkPolicy {
    /// As users write them.
    pub const NAMES: [&str; 3] = ["off", "egress", "egress+published-ports"];
}

impl FromStr for NetworkPolicy {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        match text {
            "off" => Ok(Self::Off),
            "egress" => Ok(Self::Egress),
            "egress+published-ports" => Ok(Self::EgressAndPublishedPorts),
            other => Err(NetworkError::BadPolicy(other.to_owned())),
        }
    }
}

impl fmt::Display for NetworkPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Egress => "egress",
            Self::EgressAndPublishedPorts => "egress+published-ports",
        })
    }
}

/// What may be reached, if not everything public. A list that has anything in it is complete.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowList {
    /// Names.
    #[serde(default)]
    pub hosts: Vec<Pattern>,
    /// Addresses: reached by address, and allowed to names that lead there.
    #[serde(default)]
    pub nets: Vec<Range>,
}

/// Why something may not be reached. Continues "refused:".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A list, and not on it.
    #[error("the name is not on the list of --allow-host")]
    NotListed,
    /// A list, and an address that is not on it.
    #[error("the address is not in a range of --allow-net")]
    AddressNotListed,
    /// On the list, but with other ports.
    #[error("port {port} of it is not on the list: --allow-host {name}:{port} would allow it")]
    PortNotListed {
        /// The name.
        name: String,
        /// The port.
        port: u16,
    },
    /// The host's own servers, which are never reached by accident.
    #[error("servers of this host are reached only with --allow-host {host}:{port}", host = HOST)]
    HostNotListed {
        /// The port.
        port: u16,
    },
    /// An address that is not public.
    #[error("its address {address} is {kind}, which --allow-net {address} would allow")]
    NotPublic {
        /// The address.
        address: IpAddr,
        /// What it is.
        kind: Kind,
    },
}

/// How far the human vouches for where a name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// Not at all: it may lead to public addresses.
    None,
    /// The human has named this name: it may lead to private addresses.
    Named,
    /// It is this host's loopback, and the human has said so.
    Host,
}

impl AllowList {
    /// Reads what users write.
    ///
    /// # Errors
    /// The first that is not a pattern or a range, or if there are too many.
    /// # Example
    /// ```
    /// use pyro::network::{AllowList, NetworkPolicy};
    /// use pyro::workspace::WorkspaceSpec;
    ///
    /// let hosts = ["*.example.org".to_owned(), "git.example.net:22".to_owned()];
    /// let allow = AllowList::parse(&hosts, &["10.1.0.0/16".to_owned()])?;
    /// let mut spec = WorkspaceSpec { network_policy: NetworkPolicy::Egress, ..Default::default() };
    /// spec.machine.allow = allow;
    /// spec.check()?;
    ///
    /// // a list under a policy that lets nothing through would only look like one
    /// spec.network_policy = NetworkPolicy::Off;
    /// assert_eq!(spec.check().unwrap_err().code(), "allow_list_without_egress");
    /// // and an address is no name
    /// assert!(AllowList::parse(&["10.0.0.1".to_owned()], &[]).is_err());
    /// # Ok::<(), pyro::Error>(())
    /// ```
    pub fn parse(hosts: &[String], nets: &[String]) -> Result<Self, NetworkError> {
        if hosts.len().max(nets.len()) > MAX_ENTRIES {
            return Err(NetworkError::TooLong);
        }
        Ok(Self {
            hosts: hosts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
            nets: nets.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
        })
    }

    /// Whether it names nothing, and so lets everything public through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.nets.is_empty()
    }

    /// Whether a name may be asked for, on whatever port; what cannot be reached on any is refused before
    /// anybody is asked where it leads.
    pub(super) fn judge_lookup(&self, name: &HostName) -> Result<(), Refused> {
        if name.is_host() && self.has_loopback() {
            return Ok(());
        }
        match self.hosts.iter().any(|pattern| pattern.names(name)) {
            true => Ok(()),
            false if name.is_host() => Err(Refused::HostNotListed { port: 80 }),
            false if self.is_empty() => Ok(()),
            false => Err(Refused::NotListed),
        }
    }

    /// Whether a name may be reached on a port, and how far it is trusted.
    pub(super) fn judge_name(&self, name: &HostName, port: u16) -> Result<Trust, Refused> {
        let about: Vec<&Pattern> =
            self.hosts.iter().filter(|pattern| pattern.names(name)).collect();
        let fitting = || about.iter().filter(|pattern| pattern.has(port));
        if name.is_host() {
            let allowed = fitting().next().is_some() || self.has_loopback();
            return if allowed { Ok(Trust::Host) } else { Err(Refused::HostNotListed { port }) };
        }
        if self.is_empty() {
            return Ok(Trust::None);
        }
        if about.is_empty() {
            return Err(Refused::NotListed);
        }
        if fitting().next().is_none() {
            return Err(Refused::PortNotListed { name: name.to_string(), port });
        }
        let exact = fitting().any(|pattern| pattern.is_exact());
        Ok(if exact { Trust::Named } else { Trust::None })
    }

    /// Whether an address may be reached that the guest named itself.
    pub(super) fn judge_address(&self, address: IpAddr, own: &[IpAddr]) -> Result<(), Refused> {
        if self.nets.iter().any(|net| net.contains(address)) {
            return Ok(());
        }
        if !self.is_empty() {
            return Err(Refused::AddressNotListed);
        }
        public(address, own)
    }

    /// Whether an address may be dialled that a name leads to.
    pub(super) fn judge_resolved(
        &self,
        address: IpAddr,
        trust: Trust,
        own: &[IpAddr],
    ) -> Result<(), Refused> {
        let listed = self.nets.iter().any(|net| net.contains(address));
        let private = trust == Trust::Named && Kind::of(address, own).is_private();
        match listed || private || trust == Trust::Host {
            true => Ok(()),
            false => public(address, own),
        }
    }

    fn has_loopback(&self) -> bool {
        self.nets.iter().any(|net| net.contains(Ipv4Addr::LOCALHOST.into()))
    }
}

fn public(address: IpAddr, own: &[IpAddr]) -> Result<(), Refused> {
    match Kind::of(address, own) {
        Kind::Public => Ok(()),
        kind => Err(Refused::NotPublic { address, kind }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(hosts: &[&str], nets: &[&str]) -> AllowList {
        let owned =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        AllowList::parse(&owned(hosts), &owned(nets)).unwrap()
    }

    fn name(text: &str) -> HostName {
        HostName::parse(text).unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn without_a_list_everything_public_and_nothing_else_is_reached() {
        let all = AllowList::default();
        assert_eq!(all.judge_lookup(&name("a.example")), Ok(()));
        assert_eq!(all.judge_name(&name("a.example"), 9418), Ok(Trust::None));
        assert_eq!(all.judge_resolved(ip("203.0.113.7"), Trust::None, &[]), Ok(()));
        assert_eq!(all.judge_address(ip("203.0.113.7"), &[]), Ok(()));
        for address in
            ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "198.18.0.1"]
        {
            assert!(all.judge_address(ip(address), &[]).is_err(), "{address}");
            assert!(all.judge_resolved(ip(address), Trust::None, &[]).is_err(), "{address}");
        }
        let own = [ip("203.0.113.7")];
        assert!(all.judge_address(own[0], &own).is_err());
        assert!(all.judge_lookup(&name(HOST)).is_err());
        assert_eq!(all.judge_name(&name(HOST), 80), Err(Refused::HostNotListed { port: 80 }));
    }

    #[test]
    fn a_list_is_complete() {
        let list = list(&["a.example", "*.b.example:8443"], &["10.1.0.0/16"]);
        assert_eq!(list.judge_name(&name("a.example"), 443), Ok(Trust::Named));
        assert_eq!(list.judge_name(&name("x.b.example"), 8443), Ok(Trust::None));
        assert!(matches!(
            list.judge_name(&name("a.example"), 22),
            Err(Refused::PortNotListed { port: 22, .. })
        ));
        for unlisted in ["c.example", "b.example", "evil-a.example", HOST] {
            assert!(list.judge_name(&name(unlisted), 443).is_err(), "{unlisted}");
            assert!(list.judge_lookup(&name(unlisted)).is_err(), "{unlisted}");
        }
        assert_eq!(list.judge_address(ip("10.1.2.3"), &[]), Ok(()));
        assert_eq!(list.judge_address(ip("203.0.113.7"), &[]), Err(Refused::AddressNotListed));
    }

    #[test]
    fn only_a_name_that_the_human_wrote_leads_to_private_addresses_and_none_to_this_host() {
        let list = list(&["git.corp.example", "*.corp.example"], &[]);
        let trust = |text: &str| list.judge_name(&name(text), 443).unwrap();
        let dial = |text: &str, address: &str| {
            list.judge_resolved(ip(address), trust(text), &[ip("10.0.0.9")]).is_ok()
        };
        assert!(dial("git.corp.example", "10.0.0.1"));
        assert!(dial("git.corp.example", "fd00::1"));
        assert!(!dial("evil.corp.example", "10.0.0.1"));
        for address in [
            "127.0.0.1",
            "::1",
            "169.254.169.254",
            "fd00:ec2::254",
            "0.0.0.0",
            "10.0.0.9",
            "::ffff:10.0.0.1",
        ] {
            assert!(!dial("git.corp.example", address), "{address}");
        }
        assert!(dial("evil.corp.example", "203.0.113.7"));
    }

    #[test]
    fn the_host_is_reached_by_its_name_or_by_its_range() {
        let named = list(&["host.pyro.internal:8080"], &[]);
        assert_eq!(named.judge_name(&name(HOST), 8080), Ok(Trust::Host));
        assert!(named.judge_name(&name(HOST), 22).is_err());
        assert!(named.judge_address(ip("127.0.0.1"), &[]).is_err());
        let ranged = list(&[], &["127.0.0.0/8"]);
        assert_eq!(ranged.judge_lookup(&name(HOST)), Ok(()));
        assert_eq!(ranged.judge_name(&name(HOST), 22), Ok(Trust::Host));
        assert_eq!(ranged.judge_address(ip("127.0.0.1"), &[]), Ok(()));
    }

    #[test]
    fn policies_are_written_as_they_are_read_and_recorded() {
        let policies = NetworkPolicy::NAMES.map(|name| name.parse::<NetworkPolicy>().unwrap());
        assert!(policies.is_sorted());
        for (policy, name) in policies.into_iter().zip(NetworkPolicy::NAMES) {
            assert_eq!(policy.to_string(), name);
            assert_eq!(serde_json::to_value(policy).unwrap(), name);
        }
        assert!("open".parse::<NetworkPolicy>().is_err());
        let many = vec!["a.example".to_owned(); 65];
        assert!(AllowList::parse(&many, &[]).is_err());
    }
}
