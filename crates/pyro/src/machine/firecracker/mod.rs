//! Firecracker on KVM.

use crate::machine::backend::{Backend, Launched, Place};
use crate::machine::jail::Tier;
use crate::machine::spec::BootFiles;
use crate::machine::{MachineError, MachineSpec};
use std::path::Path;

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
    fn launch(&self, _spec: &MachineSpec, _place: &Place<'_>) -> Result<Launched, MachineError> {
        Err(MachineError::Spawn {
            program: "Firecracker",
            source: std::io::ErrorKind::Unsupported.into(),
        })
    }
}
