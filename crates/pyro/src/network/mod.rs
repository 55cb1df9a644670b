//! The network of a guest that has no network card: its agent asks for connections by name, over the channel
//! that it has anyway, and the host decides and dials ([`Gate`]). Nothing here parses a packet, and nothing
//! the guest says about itself is believed. `docs/networking.md` tells users what follows from that.

mod address;
mod dial;
mod error;
mod gate;
pub mod log;
mod name;
mod policy;
mod proxy;
mod public;
mod range;
mod resolve;

pub use address::Kind;
pub use error::NetworkError;
pub use gate::Gate;
pub use log::RefusedConnection;
pub use name::{HOST, HostName, Pattern};
pub use policy::{AllowList, NetworkPolicy, Refused};
pub use proxy::proxy_setting;
pub(crate) use public::{judge_public_address, judge_public_name};
pub use range::Range;

use serde::{Deserialize, Serialize};
use std::ffi::OsString;

/// The address that every guest with a network has, in a network of its own. The agent knows the same.
pub const GUEST_ADDRESS: &str = "198.18.0.1";

/// What the gate of one machine goes by: plain data, written by the front end and read by the shim.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// What may be reached.
    pub allow: AllowList,
    /// The host's proxy settings, by name.
    pub proxies: Vec<(String, String)>,
}

impl NetworkSpec {
    fn proxy_settings(&self) -> Vec<(String, OsString)> {
        self.proxies.iter().map(|(name, value)| (name.clone(), value.into())).collect()
    }

    /// Ranges of IPv4 that the guest must not take for its own.
    #[must_use]
    pub fn reachable(&self) -> Vec<String> {
        self.allow.nets.iter().filter(|net| net.is_v4()).map(ToString::to_string).collect()
    }
}
