//! Vms that outlive the process that made them: created, started, given their one command, deleted;
//! one verb per file. What is recorded about a vm lies in `<state>/vms/<id>/`, and while it is started
//! its machine lies in `<state>/machines/<id>/`. Whether it is started is never recorded: the machine's
//! lock says so.

mod ceiling;
mod claim;
pub mod create;
pub mod delete;
pub mod error;
pub mod exec;
mod image;
pub mod list;
pub mod network_info;
mod plan;
pub mod reap;
mod record;
pub mod start;
pub mod status;
pub mod stop;

pub use create::create;
pub use delete::{Deleted, delete};
pub use error::VmError;
pub use exec::{ExecRequest, exec};
pub use list::{Listing, list};
pub use network_info::{NetworkInfo, network_info};
pub use reap::{Reaped, reap};
pub use start::start;
pub use status::{VmState, VmStatus, status};
pub use stop::stop;

use crate::config::Config;
use crate::error::Result;
use crate::shim::MachineDirectory;
use crate::store::{Collection, Item};

/// Every vm of this state directory.
fn vms(config: &Config) -> Collection {
    Collection::new("vm", config.paths.vms())
}

/// Where the machine of a vm is while it is started.
fn machine_of(config: &Config, vm: &Item) -> MachineDirectory {
    MachineDirectory::existing(config.paths.machines().join(vm.id()))
}

/// Removes what killed verbs have left: half-made vms, and vms that had their command.
pub(super) fn sweep(config: &Config) -> Result<()> {
    let vms = vms(config);
    vms.sweep()?;
    for vm in vms.all()? {
        if claim::is_abandoned(&vm)? && !machine_of(config, &vm).is_kept()? {
            claim::remove_abandoned(&vm)?;
        }
    }
    Ok(())
}
