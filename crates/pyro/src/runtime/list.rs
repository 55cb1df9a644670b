//! Which Firecrackers there are: the pinned release, the installed ones, and the one pyro uses.

use super::Release;
use crate::config::Config;
use crate::machine::firecracker::program::{self, Found};
use crate::machine::firecracker::version::Version;
use serde::Serialize;
use std::path::PathBuf;

/// What there is.
#[derive(Debug, Clone, Serialize)]
pub struct Listing {
    /// What `pyro runtime install` brings.
    pub pinned: Pinned,
    /// What it has brought, newest first.
    pub installed: Vec<InstalledRuntime>,
    /// The Firecracker that machines use where KVM works; it need not be one of the installed.
    pub used: Option<Found>,
}

/// The pinned release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pinned {
    /// Its version.
    pub version: Version,
    /// Where its archive is published.
    pub url: String,
    /// SHA-256 of the archive.
    pub sha256: String,
    /// Whether it is installed.
    pub installed: bool,
}

/// An installed Firecracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstalledRuntime {
    /// Its version.
    pub version: Version,
    /// The program.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// Whether it is the one that pyro uses.
    pub used: bool,
}

/// See [`super::Runtimes::list`].
pub(super) fn list(config: &Config, release: &Release) -> Listing {
    let used = program::find(config);
    let is_used = |path: &PathBuf| used.as_ref().is_some_and(|found| found.path == *path);
    let installed: Vec<_> = program::installed(&config.paths.runtimes())
        .into_iter()
        .rev()
        .map(|(version, path)| InstalledRuntime {
            version,
            size_bytes: path.metadata().map_or(0, |about| about.len()),
            used: is_used(&path),
            path,
        })
        .collect();
    let pinned = Pinned {
        version: release.version,
        url: release.url.to_owned(),
        sha256: release.archive_sha256.to_owned(),
        installed: installed.iter().any(|runtime| runtime.version == release.version),
    };
    Listing { pinned, installed, used }
}
