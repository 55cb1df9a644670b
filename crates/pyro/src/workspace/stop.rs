//! Stops a workspace: its machine ends, its disk and its history stay.

use super::find::{find, record_of};
use super::machine_of;
use super::state::Verb;
use super::status::{WorkspaceStatus, state_of, status_of};
use super::sweep::sweep;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::shim::{Manner, end};

/// Stops the workspace with this id, name, or beginning of either. One that does not run is left as it
/// is.
///
/// # Errors
/// If there is no such workspace, or its machine cannot be ended.
pub async fn stop(
    config: &Config,
    wanted: &str,
    observer: Observer<'_>,
) -> Result<WorkspaceStatus> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let turn = item.turn().await?;
    state_of(config, &item, &record_of(&item)?)?.0.permit(Verb::Stop, item.id())?;
    end(&machine_of(config, &item), Manner::Gently).await?;
    drop(turn);
    status_of(config, &item).await
}
