//! The directory of one machine, and the lock that says whether somebody keeps it.

use super::ShimError;
use crate::error::{AtPath, PathError};
use rustix::fs::{FlockOperation, flock};
use serde::{Serialize, de::DeserializeOwned};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The name of the shim's socket in the machine's directory.
pub(super) const SOCKET: &str = "shim.sock";

/// A machine's directory: mode 0700, everything in it is the machine's alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineDirectory(PathBuf);

/// Proof that nobody else keeps the machine. Inherited by the shim and released by the kernel.
#[derive(Debug)]
pub struct Lock(pub(super) OwnedFd);

impl MachineDirectory {
    /// Makes a new one below `machines`, locked.
    ///
    /// # Errors
    /// If the parent is not safe or the directory cannot be made.
    pub fn create(machines: &Path, id: &str) -> Result<(Self, Lock), ShimError> {
        private_directory(machines)?;
        // no sweep between the directory and its lock
        let _all = lock_all(machines)?;
        let path = machines.join(id);
        DirBuilder::new().mode(0o700).create(&path).at("create", &path)?;
        let directory = Self(path);
        let lock = directory.try_lock()?.ok_or(ShimError::Unsafe {
            path: directory.0.clone(),
            why: "somebody else holds its lock",
        })?;
        Ok((directory, lock))
    }

    /// One that exists.
    #[must_use]
    pub fn existing(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The disk that the machine writes to.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        self.0.join("disk")
    }

    /// What of the cache the machine uses: `prune` keeps it.
    #[must_use]
    pub fn pins(&self) -> PathBuf {
        self.0.join("pins.json")
    }

    pub(super) fn assignment(&self) -> PathBuf {
        self.0.join("machine.json")
    }

    pub(super) fn ledger(&self) -> PathBuf {
        self.0.join("ledger")
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.0.join(SOCKET)
    }

    pub(super) fn log(&self) -> PathBuf {
        self.0.join("shim.log")
    }

    /// Takes the lock if nobody keeps this machine.
    pub(super) fn try_lock(&self) -> Result<Option<Lock>, PathError> {
        let path = self.0.join("lock");
        let mut options = OpenOptions::new();
        let file = match options.create(true).truncate(false).write(true).mode(0o600).open(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.at("open", &path)?,
        };
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock(file.into()))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(e) => Err(e).at("lock", &path),
        }
    }

    /// Removes it with everything in it, the lock last, so that a removal that is interrupted
    /// is found and finished by the next sweep.
    pub(super) fn remove(&self, _lock: &Lock) -> Result<(), PathError> {
        for entry in fs::read_dir(&self.0).at("read", &self.0)? {
            let entry = entry.at("read", &self.0)?;
            let path = entry.path();
            if entry.file_name() == "lock" {
                continue;
            }
            match entry.file_type().at("look at", &path)?.is_dir() {
                true => fs::remove_dir_all(&path).at("remove", &path)?,
                false => fs::remove_file(&path).at("remove", &path)?,
            }
        }
        // a sweep that comes between the lock's end and the directory's would put a new lock there
        let _all = self.0.parent().map(lock_all).transpose()?;
        fs::remove_dir_all(&self.0).at("remove", &self.0)
    }

    /// Writes a record so that a reader sees the old one or the new one, never a part.
    ///
    /// # Errors
    /// If the disk is full or the directory gone.
    pub fn write<T: Serialize>(&self, path: &Path, record: &T) -> Result<(), PathError> {
        let json =
            serde_json::to_vec_pretty(record).map_err(std::io::Error::from).at("write", path)?;
        let aside = path.with_extension("new");
        let mut file = File::create(&aside).at("create", &aside)?;
        file.write_all(&json).at("write", &aside)?;
        file.sync_all().at("flush", &aside)?;
        fs::rename(&aside, path).at("rename", path)?;
        File::open(&self.0).and_then(|d| d.sync_all()).at("flush", &self.0)
    }

    pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ShimError> {
        let bytes = fs::read(path).at("read", path)?;
        serde_json::from_slice(&bytes)
            .map_err(|source| ShimError::Record { path: path.to_owned(), source })
    }

    /// The end of the shim's log on one line, for an error message.
    pub(super) fn last_words(&self) -> String {
        const QUOTE: usize = 500;
        let log = fs::read(self.log()).unwrap_or_default();
        let from = log.len().saturating_sub(QUOTE);
        String::from_utf8_lossy(&log[from..]).lines().collect::<Vec<_>>().join(" | ")
    }
}

/// Excludes every other sweep and creation below `machines` while it is held.
pub(super) fn lock_all(machines: &Path) -> Result<File, PathError> {
    let path = machines.join(".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .at("open", &path)?;
    flock(&file, FlockOperation::LockExclusive).at("lock", &path)?;
    Ok(file)
}

/// Makes the directory if it is missing, and refuses one that others could write or read.
pub(super) fn private_directory(path: &Path) -> Result<(), ShimError> {
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
    Err(ShimError::Unsafe { path: path.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let machines = home.path().join("machines");
        let (directory, lock) = MachineDirectory::create(&machines, "m1").unwrap();
        assert_eq!(fs::metadata(directory.path()).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(directory.try_lock().unwrap().is_none(), "locked twice");
        directory.remove(&lock).unwrap();
        assert!(!directory.path().exists());
        fs::set_permissions(&machines, fs::Permissions::from_mode(0o755)).unwrap();
        let error = MachineDirectory::create(&machines, "m2").unwrap_err();
        assert!(matches!(error, ShimError::Unsafe { .. }), "{error}");
    }
}
