//! Booting a workspace's machine.

use super::record::{Image, WorkspaceRecord};
use super::{WorkspaceError, disk_of, machine_of};
use crate::certificates;
use crate::config::Config;
use crate::environment::Environments;
use crate::environment::pins::Pins;
use crate::error::Result;
use crate::event::Observer;
use crate::machine::choose::Choice;
use crate::machine::{BackendSpec, BootFiles};
use crate::secret::Vault;
use crate::shim::protocol::{Assignment, Tenure};
use crate::shim::{self, Client, MachineDirectory, note};
use crate::store::Item;
use crate::vm::prepare::prepare;
use crate::vm::start::{Plan, assignment, backend, boot_files, defaults, facts};
use crate::vm::{VmFacts, VmSpec};

/// How the machine will run; refused where there is none.
pub(super) fn choose(config: &Config, machine: &VmSpec) -> Result<Choice> {
    match backend(config, machine)? {
        Plan::Machine(choice) => Ok(choice),
        Plan::Host(why) => Err(WorkspaceError::NoMachine(why).into()),
    }
}

/// Finds the environment, prepares it where it is not installed, and pins it for the workspace, so that
/// nothing prunes it.
pub(super) async fn pin(
    config: &Config,
    machine: &VmSpec,
    item: &Item,
    choice: &Choice,
    has_certificates: bool,
    observer: Observer<'_>,
) -> Result<(Image, VmFacts)> {
    let environments = Environments::new(config.clone());
    let _hold = environments.hold()?;
    let installed = prepare(&environments, &machine.environment, observer).await?;
    Pins::of(&installed).write(item.path())?;
    let boot = BootFiles {
        disk: disk_of(item.path()),
        disposable: false,
        ..boot_files(&installed, &machine_of(config, item))
    };
    let backend = choice.backend(boot.clone());
    let facts = facts(item.id(), &backend, &installed.name, &installed.version, Vec::new());
    Ok((Image { boot, defaults: defaults(installed, has_certificates) }, facts))
}

/// Starts the shim and waits for the machine. That of a workspace that is only being made hangs on the
/// connection that is returned, until [`Client::made`].
pub(super) async fn boot(
    config: &Config,
    item: &Item,
    record: &WorkspaceRecord,
    backend: BackendSpec,
    in_the_making: bool,
) -> Result<Client> {
    check(&record.image.boot, item)?;
    Vault::open_with(item.path(), &record.secrets)?;
    let (machine, lock) = MachineDirectory::create(&config.paths.machines(), item.id())?;
    note::remove(item.path())?;
    let assignment = Assignment {
        tenure: Tenure::Workspace { directory: item.path().to_owned(), in_the_making },
        ca_bundle: record.ca_bundle.as_ref().map(|_| certificates::kept_in(item.path())),
        ..assignment(config, &record.machine, item.id().to_owned(), backend)
    };
    let shim = shim::launch(&config.executable, &machine, lock, &assignment)?;
    match shim.ready().await {
        Ok(()) => Ok(shim),
        Err(error) => {
            // the shim removes everything before it answers; without an answer the next sweep does
            let _ = shim.end().await;
            Err(error)
        }
    }
}

/// Refuses to boot what somebody has removed by hand.
fn check(boot: &BootFiles, item: &Item) -> Result<(), WorkspaceError> {
    let disk = Some(&*boot.disk).filter(|disk| !disk.exists());
    match boot.missing().or(disk) {
        Some(path) => Err(WorkspaceError::EnvironmentGone {
            workspace_id: item.id().to_owned(),
            path: path.to_owned(),
        }),
        None => Ok(()),
    }
}
