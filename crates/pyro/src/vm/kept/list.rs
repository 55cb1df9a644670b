//! Lists the vms.

use super::status::status_of;
use super::{VmStatus, vms};
use crate::config::Config;
use crate::error::Result;
use crate::event::{Event, Observer};
use crate::vm::sweep::sweep;
use serde::Serialize;

/// The vms of a state directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// How many.
    pub count: usize,
    /// In the order of their ids.
    pub vms: Vec<VmStatus>,
}

/// Every vm. One that cannot be read is a warning and hides no other.
///
/// # Errors
/// If the directory cannot be read.
pub async fn list(config: &Config, observer: Observer<'_>) -> Result<Listing> {
    sweep(config, observer);
    let mut found = Vec::new();
    for vm in vms(config).all()? {
        match status_of(config, &vm) {
            Ok(status) => found.push(status),
            Err(error) => observer(Event::Warning(error.to_string())),
        }
    }
    Ok(Listing { count: found.len(), vms: found })
}
