//! What a machine is made of: plain data, written by the front end and read by the shim.

use crate::config::Isolation;
use crate::machine::jail::Tier;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A machine to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineSpec {
    /// The machine's id, which is also the guest's host name.
    pub id: String,
    /// Number of virtual CPUs.
    pub vcpu_count: u32,
    /// Guest memory in MiB.
    pub mem_mib: u32,
    /// How it runs.
    pub backend: BackendSpec,
}

/// The backend with what only it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackendSpec {
    /// QEMU's `microvm` machine.
    Qemu {
        /// The QEMU program.
        program: PathBuf,
        /// Hardware or software virtualisation.
        accelerator: Accelerator,
        /// How strongly the QEMU process is confined.
        jail: Tier,
        /// What the guest boots.
        boot: BootFiles,
    },
    /// Firecracker on KVM.
    Firecracker {
        /// The Firecracker program.
        program: PathBuf,
        /// How strongly the Firecracker process is confined.
        jail: Tier,
        /// What the guest boots.
        boot: BootFiles,
    },
    /// The agent as an ordinary process of the host: no isolation.
    Process,
}

/// What a guest boots from. Nothing of it is ever written, except `disk`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootFiles {
    /// ELF `vmlinux`.
    pub kernel: PathBuf,
    /// newc cpio archive with the agent and its modules.
    pub initramfs: PathBuf,
    /// EROFS root image.
    pub image: PathBuf,
    /// ext4 disk for everything the guest writes.
    pub disk: PathBuf,
    /// The disk is thrown away with the machine, so the host need not flush it.
    pub disposable: bool,
}

impl BootFiles {
    /// The first file of the environment that somebody has removed by hand.
    #[must_use]
    pub fn missing(&self) -> Option<&Path> {
        let files = [&self.kernel, &self.initramfs, &self.image];
        files.into_iter().find(|path| !path.exists()).map(PathBuf::as_path)
    }
}

/// What runs the guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accelerator {
    /// The host's KVM.
    Kvm,
    /// QEMU's Tiny Code Generator: software emulation.
    Tcg,
}

impl BackendSpec {
    /// `firecracker`, `qemu-kvm`, `qemu-tcg` or `process`, as `PYRO_BACKEND` and results name it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Qemu { accelerator: Accelerator::Kvm, .. } => "qemu-kvm",
            Self::Qemu { accelerator: Accelerator::Tcg, .. } => "qemu-tcg",
            Self::Firecracker { .. } => "firecracker",
            Self::Process => "process",
        }
    }

    /// How strongly a guest on it is kept apart.
    #[must_use]
    pub fn isolation(&self) -> Isolation {
        match self {
            Self::Firecracker { .. } | Self::Qemu { accelerator: Accelerator::Kvm, .. } => {
                Isolation::HardwareVm
            }
            Self::Qemu { accelerator: Accelerator::Tcg, .. } => Isolation::EmulatedVm,
            Self::Process => Isolation::None,
        }
    }

    /// The jail around the VMM.
    #[must_use]
    pub fn jail(&self) -> Tier {
        match self {
            Self::Firecracker { jail, .. } | Self::Qemu { jail, .. } => *jail,
            Self::Process => Tier::None,
        }
    }

    /// How results name the way commands reach the guest (CONTRACT: `execution_mode`).
    #[must_use]
    pub fn execution_mode(&self) -> &'static str {
        match self {
            Self::Firecracker { .. } => "guest_vsock",
            Self::Qemu { .. } => "guest_virtio_serial",
            Self::Process => "host_compat",
        }
    }
}
