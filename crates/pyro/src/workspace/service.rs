//! A service of a workspace as users see it. The shim records what it does; whether the shim is there, its
//! machine's lock says.

use super::find::{find, record_of};
use super::machine_of;
use super::sweep::sweep;
use crate::clock::now;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::service::{self, Service, ServiceError};
use crate::shim::note;
use crate::store::Item;
use serde::Serialize;

/// A service of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceStatus {
    /// In which workspace.
    pub workspace_id: String,
    /// The service.
    #[serde(flatten)]
    pub service: Service,
    /// How the agent is reached.
    pub execution_mode: String,
}

/// The services of the workspace with this id, name, or beginning of either, in any state.
pub(super) fn all_of(
    config: &Config,
    wanted: &str,
    observer: Observer<'_>,
) -> Result<(Item, Vec<ServiceStatus>)> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let services = service::read_all(item.path())?;
    let seen = services.into_iter().map(|service| seen(config, &item, service));
    let services = seen.collect::<Result<_>>()?;
    Ok((item, services))
}

/// One of them.
pub(super) fn named(config: &Config, item: &Item, name: &str) -> Result<ServiceStatus> {
    service::check_name(name)?;
    let service = service::read(item.path(), name)?.ok_or_else(|| ServiceError::Unknown {
        workspace_id: item.id().to_owned(),
        name: name.to_owned(),
    })?;
    seen(config, item, service)
}

/// What is recorded, in the light of what has become of the machine.
pub(super) fn seen(config: &Config, item: &Item, service: Service) -> Result<ServiceStatus> {
    let service = if service.state.is_alive() && !machine_of(config, item).is_kept()? {
        let ended_at = note::read(item.path())?.map_or_else(now, |note| note.ended_at);
        service.without_machine(item.path(), ended_at)
    } else {
        service
    };
    let execution_mode = record_of(item)?.facts.execution_mode;
    Ok(ServiceStatus { workspace_id: item.id().to_owned(), service, execution_mode })
}
