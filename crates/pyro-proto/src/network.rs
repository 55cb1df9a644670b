//! What an agent may ask of its host, once that has asked for [`Request::StartNetwork`]: the only streams
//! that an agent opens. Connections are asked for by name, so the host decides by what the guest meant,
//! and resolves the name itself.
//!
//! [`Request::StartNetwork`]: crate::request::Request::StartNetwork

use serde::{Deserialize, Serialize};

/// How many streams of an agent may be open at once. With [`AGENT_WINDOW`](crate::mux::AGENT_WINDOW) it
/// bounds what a guest can make its host keep: 64 MiB.
pub const MAX_STREAMS: usize = 512;

/// The first word of a stream that an agent opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Whether a name may be reached and exists: one [`Verdict`] message, then `Finish`. Advice for the
    /// guest's name server, never a permission. (Since 3.)
    Lookup {
        /// Without a dot at its end.
        name: String,
    },
    /// Connects. One [`Connected`] message once the connection is there; from then on bytes on the main lane
    /// in both directions, `Finish` for a half that is closed, `Reset` for a connection that is
    /// reset. A connection that is refused or cannot be made is a `Reset` too. (Since 3.)
    Connect {
        /// A name, or an address as the guest wrote it.
        host: String,
        /// The TCP port.
        port: u16,
    },
}

/// What the host thinks of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may be reached, and exists as far as the host knows.
    Known,
    /// The policy refuses it.
    Denied,
    /// It does not exist, or nobody has answered in time.
    Missing,
    /// Something that this version has no name for.
    #[serde(other)]
    Other,
}

/// The connection is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {}

/// The guest's network is in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Up {
    /// The guest's own address.
    pub address: String,
}
