//! The third backend is not a machine: the real agent as an ordinary process in the machine's
//! directory. It isolates nothing, so only `--allow-host-compat` and the fast tests reach it.

use crate::machine::backend::{Backend, Launched, Place, channel_pair};
use crate::machine::channel::Channel;
use crate::machine::{MachineError, MachineSpec, Vmm};
use std::process::{Command, Stdio};

/// The hidden first argument of the executable's agent role: `pyro __agent DIRECTORY`, with the
/// channel as stdin.
pub const AGENT_ROLE: &str = "__agent";

/// Runs the agent on the host.
#[derive(Debug, Clone, Copy)]
pub struct Process;

impl Backend for Process {
    fn launch(&self, _spec: &MachineSpec, place: &Place<'_>) -> Result<Launched, MachineError> {
        let spawn = |source| MachineError::Spawn { program: "the agent", source };
        let (channel, theirs) = channel_pair().map_err(spawn)?;
        let child = Command::new(place.executable)
            .arg(AGENT_ROLE)
            .arg(place.directory)
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .map_err(spawn)?;
        Ok(Launched { vmm: Vmm::plain(child)?, channel: Channel::open(channel), console: None })
    }
}
