//! Records as JSON files: a reader sees the old one or the new one, never a part of one.

use super::StoreError;
use crate::durable;
use crate::error::{AtPath, PathError};
use serde::{Serialize, de::DeserializeOwned};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A record that pyro writes is far shorter.
const MAX_BYTES: u64 = 4 << 20;

/// Writes `record` to `path`, in one step. Only one process at a time may write the same path.
///
/// # Errors
/// If the disk is full or the directory gone.
pub fn write<T: Serialize>(path: &Path, record: &T) -> Result<(), PathError> {
    durable::write_json(path, record)
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
