//! The store under the cache directory. Everything in it is named by what it contains, written
//! aside, synced and renamed into place, so a reader sees a whole thing or nothing:
//!
//! - `images/<sha256>.erofs`, mode 0444
//! - `kernels/<package>_<version>/` with its record `kernels/<package>_<version>.json`
//! - `initramfs/<key>.cpio`, mode 0444, and `initramfs/made-from/<stat>`, see `early.rs`
//! - `environments/<key>.json`, the records: of the catalog by name, of images by a hash of theirs
//! - `pulls/<manifest>/`, layers on their way here; what a kill leaves there the next pull goes on with
//! - `locks/`, and `building/` for work in progress
//!
//! This module knows names and the way into place, not what the things mean.

use super::record::{self, EnvironmentRecord, KernelRecord, Stored};
use crate::durable::move_into_place;
use crate::error::{AtPath, PathError};
use crate::event::Observer;
use crate::lock::Lock;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const IMAGES: &str = "images";
const KERNELS: &str = "kernels";
const INITRAMFS: &str = "initramfs";
const MADE_FROM: &str = "initramfs/made-from";
const ENVIRONMENTS: &str = "environments";
const LOCKS: &str = "locks";
const BUILDING: &str = "building";
const PULLS: &str = "pulls";

/// The store. Cheap to make: it only computes names until [`Cache::create`].
#[derive(Debug, Clone)]
pub(super) struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The store below `root`.
    pub(super) fn below(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Makes the directories there are to be.
    pub(super) fn create(&self) -> Result<(), PathError> {
        for name in [IMAGES, KERNELS, MADE_FROM, ENVIRONMENTS, LOCKS, BUILDING, PULLS] {
            let directory = self.root.join(name);
            fs::create_dir_all(&directory).at("create", &directory)?;
        }
        Ok(())
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn images(&self) -> PathBuf {
        self.root.join(IMAGES)
    }

    pub(super) fn kernels(&self) -> PathBuf {
        self.root.join(KERNELS)
    }

    pub(super) fn initramfs_images(&self) -> PathBuf {
        self.root.join(INITRAMFS)
    }

    pub(super) fn building(&self) -> PathBuf {
        self.root.join(BUILDING)
    }

    pub(super) fn image(&self, digest: &str) -> PathBuf {
        self.images().join(format!("{digest}.erofs"))
    }

    pub(super) fn kernel(&self, id: &str) -> PathBuf {
        self.kernels().join(id)
    }

    pub(super) fn initramfs(&self, key: &str) -> PathBuf {
        self.initramfs_images().join(format!("{key}.cpio"))
    }

    pub(super) fn notes(&self) -> PathBuf {
        self.root.join(MADE_FROM)
    }

    /// The note that remembers which initramfs an unchanged executable and kernel gave.
    pub(super) fn made_from(&self, stat: &str) -> PathBuf {
        self.notes().join(stat)
    }

    pub(super) fn environments(&self) -> PathBuf {
        self.root.join(ENVIRONMENTS)
    }

    pub(super) fn environment_record(&self, key: &str) -> PathBuf {
        self.environments().join(format!("{key}.json"))
    }

    pub(super) fn pulls(&self) -> PathBuf {
        self.root.join(PULLS)
    }

    /// Where the layers of the image with this manifest arrive.
    pub(super) fn pull(&self, manifest_digest: &str) -> PathBuf {
        self.pulls().join(manifest_digest)
    }

    pub(super) fn kernel_record(&self, id: &str) -> PathBuf {
        self.kernels().join(format!("{id}.json"))
    }

    /// What the cache knows about the environment with this key.
    pub(super) fn environment(&self, key: &str) -> Result<Stored<EnvironmentRecord>, PathError> {
        record::read(&self.environment_record(key))
    }

    /// Every usable record of an environment, also of those that nobody can ask for any more.
    pub(super) fn all_environments(&self) -> Result<Vec<EnvironmentRecord>, PathError> {
        let directory = self.environments();
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.at("list", &directory)?,
        };
        let mut records: Vec<EnvironmentRecord> = Vec::new();
        for entry in entries {
            let path = entry.at("list", &directory)?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                records.extend(record::read(&path)?.whole());
            }
        }
        records.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(records)
    }

    /// What the cache knows about the kernel `id`.
    pub(super) fn kernel_origin(&self, id: &str) -> Result<Stored<KernelRecord>, PathError> {
        record::read(&self.kernel_record(id))
    }

    /// Waits for the work called `what`, which another process may be `doing`.
    pub(super) fn lock(
        &self,
        what: &str,
        doing: &str,
        observer: Observer<'_>,
    ) -> Result<Lock, PathError> {
        Lock::exclusive(&self.lock_file(what), doing, observer)
    }

    pub(super) fn lock_file(&self, what: &str) -> PathBuf {
        self.root.join(LOCKS).join(format!("{what}.lock"))
    }
}

/// Moves a finished file into place, read-only and durable.
pub(super) fn publish_file(from: &Path, to: &Path) -> Result<(), PathError> {
    let file = File::open(from).at("open", from)?;
    file.set_permissions(Permissions::from_mode(0o444)).at("make read-only", from)?;
    file.sync_all().at("sync", from)?;
    move_into_place(from, to)
}

/// Moves a finished directory into place. What is in it must be durable already.
pub(super) fn publish_directory(from: &Path, to: &Path) -> Result<(), PathError> {
    move_into_place(from, to)
}
