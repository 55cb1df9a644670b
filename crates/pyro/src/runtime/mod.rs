//! The virtual machine monitors that pyro installs for the user: releases of Firecracker, checked
//! by digest, in directories of their own below the data directory. [`Runtimes`] lists, installs and
//! removes them; which one a machine gets is not decided here.
//!
//! - `firecracker-v<version>/firecracker`
//! - `lock`, and `installing/` for work in progress

mod aside;
mod error;
mod install;
mod list;
mod obtain;
mod order;
mod release;
mod remove;
#[cfg(test)]
mod tests;
mod unpack;

pub use error::RuntimeError;
pub use install::Installation;
pub use list::{InstalledRuntime, Listing, Pinned};
pub use order::Order;
pub use release::{PINNED, Release};

use crate::Result;
use crate::config::Config;
use crate::digest;
use crate::error::PathError;
use crate::event::Observer;
use crate::lock::Lock;
use crate::machine::firecracker::version::Version;
use std::io::ErrorKind;
use std::path::Path;

/// The runtimes of one user.
#[derive(Debug, Clone)]
pub struct Runtimes {
    config: Config,
    release: Release,
}

impl Runtimes {
    /// The runtimes in the data directory that `config` names. Touches nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, release: PINNED }
    }

    /// What could be installed, what is, and which Firecracker is used.
    #[must_use]
    pub fn list(&self) -> Listing {
        list::list(&self.config, &self.release)
    }

    /// Makes sure that what is ordered is installed. While another process installs, this one waits.
    ///
    /// # Errors
    /// [`RuntimeError`]: when the bytes cannot be fetched, when they are not those that were ordered,
    /// when they are no Firecracker, or when the disk refuses. Nothing is installed then.
    pub fn install(&self, order: &Order, observer: Observer<'_>) -> Result<Installation> {
        Ok(install::install(&self.config, &self.release, order, observer)?)
    }

    /// Makes sure that this version is not installed, and answers whether it was. Machines that run
    /// on it are not disturbed.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn remove(&self, version: Version, observer: Observer<'_>) -> Result<bool> {
        Ok(remove::remove(&self.config.paths.runtimes(), version, observer)?)
    }
}

/// Waits for the right to change the directory.
fn turn(runtimes: &Path, observer: Observer<'_>) -> Result<Lock, PathError> {
    Lock::exclusive(&runtimes.join("lock"), "changing the runtimes", observer)
}

/// SHA-256 of a file, if there is one.
fn digest_of(path: &Path) -> Result<Option<String>, PathError> {
    match digest::of_file(path) {
        Ok(digest) => Ok(Some(digest)),
        Err(error) if error.source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
