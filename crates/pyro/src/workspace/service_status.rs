//! Tells how a service of a workspace stands.

use super::find::find;
use super::service::{ServiceStatus, named};
use super::sweep::sweep;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;

/// The service of that name in the workspace with this id, name, or beginning of either, in any state of it.
///
/// # Errors
/// If there is no such workspace or service.
pub fn service_status(
    config: &Config,
    wanted: &str,
    name: &str,
    observer: Observer<'_>,
) -> Result<ServiceStatus> {
    sweep(config, observer);
    named(config, &find(config, wanted)?, name)
}
