//! A vm gets one command in its life. The command's claim is a file whose lock its front end holds:
//! a claim that nobody holds any more belongs to a front end that was killed.

use crate::error::{AtPath, Result};
use crate::lock::try_take;
use crate::store::{Item, StoreError, Turn};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The right to run the vm's one command, and the duty to delete it afterwards.
#[derive(Debug)]
pub(super) struct Claim {
    _lock: File,
}

/// Claims a vm that is not claimed.
pub(super) fn claim(vm: &Item, _turn: &Turn) -> Result<Claim> {
    let path = path(vm);
    let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path);
    let file = file.at("create", &path)?;
    // nobody looks at it without a turn
    try_take(&file, &path)?;
    Ok(Claim { _lock: file })
}

/// Whether it has been given its command.
pub(super) fn is_claimed(vm: &Item) -> bool {
    path(vm).exists()
}

/// Whether whoever ran its command was killed. A vm that somebody works on is not abandoned.
pub(super) fn is_abandoned(vm: &Item) -> Result<bool> {
    if !is_claimed(vm) {
        return Ok(false);
    }
    match vm.try_turn() {
        Ok(Some(_turn)) => is_unheld(vm),
        Ok(None) | Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Removes what is recorded about an abandoned vm whose machine is gone.
pub(super) fn remove_abandoned(vm: &Item) -> Result<()> {
    match vm.try_turn() {
        Ok(Some(turn)) => Ok(vm.remove(&turn)?),
        Ok(None) | Err(StoreError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn is_unheld(vm: &Item) -> Result<bool> {
    let path = path(vm);
    let file = OpenOptions::new().write(true).open(&path).at("open", &path)?;
    Ok(try_take(&file, &path)?)
}

fn path(vm: &Item) -> PathBuf {
    vm.path().join("claim")
}
