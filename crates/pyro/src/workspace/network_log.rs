//! Tells what a workspace has reached over the network, or tried to.

use super::find::{find, record_of};
use super::sweep::sweep;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::network::log::{self, Connection};
use crate::network::{AllowList, NetworkPolicy};
use serde::Serialize;

/// The connections of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NetworkLog {
    /// Which workspace.
    pub workspace_id: String,
    /// What it may reach.
    pub network_policy: NetworkPolicy,
    /// What of it, where not everything public.
    #[serde(skip_serializing_if = "AllowList::is_empty")]
    pub network_allow: AllowList,
    /// How many connections are told.
    pub count: usize,
    /// The last ones, oldest first: each when it is over. Those before them are no longer kept.
    pub connections: Vec<Connection>,
}

/// The log of the workspace with this id, name, or beginning of either, in whatever state it is.
///
/// # Errors
/// If there is no such workspace, or something of it cannot be read.
pub async fn network_log(
    config: &Config,
    wanted: &str,
    observer: Observer<'_>,
) -> Result<NetworkLog> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let record = record_of(&item)?;
    let connections = log::read(item.path())?;
    Ok(NetworkLog {
        workspace_id: item.id().to_owned(),
        network_policy: record.network_policy,
        network_allow: record.machine.allow,
        count: connections.len(),
        connections,
    })
}
