//! The directory of one machine, and the lock that says whether somebody keeps it.

use super::ShimError;
use crate::error::{AtPath, PathError};
use crate::lock::try_take;
use crate::store::StoreError;
use crate::store::directory::{lock_all, private};
use std::fs::{self, DirBuilder, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
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
        private(machines)?;
        // no sweep between the directory and its lock
        let _all = lock_all(machines)?;
        let path = machines.join(id);
        DirBuilder::new().mode(0o700).create(&path).at("create", &path)?;
        let directory = Self(path);
        let lock = directory.try_lock()?.ok_or(StoreError::Unsafe {
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
        Ok(try_take(&file, &path)?.then(|| Lock(file.into())))
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

    /// Whether somebody keeps this machine: its shim or, for a moment, whoever cleans up after one.
    ///
    /// # Errors
    /// If its lock cannot be looked at.
    pub fn is_kept(&self) -> Result<bool, PathError> {
        let path = self.0.join("lock");
        if !path.exists() {
            return Ok(false);
        }
        // a look takes the lock for a moment, which nobody may take for the machine's being kept
        let _all = self.0.parent().map(lock_all).transpose()?;
        match OpenOptions::new().write(true).open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            file => Ok(!try_take(&file.at("open", &path)?, &path)?),
        }
    }

    /// The end of the shim's log on one line, for an error message.
    pub(super) fn last_words(&self) -> String {
        const QUOTE: usize = 500;
        let log = fs::read(self.log()).unwrap_or_default();
        let from = log.len().saturating_sub(QUOTE);
        String::from_utf8_lossy(&log[from..]).lines().collect::<Vec<_>>().join(" | ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Diagnose;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let machines = home.path().join("machines");
        let (directory, lock) = MachineDirectory::create(&machines, "m1").unwrap();
        assert_eq!(fs::metadata(directory.path()).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(directory.try_lock().unwrap().is_none(), "locked twice");
        assert!(directory.is_kept().unwrap());
        directory.remove(&lock).unwrap();
        assert!(!directory.is_kept().unwrap());
        assert!(!directory.path().exists());
        fs::set_permissions(&machines, fs::Permissions::from_mode(0o755)).unwrap();
        let error = MachineDirectory::create(&machines, "m2").unwrap_err();
        assert_eq!(error.code(), "unsafe_path", "{error}");
    }
}
