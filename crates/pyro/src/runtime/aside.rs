//! Files in the making, in one directory beside the installed ones, so that a rename moves them into
//! place. What a killed install leaves there is removed by the next one.

use crate::error::{AtPath, PathError};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The directory. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Workbench(PathBuf);

impl Workbench {
    /// An empty one below the directory of runtimes, whose lock the caller holds.
    pub(super) fn clear(runtimes: &Path) -> Result<Self, PathError> {
        let path = runtimes.join("installing");
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).at("remove", &path);
            }
            _ => {}
        }
        fs::create_dir(&path).at("create", &path)?;
        Ok(Self(path))
    }

    /// Begins a file.
    pub(super) fn begin(&self, name: &str) -> Result<Aside, PathError> {
        let path = self.0.join(name);
        let file = File::create_new(&path).at("create", &path)?;
        Ok(Aside { path, file, hash: Sha256::new(), length: 0 })
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        // What stays is removed by the next install.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file that grows.
#[derive(Debug)]
pub(super) struct Aside {
    path: PathBuf,
    file: File,
    hash: Sha256,
    length: u64,
}

/// A file that is complete; durable only once it is moved into place.
#[derive(Debug)]
pub(super) struct Written {
    /// Where it is.
    pub(super) path: PathBuf,
    /// SHA-256 of what it holds.
    pub(super) sha256: String,
}

impl Aside {
    pub(super) fn append(&mut self, block: &[u8]) -> Result<(), PathError> {
        self.file.write_all(block).at("write", &self.path)?;
        self.hash.update(block);
        self.length += block.len() as u64;
        Ok(())
    }

    /// Bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn finish(self) -> Written {
        Written { path: self.path, sha256: hex::encode(self.hash.finalize()) }
    }
}
