//! Where pyro keeps things on the host. Three roots after the XDG base directory specification:
//! cache (can be made again), state (machines and workspaces), data (what the user installed).
//! This module only computes names; whoever owns a directory creates it.

use std::path::{Path, PathBuf};

/// The roots, resolved once from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    cache: PathBuf,
    state: PathBuf,
    data: PathBuf,
}

impl Paths {
    /// Everything below one directory: `PYRO_HOME`, or a test's own.
    #[must_use]
    pub fn below(home: &Path) -> Self {
        Self { cache: home.join("cache"), state: home.join("state"), data: home.join("data") }
    }

    /// The three roots one by one.
    #[must_use]
    pub fn new(cache: PathBuf, state: PathBuf, data: PathBuf) -> Self {
        Self { cache, state, data }
    }

    /// What can be made again: environments, kernels, initramfs images.
    #[must_use]
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// What must survive: machines, workspaces and their disks.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// What the user installed through pyro.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Virtual machine monitors that pyro installed.
    #[must_use]
    pub fn runtimes(&self) -> PathBuf {
        self.data.join("runtimes")
    }

    /// One directory per machine, named by its id.
    #[must_use]
    pub fn machines(&self) -> PathBuf {
        self.state.join("machines")
    }

    /// One directory per vm that was created, named by its id; its machine, while there is one, has
    /// the same name below [`Paths::machines`].
    #[must_use]
    pub fn vms(&self) -> PathBuf {
        self.state.join("vms")
    }

    /// One directory per workspace, named by its id: its record, disk, baseline and history. Its machine,
    /// while it is started, has the same name below [`Paths::machines`].
    #[must_use]
    pub fn workspaces(&self) -> PathBuf {
        self.state.join("workspaces")
    }

    /// Repositories that were fetched by their URL, while workspaces are seeded from them.
    #[must_use]
    pub fn checkouts(&self) -> PathBuf {
        self.state.join("checkouts")
    }
}
