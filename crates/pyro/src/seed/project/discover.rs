//! Finding the project that a directory belongs to.

use super::super::SeedError;
use super::Project;
use super::git::Git;
use super::repository::Repository;
use crate::config::Config;
use std::path::Path;

impl Project {
    /// The work tree that `directory` lies in, if it lies in one.
    ///
    /// # Errors
    /// [`SeedError::GitMissing`], [`SeedError::GitUnsafe`], or why the repository cannot be used.
    pub fn discover(config: &Config, directory: &Path) -> Result<Option<Self>, SeedError> {
        match Self::at(config, directory) {
            Ok(project) => Ok(Some(project)),
            Err(SeedError::NoProject { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The work tree that `path` lies in.
    ///
    /// # Errors
    /// [`SeedError::NoProject`] where it lies in none, [`SeedError::NotFound`] where nothing is there,
    /// else as [`discover`](Self::discover).
    pub fn at(config: &Config, path: &Path) -> Result<Self, SeedError> {
        if !path.is_dir() {
            return Err(SeedError::NotFound { path: path.to_owned() });
        }
        let git = Git::find(config)?;
        let repository = Repository::open(&git, path)?;
        Ok(Self { git, repository })
    }
}
