//! Starts a workspace that does not run.

use super::find::{find, record_of};
use super::state::Verb;
use super::status::{WorkspaceStatus, state_of, status_of};
use super::sweep::sweep;
use super::{machine_of, open};
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::shim::attach;

/// Starts the workspace with this id, name, or beginning of either, and waits until commands can run in
/// it. One that runs already is left as it is.
///
/// # Errors
/// If there is no such workspace, or it does not boot.
pub async fn start(
    config: &Config,
    wanted: &str,
    observer: Observer<'_>,
) -> Result<WorkspaceStatus> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let turn = item.turn().await?;
    let mut record = record_of(&item)?;
    state_of(config, &item, &record)?.0.permit(Verb::Start, item.id())?;
    match attach(&machine_of(config, &item)).await? {
        Some(shim) => shim.ready().await?,
        None => {
            open::start(config, &item, &mut record).await?;
            item.write(&turn, &record)?;
        }
    }
    drop(turn);
    status_of(config, &item).await
}
