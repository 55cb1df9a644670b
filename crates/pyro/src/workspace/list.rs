//! Lists the workspaces.

use super::state::State;
use super::status::{WorkspaceStatus, status_of};
use super::sweep::sweep;
use super::workspaces;
use crate::config::Config;
use crate::error::Result;
use crate::event::{Event, Observer};
use serde::Serialize;
use std::collections::BTreeMap;

/// The workspaces of a state directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// How many.
    pub count: usize,
    /// The one that was used last comes first.
    pub workspaces: Vec<Summary>,
}

/// What tells one workspace from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Its id.
    pub workspace_id: String,
    /// How the user calls it.
    pub name: Option<String>,
    /// What the user notes about it.
    pub labels: BTreeMap<String, String>,
    /// What it boots.
    pub environment: String,
    /// Where it is in its life.
    pub state: State,
    /// Unix seconds.
    pub created_at: u64,
    /// When it was last used, Unix seconds.
    pub last_activity_at: u64,
    /// When it expires if nobody uses it, Unix seconds.
    pub expires_at: u64,
    /// How many commands it was given.
    pub command_count: usize,
    /// How many services were started since its creation or last reset.
    pub service_count: usize,
    /// How many of them run.
    pub running_service_count: usize,
}

/// Every workspace. One that cannot be read is a warning and hides no other.
///
/// # Errors
/// If the directory cannot be read.
pub async fn list(config: &Config, observer: Observer<'_>) -> Result<Listing> {
    sweep(config, observer);
    let mut found = Vec::new();
    for item in workspaces(config).all()? {
        match status_of(config, &item).await {
            Ok(status) => found.push(Summary::of(status)),
            Err(error) => observer(Event::Warning(format!("{}: {error}", item.id()))),
        }
    }
    found.sort_by_key(|workspace| std::cmp::Reverse(workspace.last_activity_at));
    Ok(Listing { count: found.len(), workspaces: found })
}

impl Summary {
    fn of(status: WorkspaceStatus) -> Self {
        Self {
            workspace_id: status.workspace_id,
            name: status.name,
            labels: status.labels,
            environment: status.environment,
            state: status.state,
            created_at: status.created_at,
            last_activity_at: status.last_activity_at,
            expires_at: status.expires_at,
            command_count: status.command_count,
            service_count: status.service_count,
            running_service_count: status.running_service_count,
        }
    }
}
