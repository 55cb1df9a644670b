//! Directories that belong to one user alone, and the lock of all that lies in one of them.

use super::StoreError;
use crate::error::{AtPath, PathError};
use crate::event::ignore;
use crate::lock::Lock;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

/// Makes the directory if it is missing, and refuses one that others could write or read.
///
/// # Errors
/// [`StoreError::Unsafe`], or why it cannot be made.
pub fn private(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).at("create", path)?;
    let facts = fs::symlink_metadata(path).at("look at", path)?;
    let why = if !facts.is_dir() {
        "it is not a directory"
    } else if facts.uid() != rustix::process::geteuid().as_raw() {
        "it belongs to another user"
    } else if facts.permissions().mode() & 0o077 != 0 {
        "other users can enter it"
    } else {
        return Ok(());
    };
    Err(StoreError::Unsafe { path: path.to_owned(), why })
}

/// Excludes everybody else who makes or removes directories in `parent`, for as long as it is held. It
/// is held for moments only, so waiting for it may block.
///
/// # Errors
/// If `parent` cannot be written.
pub fn lock_all(parent: &Path) -> Result<Lock, PathError> {
    Lock::exclusive(&parent.join(".lock"), "making or removing a directory", &ignore)
}
