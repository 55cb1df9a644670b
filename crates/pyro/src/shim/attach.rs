//! Coming back to a machine that may run, and ending it whatever state it is in.

use super::{Client, MachineDirectory, ShimError, end_by_force, sweep};
use crate::error::Result;
use std::time::Duration;

/// How a machine is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// At once: nothing of it is wanted any more.
    AtOnce,
    /// After its guest has brought its disk into order.
    Gently,
}

impl Manner {
    /// How long a shim may take. Killing a VMM takes at most five seconds, a guest that is told first
    /// fifteen more.
    fn patience(self) -> Duration {
        Duration::from_secs(match self {
            Self::AtOnce => 15,
            Self::Gently => 30,
        })
    }
}

/// A connection to a machine; `None` where it does not run, and nothing of it is left then.
///
/// # Errors
/// If it is kept and nobody listens, or what is left of it cannot be removed.
pub async fn attach(machine: &MachineDirectory) -> Result<Option<Client>, ShimError> {
    if let Some(shim) = Client::reach(machine).await? {
        return Ok(Some(shim));
    }
    if let Some(machines) = machine.path().parent().filter(|_| machine.path().exists()) {
        // it was killed since the last sweep
        sweep(machines)?;
    }
    Ok(None)
}

/// Ends a machine, by force if it does not answer. Nothing of it is left afterwards.
///
/// # Errors
/// If something cannot be removed.
pub async fn end(machine: &MachineDirectory, manner: Manner) -> Result<(), ShimError> {
    let politely = async {
        match attach(machine).await? {
            Some(shim) if manner == Manner::Gently => shim.stop().await,
            Some(shim) => shim.end().await,
            None => Ok(()),
        }
    };
    if let Ok(Ok(())) = tokio::time::timeout(manner.patience(), politely).await {
        return Ok(());
    }
    let machine = machine.clone();
    let by_force = tokio::task::spawn_blocking(move || end_by_force(&machine));
    // it is never aborted, so all that can be wrong with it is a panic
    by_force.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()))
}
