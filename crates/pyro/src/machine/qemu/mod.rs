//! QEMU's `microvm` machine: KVM where it works, software emulation where not. Every figure and
//! every flag that is not obvious is explained where it stands, in `command.rs`.

mod command;
mod sys;
mod tsc;

use crate::machine::backend::{Backend, Launched, Place, channel_pair};
use crate::machine::channel::Channel;
use crate::machine::files::{self, Files};
use crate::machine::jail::{self, Tier};
use crate::machine::needs;
use crate::machine::spec::BootFiles;
use crate::machine::{Accelerator, MachineError, MachineSpec, Vmm};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Stdio;

/// A guest on QEMU.
#[derive(Debug, Clone, Copy)]
pub struct Qemu<'a> {
    /// The QEMU program.
    pub program: &'a Path,
    /// Hardware or software virtualisation.
    pub accelerator: Accelerator,
    /// How strongly QEMU is confined.
    pub jail: Tier,
    /// What the guest boots.
    pub boot: &'a BootFiles,
}

impl Backend for Qemu<'_> {
    fn launch(&self, spec: &MachineSpec, place: &Place<'_>) -> Result<Launched, MachineError> {
        let spawn = |source| MachineError::Spawn { program: "QEMU", source };
        let (channel, channel_fd) = channel_pair().map_err(spawn)?;
        let (console, console_fd) = channel_pair().map_err(spawn)?;
        let complaints = Stdio::from(console_fd.try_clone().map_err(spawn)?);
        let guest = Files::of(self.boot);
        let line = command::Line {
            spec,
            accelerator: self.accelerator,
            files: &guest,
            tier: self.jail,
            disposable: self.boot.disposable,
            channel_fd: channel_fd.as_raw_fd(),
            console_fd: console_fd.as_raw_fd(),
            tsc_khz: tsc::frequency_khz(place.cache),
        };
        let uid = jail::machine_uid(files::user_slot(&spec.id));
        files::hand_over(&self.boot.disk, uid)?;
        let child = jail::spawn(
            place.executable,
            &jail::JailSpec {
                tier: self.jail,
                program: self.program.to_owned(),
                args: line.arguments(),
                env: Vec::new(),
                working_dir: None,
                readable: needs::remembered(self.program, place.cache)?,
                binds: guest.binds(),
                devices: command::devices(self.accelerator),
                keep_fds: vec![channel_fd.as_raw_fd(), console_fd.as_raw_fd()],
                unprivileged_uid: uid,
                limits: jail::Limits {
                    file_size: files::disk_size(&self.boot.disk)?,
                    open_files: 256,
                    processes: None,
                    memory: None,
                },
            },
            // QEMU's own complaints belong to the console: they end up in the same error
            jail::Streams { stdin: Stdio::null(), stdout: Stdio::null(), stderr: complaints },
        )?;
        Ok(Launched {
            vmm: Vmm::jailed("QEMU", child)?,
            channel: Channel::open(channel),
            console: Some(console),
        })
    }
}
