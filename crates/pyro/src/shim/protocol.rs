//! What front ends and the shim say to each other, over the same streams that carry the agent's
//! protocol: a request that is for the guest is relayed as it is.

use crate::error::Report;
use crate::machine::MachineSpec;
use pyro_proto::request::Request;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// What the front end hands to a new shim (`machine.json`): written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The version of pyro that wrote it; a shim of another one refuses.
    pub pyro: String,
    /// The machine.
    pub machine: MachineSpec,
    /// Whose presence keeps it.
    pub tenure: Tenure,
    /// After so many seconds the machine ends, whatever it does.
    pub ttl_seconds: u64,
    /// How long the guest may take to answer, in its first boot and in its second and last.
    pub boot_deadlines: [Duration; 2],
    /// Where facts about this host are remembered between machines.
    pub cache: PathBuf,
}

/// What a machine's life hangs on, beside its VMM and its time to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tenure {
    /// The connection that came with it: it ends with the front end that started it.
    Leased,
    /// Nothing but [`Ask::End`] and SIGTERM: front ends come and go. One that does not boot ends
    /// when nobody is left to be told why.
    Detached,
}

/// A front end's request, the first word of a stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "shim", rename_all = "snake_case")]
pub enum Ask {
    /// Answers one [`Ready`] message when the machine has booted or failed, then finishes.
    Ready,
    /// Relays to the agent, in both directions.
    Guest {
        /// The agent's request.
        request: Request,
    },
    /// Makes the life of the machine hang on this stream, whatever its tenure: answers one message, and
    /// ends the machine when the stream ends.
    Lease,
    /// Ends the machine and removes its directory; finishes when nothing is left but the shim.
    End,
}

/// Whether a machine came up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ready {
    /// It did.
    Yes,
    /// It did not.
    Failed(Report),
}
