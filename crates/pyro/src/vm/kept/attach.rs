//! Coming back to a machine that runs, and ending it whatever state it is in.

use super::machine_of;
use crate::config::Config;
use crate::error::Result;
use crate::shim::{self, Client};
use crate::store::Item;
use std::time::Duration;

/// How long a shim may take to end its machine; killing a VMM takes at most five seconds.
const PATIENCE: Duration = Duration::from_secs(15);

/// A connection to the vm's machine; `None` where it does not run, and nothing of it is left then.
pub(super) async fn attach(config: &Config, vm: &Item) -> Result<Option<Client>> {
    let machine = machine_of(config, vm);
    if let Some(shim) = Client::reach(&machine).await? {
        return Ok(Some(shim));
    }
    if machine.path().exists() {
        // it was killed since the last sweep
        shim::sweep(&config.paths.machines())?;
    }
    Ok(None)
}

/// Ends the vm's machine, by force if it does not answer. Nothing of it is left afterwards.
pub(super) async fn end(config: &Config, vm: &Item) -> Result<()> {
    let politely = async {
        match attach(config, vm).await? {
            Some(shim) => Ok(shim.end().await?),
            None => Ok::<(), crate::Error>(()),
        }
    };
    if let Ok(Ok(())) = tokio::time::timeout(PATIENCE, politely).await {
        return Ok(());
    }
    let machine = machine_of(config, vm);
    let by_force = tokio::task::spawn_blocking(move || shim::end_by_force(&machine));
    // it is never aborted, so all that can be wrong with it is a panic
    let ended = by_force.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
    Ok(ended?)
}
