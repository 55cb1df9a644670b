//! What a vm boots, found once and pinned: it boots the very same bytes whenever it is started.

use super::{VmError, machine_of};
use crate::config::Config;
use crate::environment::Environments;
use crate::environment::pins::Pins;
use crate::error::Result;
use crate::event::Observer;
use crate::machine::BootFiles;
use crate::store::Item;
use crate::vm::prepare::prepare;
use crate::vm::start::{boot_files, defaults};
use crate::vm::{ImageDefaults, VmSpec};
use serde::{Deserialize, Serialize};

/// An environment as a vm has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Image {
    pub(super) environment: String,
    pub(super) environment_version: String,
    pub(super) boot: BootFiles,
    pub(super) defaults: ImageDefaults,
}

impl Image {
    /// Finds the environment, prepares it where it is not installed, and pins it for the vm, so that
    /// nothing prunes it.
    pub(super) async fn pin(
        config: &Config,
        spec: &VmSpec,
        vm: &Item,
        has_certificates: bool,
        observer: Observer<'_>,
    ) -> Result<Self> {
        let environments = Environments::new(config.clone());
        let _hold = environments.hold()?;
        let installed = prepare(&environments, &spec.environment, observer).await?;
        Pins::of(&installed).write(vm.path())?;
        Ok(Self {
            environment: installed.name.clone(),
            environment_version: installed.version.clone(),
            boot: boot_files(&installed, &machine_of(config, vm)),
            defaults: defaults(installed, has_certificates),
        })
    }

    /// Refuses to boot what somebody has removed by hand.
    pub(super) fn check(&self, vm_id: &str) -> Result<(), VmError> {
        match self.boot.missing() {
            Some(path) => {
                Err(VmError::EnvironmentGone { vm_id: vm_id.to_owned(), path: path.to_owned() })
            }
            None => Ok(()),
        }
    }
}
