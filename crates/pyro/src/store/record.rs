//! Records as JSON files: a reader sees the old one or the new one, never a part of one.

use super::StoreError;
use crate::error::{AtPath, PathError};
use serde::{Serialize, de::DeserializeOwned};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

/// A record that pyro writes is far shorter.
const MAX_BYTES: u64 = 4 << 20;

/// Writes `record` to `path`: aside, flushed, renamed, and the directory flushed too. Only one process
/// at a time may write the same path.
///
/// # Errors
/// If the disk is full or the directory gone.
pub fn write<T: Serialize>(path: &Path, record: &T) -> Result<(), PathError> {
    let json = serde_json::to_vec_pretty(record).map_err(std::io::Error::from).at("write", path)?;
    let aside = path.with_extension("new");
    let mut file = File::create(&aside).at("create", &aside)?;
    file.write_all(&json).at("write", &aside)?;
    file.sync_all().at("flush", &aside)?;
    fs::rename(&aside, path).at("rename", path)?;
    path.parent().map_or(Ok(()), flush)
}

/// Brings the names in a directory to stable storage.
pub(super) fn flush(directory: &Path) -> Result<(), PathError> {
    File::open(directory).and_then(|directory| directory.sync_all()).at("flush", directory)
}

/// Reads the record at `path`.
///
/// # Errors
/// If it is not there, cannot be read, or is not one.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    let mut bytes = Vec::new();
    let file = File::open(path).at("read", path)?;
    file.take(MAX_BYTES).read_to_end(&mut bytes).at("read", path)?;
    serde_json::from_slice(&bytes)
        .map_err(|source| StoreError::Record { path: path.to_owned(), source })
}
