//! Cleans up after machines whose shim is dead: killed, crashed, or gone with a reboot. Every command
//! that starts machines calls it first; it never touches a machine whose lock is held.

use super::{MachineDirectory, ShimError, ledger};
use crate::store::directory::lock_all;
use std::fs;
use std::path::Path;

/// Removes every abandoned machine below `machines`, and returns their ids.
///
/// # Errors
/// The first that could not be removed; the others are still tried.
pub fn sweep(machines: &Path) -> Result<Vec<String>, ShimError> {
    let Ok(entries) = fs::read_dir(machines) else { return Ok(Vec::new()) };
    let candidates: Vec<_> =
        entries.flatten().filter(|entry| entry.file_type().is_ok_and(|t| t.is_dir())).collect();
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let (mut abandoned, mut failed) = (Vec::new(), None);
    let all = lock_all(machines)?;
    for entry in candidates {
        let directory = MachineDirectory::existing(entry.path());
        match directory.try_lock() {
            Ok(Some(lock)) => {
                let id = entry.file_name().to_string_lossy().into_owned();
                abandoned.push((id, directory, lock));
            }
            Ok(None) => {}
            Err(error) => failed = Some(error),
        }
    }
    drop(all);
    let mut removed = Vec::new();
    for (id, directory, lock) in abandoned {
        for process in ledger::processes(&directory.ledger()) {
            ledger::end(process);
        }
        match directory.remove(&lock) {
            Ok(()) => removed.push(id),
            Err(error) => failed = Some(error),
        }
    }
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(removed),
    }
}

/// Kills whoever keeps this machine, and removes what is left of it. For a shim that does not answer;
/// it takes seconds and blocks.
///
/// # Errors
/// If something cannot be removed.
pub fn end_by_force(directory: &MachineDirectory) -> Result<(), ShimError> {
    ledger::processes(&directory.ledger()).into_iter().for_each(ledger::kill);
    match directory.try_lock()? {
        Some(lock) => Ok(directory.remove(&lock)?),
        None if directory.path().exists() => Err(ShimError::Silent),
        None => Ok(()),
    }
}
