//! Ends a service of a workspace.

use super::find::find;
use super::machine_of;
use super::service::{ServiceStatus, named};
use super::sweep::sweep;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::shim::attach;

/// Ends a service and all it started: with SIGTERM, and by force five seconds later. Its ports are free when
/// this returns. One that has ended is left as it is.
///
/// # Errors
/// If there is no such workspace or service.
pub async fn service_stop(
    config: &Config,
    wanted: &str,
    name: &str,
    observer: Observer<'_>,
) -> Result<ServiceStatus> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let service = named(config, &item, name)?;
    if service.service.state.is_alive()
        && let Some(shim) = attach(&machine_of(config, &item)).await?
    {
        // that it does not run any more is what was wanted
        let _ = shim.stop_service(name).await;
    }
    named(config, &item, name)
}
