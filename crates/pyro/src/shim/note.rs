//! How the machine of a workspace ended: the shim's last word to those who come later, in the
//! workspace's directory. One that is missing means that the shim was killed.

use crate::durable;
use crate::error::PathError;
use crate::store::{StoreError, record};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What the shim wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndNote {
    /// Whether it ended because nobody used it for its time to live.
    pub expired: bool,
    /// Whether somebody asked for it.
    pub asked: bool,
    /// For a person.
    pub why: String,
    /// When, Unix seconds.
    pub ended_at: u64,
    /// When the workspace was last used, Unix seconds.
    pub last_activity_at: u64,
}

/// Writes the note of the workspace in this directory.
pub(super) fn write(workspace: &Path, note: &EndNote) -> Result<(), PathError> {
    durable::write_json(&path(workspace), note)
}

/// The note of the workspace in this directory, if there is one.
///
/// # Errors
/// If it is damaged.
pub fn read(workspace: &Path) -> Result<Option<EndNote>, StoreError> {
    match record::read(&path(workspace)) {
        Err(StoreError::Path(error)) if error.source.kind() == ErrorKind::NotFound => Ok(None),
        note => note.map(Some),
    }
}

/// Removes it, before a machine is started.
///
/// # Errors
/// If that is impossible.
pub fn remove(workspace: &Path) -> Result<(), PathError> {
    let path = path(workspace);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(PathError { action: "remove", path, source: error })
        }
        _ => Ok(()),
    }
}

fn path(workspace: &Path) -> PathBuf {
    workspace.join("shim.json")
}
