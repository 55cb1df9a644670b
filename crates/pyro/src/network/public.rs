//! Whom this host asks on behalf of somebody it does not trust: servers that have a public name and public
//! addresses, as for a guest without a list. Otherwise a name would be enough to make the host speak to its own
//! servers and to its neighbours'. Pure, but for the addresses of this host's interfaces.

use super::address::Kind;
use super::dial::own_addresses;
use super::name::HostName;
use std::net::IpAddr;

/// Endings of names that nobody gives out in public: RFC 6761, RFC 6762 with its appendix G, RFC 8375. Where a
/// proxy resolves names, they are all that can be judged.
const PRIVATE_ENDINGS: [&str; 9] =
    ["localhost", "local", "intranet", "internal", "private", "corp", "home", "lan", "home.arpa"];

/// Why somebody is not asked. Continues "and".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotPublic {
    /// An address, or nothing that a name could be.
    #[error("{0:?} is no name of a host")]
    NoName(String),
    /// A name of this host or of a network of somebody's own.
    #[error("{0} is not a public name")]
    PrivateName(String),
    /// An address that is not public.
    #[error("{name} leads to {address}, which is {kind}")]
    Address {
        /// The name.
        name: String,
        /// Where it leads.
        address: IpAddr,
        /// What that is.
        kind: Kind,
    },
}

/// Whether a host may be asked, as far as its name tells.
pub(crate) fn judge_public_name(host: &str) -> Result<(), NotPublic> {
    let name = HostName::parse(host).ok_or_else(|| NotPublic::NoName(host.to_owned()))?;
    let text = name.as_str();
    let ends_with = |ending: &str| {
        text.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if text.contains('.') && !PRIVATE_ENDINGS.into_iter().any(ends_with) {
        return Ok(());
    }
    Err(NotPublic::PrivateName(name.to_string()))
}

/// Whether an address may be dialled that a host's name leads to.
pub(crate) fn judge_public_address(host: &str, address: IpAddr) -> Result<(), NotPublic> {
    match Kind::of(address, &own_addresses()) {
        Kind::Public => Ok(()),
        kind => Err(NotPublic::Address { name: host.to_owned(), address, kind }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_name_is_a_name_with_a_public_ending() {
        for name in
            ["ghcr.io", "registry-1.docker.io", "a.b.example", "GHCR.io.", "mylocal.example"]
        {
            assert_eq!(judge_public_name(name), Ok(()), "{name}");
        }
        for name in [
            "localhost",
            "a.localhost",
            "LOCALHOST.",
            "registry",
            "nas.local",
            "git.corp",
            "metadata.google.internal",
            "host.pyro.internal",
            "router.home.arpa",
            "127.0.0.1",
            "203.0.113.7",
            "[::1]",
            "::1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "",
            ".",
            "a..b",
        ] {
            assert!(judge_public_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_public_name_may_not_lead_where_a_guest_could_not_go_either() {
        let judge = |address: &str| judge_public_address("a.example", address.parse().unwrap());
        assert_eq!(judge("203.0.113.7"), Ok(()));
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(judge(address).is_err(), "{address}");
        }
    }
}
