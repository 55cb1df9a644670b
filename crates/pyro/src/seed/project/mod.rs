//! A project: a work tree of git with its history. In the guest it is a repository of its own, whatever
//! it is on the host (a linked work tree, a checkout with submodules, one that borrows objects), and
//! it holds neither hooks nor settings that could run something or tell a secret. Only `git`'s reading
//! commands run here, with everything switched off that a repository could make them start.

mod clone;
mod configuration;
mod discover;
mod git;
mod git_directory;
mod objects;
mod pack;
mod pointer;
mod repository;
pub mod url;
mod work_tree;

use git::Git;
use repository::Repository;
use std::path::Path;

/// A work tree of git.
#[derive(Debug)]
pub struct Project {
    git: Git,
    repository: Repository,
}

impl Project {
    /// The top of the work tree.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.repository.path
    }
}
