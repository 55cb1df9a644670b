//! Wishes about the network that cannot be understood or granted.

use super::policy::NetworkPolicy;
use crate::error::{Diagnose, Kind};

/// What is wrong with a wish.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// No policy is called that.
    #[error("{0:?} is no network policy")]
    BadPolicy(String),
    /// Not a name that could be allowed.
    #[error("{0:?} is not a name that could be allowed")]
    BadPattern(String),
    /// Not a range of addresses.
    #[error("{0:?} is not a range of addresses")]
    BadRange(String),
    /// More names or ranges than a list may have.
    #[error("more than 64 names or ranges are allowed")]
    TooLong,
    /// A list of what may be reached, and a policy under which nothing may.
    #[error("something is allowed that the policy off does not let through")]
    ListWithoutEgress,
    /// The agent could not set the network up.
    #[error("the guest's network could not be set up: {0}")]
    Guest(String),
}

impl Diagnose for NetworkError {
    fn kind(&self) -> Kind {
        match self {
            Self::Guest(_) => Kind::Guest,
            _ => Kind::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadPolicy(_) => "bad_network_policy",
            Self::BadPattern(_) => "bad_allowed_host",
            Self::BadRange(_) => "bad_allowed_net",
            Self::TooLong => "allow_list_too_long",
            Self::ListWithoutEgress => "allow_list_without_egress",
            Self::Guest(_) => "guest_network_failed",
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::BadPolicy(_) => format!("use one of: {}", NetworkPolicy::NAMES.join(", ")),
            Self::BadPattern(_) => {
                "write a name, *.NAME for all below it, or * for all; :PORT behind it allows another \
                 port than 80 and 443; addresses are allowed with --allow-net"
                    .into()
            }
            Self::BadRange(_) => {
                "write ADDRESS/BITS, such as 10.1.0.0/16, or one address; names are allowed with \
                 --allow-host"
                    .into()
            }
            Self::TooLong => "allow wider ranges, or *.NAME for all names below one".into(),
            Self::ListWithoutEgress => "add --network-policy egress".into(),
            Self::Guest(_) => {
                "`pyro doctor` checks this host; a machine without network may start all the same".into()
            }
        }]
    }
}
