//! The one thing every backend does: turn a spec into a running VMM with a channel to its guest.

use crate::machine::channel::Channel;
use crate::machine::firecracker::Firecracker;
use crate::machine::process::Process;
use crate::machine::qemu::Qemu;
use crate::machine::{BackendSpec, MachineError, MachineSpec, Vmm};
use std::path::Path;
use tokio::net::UnixStream;

/// A way to run machines.
pub trait Backend {
    /// Starts the VMM. It must be called on the shim's main thread, because the VMM dies with
    /// the *thread* that spawned it (prctl(2), `PR_SET_PDEATHSIG`).
    ///
    /// # Errors
    /// [`MachineError`] if the VMM cannot be started; that it starts and then fails shows later.
    fn launch(&self, spec: &MachineSpec, place: &Place<'_>) -> Result<Launched, MachineError>;
}

/// Where a machine lives on the host.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The machine's own directory, mode 0700.
    pub directory: &'a Path,
    /// The `pyro` executable, for the roles it plays around the VMM.
    pub executable: &'a Path,
    /// Where facts about this host are remembered between machines.
    pub cache: &'a Path,
}

/// A VMM that was started.
#[derive(Debug)]
pub struct Launched {
    /// The process.
    pub vmm: Vmm,
    /// The way to the agent.
    pub channel: Channel,
    /// What the guest's serial console and the VMM print.
    pub console: Option<UnixStream>,
}

impl Backend for BackendSpec {
    fn launch(&self, spec: &MachineSpec, place: &Place<'_>) -> Result<Launched, MachineError> {
        match self {
            Self::Qemu { program, accelerator, jail, boot } => {
                Qemu { program, accelerator: *accelerator, jail: *jail, boot }.launch(spec, place)
            }
            Self::Firecracker { program, jail, boot } => {
                Firecracker { program, jail: *jail, boot }.launch(spec, place)
            }
            Self::Process => Process.launch(spec, place),
        }
    }
}

/// Both ends of a socket pair: ours for tokio, the other for the child.
pub(super) fn channel_pair() -> std::io::Result<(UnixStream, std::os::fd::OwnedFd)> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((UnixStream::from_std(ours)?, theirs.into()))
}
