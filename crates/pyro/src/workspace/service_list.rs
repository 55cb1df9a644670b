//! Lists the services of a workspace.

use super::service::{ServiceStatus, all_of};
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use serde::Serialize;

/// The services of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Services {
    /// Which workspace.
    pub workspace_id: String,
    /// How many.
    pub count: usize,
    /// By name, those that have ended included.
    pub services: Vec<ServiceStatus>,
}

/// Every service of the workspace with this id, name, or beginning of either, in any state of it, that was
/// started since its creation or last reset.
///
/// # Errors
/// If there is no such workspace.
pub fn service_list(config: &Config, wanted: &str, observer: Observer<'_>) -> Result<Services> {
    let (item, services) = all_of(config, wanted, observer)?;
    Ok(Services { workspace_id: item.id().to_owned(), count: services.len(), services })
}
