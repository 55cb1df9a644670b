//! Services: commands that a workspace keeps running. What one is asked to be, and what is recorded about it.
//! One process writes, the workspace's shim; everybody else only reads, at any time. Nothing here runs
//! anything.

mod error;
mod log;
mod port;
mod readiness;
mod record;

pub use error::ServiceError;
pub use log::{TAIL, Tail, last_lines, tail, text_of};
pub use port::{Publish, PublishedPort};
pub use readiness::{Probe, Readiness, Url};
pub use record::{
    LOG, Service, State, StopReason, check_name, clear, directory, forget, read, read_all, write,
};

use crate::secret::SecretEnv;
use pyro_proto::request::Exec;
use serde::{Deserialize, Serialize};

/// How many services a workspace can have.
pub const MAX_SERVICES: usize = 16;

/// A service to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// How it is called; see [`check_name`].
    pub name: String,
    /// What runs, with its directory and its environment.
    pub exec: Exec,
    /// When it is ready; at once where nothing is said.
    pub readiness: Option<Readiness>,
    /// Its ports that are to be reached on the host's loopback.
    pub publish: Vec<Publish>,
    /// The secrets that the shim puts into its environment.
    #[serde(default)]
    pub secret_env: Vec<SecretEnv>,
}
