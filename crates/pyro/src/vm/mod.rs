//! Machines for one command, gone after it, whatever happens in between. Those of [`run`] and [`Vm`]
//! hang on the connection to their shim: when it is dropped, or the process that holds it is killed,
//! the machine ends and its directory goes. Those of [`kept`] outlive the process that made them, and
//! their time to live is hard.

pub mod build;
pub(crate) mod capture;
pub mod kept;
pub mod prepare;
pub mod run;
mod spec;
pub(crate) mod start;
pub(crate) mod sweep;

pub use crate::guest::exec::Signaller;
pub use crate::guest::{ExecStdin, Execution, Output};
pub use pyro_proto::request::{Exec, ExecExit};
pub use spec::{DEFAULT_ENVIRONMENT, MAX_MEM_MIB, MAX_VCPU_COUNT, MIN_MEM_MIB, SpecError, VmSpec};

use crate::config::Isolation;
use crate::environment::pins::Pins;
use crate::error::Result;
use crate::network::{RefusedConnection, log};
use crate::shim::Client;
use pyro_proto::GuestPath;
use pyro_proto::request::Request;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is known about a running machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmFacts {
    /// Its name, unique on this host.
    pub vm_id: String,
    /// What it booted.
    pub environment: String,
    /// Which version of that.
    pub environment_version: String,
    /// How strongly it is kept apart from the host.
    pub isolation: Isolation,
    /// `full`, `landlock` or `none`.
    pub jail: String,
    /// How the agent is reached, or `host_compat`.
    pub execution_mode: String,
    /// Which program runs it: `firecracker`, `qemu-kvm`, `qemu-tcg` or `process`.
    pub backend: String,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// A running machine. Dropping it ends the machine.
#[derive(Debug)]
pub struct Vm {
    facts: VmFacts,
    defaults: ImageDefaults,
    shim: Client,
}

/// What the image says about commands that say nothing else.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct ImageDefaults {
    pub(crate) env: Vec<(String, String)>,
    working_directory: Option<GuestPath>,
    user: Option<String>,
}

impl Vm {
    /// What is known about the machine.
    #[must_use]
    pub fn facts(&self) -> &VmFacts {
        &self.facts
    }

    /// Runs a command. Where it names no directory and no user, the image's apply.
    ///
    /// # Errors
    /// If the machine is gone. A command that cannot be started shows in [`Execution::next`].
    pub async fn exec(&self, mut exec: Exec) -> Result<Execution> {
        let defaults = self.defaults.clone();
        exec.cwd = exec.cwd.or(defaults.working_directory);
        exec.user = exec.user.or(defaults.user);
        exec.env = defaults.env.into_iter().chain(exec.env).collect();
        let (stdin, limit) = (exec.stdin, exec.timeout_ms.map(Duration::from_millis));
        let stream = self.shim.guest(Request::Exec(exec)).await?;
        Execution::new(stream, stdin, limit).await
    }

    /// The connections that its policy has refused so far.
    #[must_use]
    pub fn refused_connections(&self) -> Vec<RefusedConnection> {
        log::refused(self.shim.directory().path(), 0..=u64::MAX)
    }

    /// Whether the image that it has booted is this one.
    pub(crate) fn has_booted(&self, image_digest: &str) -> Result<bool> {
        let pins = Pins::read(self.shim.directory().path())?;
        Ok(pins.images.iter().any(|image| image == image_digest))
    }

    /// Ends the machine. When this returns nothing of it is left on the host.
    ///
    /// # Errors
    /// If that cannot be made sure of; the next command that starts a machine tries again.
    pub async fn delete(self) -> Result<()> {
        Ok(self.shim.end().await?)
    }
}
