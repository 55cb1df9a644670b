//! Why a boot failed: made where it happens, told to the host as a `BootNote`.

use std::io;

/// The phases that can fail, by the names that a host may match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// `/proc`, `/sys`, `/dev`.
    KernelMounts,
    /// Loading kernel modules.
    Modules,
    /// Opening the channel to the host.
    Channel,
    /// Waiting for the disks.
    Disks,
    /// Mounting them and stacking the root.
    MountRoot,
    /// Making it the root.
    SwitchRoot,
    /// What programs expect besides: `/run`, cgroups, the loopback interface.
    Settle,
    /// The host's greeting: clock, random numbers, host name.
    Greeting,
}

impl Stage {
    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KernelMounts => "mount_kernel_file_systems",
            Self::Modules => "load_modules",
            Self::Channel => "open_channel",
            Self::Disks => "find_disks",
            Self::MountRoot => "mount_root",
            Self::SwitchRoot => "switch_root",
            Self::Settle => "settle",
            Self::Greeting => "adopt_greeting",
        }
    }
}

/// A phase that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action}")]
pub(crate) struct Failure {
    /// Which one.
    pub(crate) stage: Stage,
    action: String,
    /// Why.
    #[source]
    pub(crate) source: io::Error,
}

impl Failure {
    /// `action` continues "cannot".
    pub(crate) fn new(stage: Stage, action: impl Into<String>, source: io::Error) -> Self {
        Self { stage, action: action.into(), source }
    }

    /// One line for a person, with the cause.
    pub(crate) fn line(&self) -> String {
        format!("{self}: {}", self.source)
    }
}
