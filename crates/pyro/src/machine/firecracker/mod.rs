//! Firecracker on KVM: configured over its API before the guest runs its first instruction, reached
//! over its virtio socket afterwards.
//!
//! The run directory is Firecracker's to write, so nothing in it is trusted once the guest runs: the
//! shim connects to the API before that, and the guest's connection comes in on the shim's own
//! listener. Only the virtio-mmio transport is used, no network card, no metrics, no entropy device.

mod api;
mod call;
mod configuration;
mod confinement;
pub mod program;
mod run_directory;
pub mod version;

pub use call::Call;

use crate::machine::backend::{Backend, Launched, Place, channel_pair};
use crate::machine::channel::Channel;
use crate::machine::files::{self, Files};
use crate::machine::jail::{self, Tier};
use crate::machine::spec::BootFiles;
use crate::machine::{MachineError, MachineSpec, Vmm};
use configuration::Configuration;
use run_directory::{API_SOCKET, RunDirectory};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// How errors call it.
const NAME: &str = "Firecracker";

/// A guest on Firecracker.
#[derive(Debug, Clone, Copy)]
pub struct Firecracker<'a> {
    /// The Firecracker program.
    pub program: &'a Path,
    /// How strongly Firecracker is confined.
    pub jail: Tier,
    /// What the guest boots.
    pub boot: &'a BootFiles,
}

impl Backend for Firecracker<'_> {
    fn launch(&self, spec: &MachineSpec, place: &Place<'_>) -> Result<Launched, MachineError> {
        let spawn = |source| MachineError::Spawn { program: NAME, source };
        let (console, output) = channel_pair().map_err(spawn)?;
        // the guest's serial port is Firecracker's stdout, its complaints belong beside that
        let complaints = Stdio::from(output.try_clone().map_err(spawn)?);
        let uid = jail::machine_uid(files::user_slot(&spec.id));
        files::hand_over(&self.boot.disk, uid)?;
        let run = RunDirectory::create(place.directory, uid)?;
        let guest = Files::of(self.boot);
        let configuration = Configuration::new(spec, self.boot, &guest, self.jail);
        let child = jail::spawn(
            place.executable,
            &jail::JailSpec {
                tier: self.jail,
                program: self.program.to_owned(),
                args: ["--api-sock", API_SOCKET, "--id", &spec.id].map(str::to_owned).to_vec(),
                env: Vec::new(),
                working_dir: Some(run.bind().seen_at(self.jail).to_owned()),
                readable: jail::readable_for(self.program)?,
                binds: guest.binds().into_iter().chain([run.bind()]).collect(),
                devices: devices(),
                keep_fds: Vec::new(),
                unprivileged_uid: uid,
                limits: jail::Limits {
                    file_size: files::disk_size(&self.boot.disk)?,
                    open_files: 256,
                    processes: None,
                    memory: None,
                },
            },
            jail::Streams { stdin: Stdio::null(), stdout: Stdio::from(output), stderr: complaints },
        )?;
        let call = Call::new(run, configuration, child.vmm(), self.jail);
        Ok(Launched {
            vmm: Vmm::jailed(NAME, child)?,
            channel: Channel::calls(call),
            console: Some(console),
        })
    }
}

/// Where there is no KVM, Firecracker itself says so best.
fn devices() -> Vec<PathBuf> {
    [PathBuf::from("/dev/kvm")].into_iter().filter(|device| device.exists()).collect()
}
