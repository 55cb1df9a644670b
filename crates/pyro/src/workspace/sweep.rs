//! What every verb does first: clears away what killed ones have left, and what is kept no longer.

use super::record::WorkspaceRecord;
use super::snapshot::snapshots_of;
use super::{fresh_disk, machine_of, workspaces};
use crate::clock::now;
use crate::config::Config;
use crate::error::Result;
use crate::event::{Event, Observer};
use crate::shim::note;
use crate::store::{Item, StoreError};
use crate::vm;

/// None of it is a reason to refuse what was asked for.
pub(super) fn sweep(config: &Config, observer: Observer<'_>) {
    vm::sweep::sweep(config, observer);
    let swept = workspaces(config).sweep().map_err(crate::Error::from);
    let removed = remove_what_nobody_wants(config);
    for outcome in [swept, removed] {
        if let Err(error) = outcome {
            observer(Event::Warning(format!("a dead workspace could not be removed: {error}")));
        }
    }
}

fn remove_what_nobody_wants(config: &Config) -> Result<()> {
    for item in workspaces(config).all()? {
        if is_unwanted(config, &item)? {
            remove(config, &item)?;
        } else {
            tidy(&item)?;
        }
    }
    Ok(())
}

/// Removes what killed snapshots and resets have left in a workspace.
fn tidy(item: &Item) -> Result<()> {
    snapshots_of(item).sweep()?;
    if fresh_disk::is_left(item)
        && let Ok(Some(_turn)) = item.try_turn()
    {
        fresh_disk::discard(item)?;
    }
    Ok(())
}

/// One whose creation was killed, or that expired long ago.
fn is_unwanted(config: &Config, item: &Item) -> Result<bool> {
    let Ok(record) = item.read::<WorkspaceRecord>() else { return Ok(false) };
    if record.made.is_none() {
        return Ok(true);
    }
    let Ok(Some(note)) = note::read(item.path()) else { return Ok(false) };
    let kept_until = note.ended_at.saturating_add(config.expired_kept_for.as_secs());
    Ok(note.expired && kept_until <= now())
}

/// Removes it, unless somebody works on it.
fn remove(config: &Config, item: &Item) -> Result<()> {
    let turn = match item.try_turn() {
        Ok(Some(turn)) => turn,
        Ok(None) | Err(StoreError::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let machine = machine_of(config, item);
    if machine.is_kept()? {
        // the machine of a killed creation: nobody's
        crate::shim::end_by_force(&machine)?;
    }
    // somebody may have had the turn in between
    if is_unwanted(config, item)? {
        item.remove(&turn)?;
    }
    Ok(())
}
