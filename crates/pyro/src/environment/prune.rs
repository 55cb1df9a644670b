//! Removes from the cache what nothing refers to, no environment's record and no machine's pins, and
//! the records that nobody can read.

use super::building::{self, Remover};
use super::cache::Cache;
use super::named::Named;
use super::record::{self, EnvironmentRecord, Stored};
use super::{EnvironmentError, agent, early, kernel_source, pins};
use crate::config::Config;
use crate::error::{AtPath, PathError};
use crate::event::{Observer, ignore};
use crate::lock::Lock;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What was removed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Pruned {
    /// Files and directories of the cache.
    pub removed: Vec<PathBuf>,
    /// Those of them that were records which could not be read, and why.
    pub corrupt_records: Vec<CorruptRecord>,
    /// Their bytes on the disk.
    pub freed_bytes: u64,
}

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CorruptRecord {
    /// The file.
    pub path: PathBuf,
    /// What was wrong with it.
    pub reason: String,
}

/// The lock that keeps prune off; shared by all who are about to use something.
pub(super) fn hold(cache: &Cache, observer: Observer<'_>) -> Result<Lock, PathError> {
    Lock::shared(&cache.lock_file("prune"), "removing unused images", observer)
}

/// See [`super::Environments::prune`].
pub(super) fn prune(config: &Config, cache: &Cache) -> Result<Pruned, EnvironmentError> {
    cache.create()?;
    let _alone = alone(cache)?;
    building::sweep(cache, &Remover::of(config));
    let used = in_use(config, cache)?;
    let (_, notes) = of_environments(config, cache)?;
    let mut pruned = Pruned::default();
    pruned.remove_corrupt_records(&cache.environments())?;
    for (directory, used) in [
        (cache.images(), &used),
        (cache.kernels(), &used),
        (cache.initramfs_images(), &used),
        (cache.notes(), &notes),
        // nobody pulls now: whatever lies there was left behind
        (cache.pulls(), &BTreeSet::new()),
    ] {
        pruned.remove_unused(&directory, used)?;
    }
    Ok(pruned)
}

/// The lock that keeps everybody else off.
pub(super) fn alone(cache: &Cache) -> Result<Lock, PathError> {
    cache.lock("prune", "using the cache", &ignore)
}

/// What environments and machines refer to.
pub(super) fn in_use(config: &Config, cache: &Cache) -> Result<BTreeSet<String>, EnvironmentError> {
    let (mut used, _) = of_environments(config, cache)?;
    for kept in [config.paths.machines(), config.paths.vms(), config.paths.workspaces()] {
        used.extend(pins::of_all_machines(&kept)?);
    }
    Ok(used)
}

/// What the records refer to, by the names of digests, kernels and keys; and the notes that lead to
/// an initramfs of this executable.
fn of_environments(
    config: &Config,
    cache: &Cache,
) -> Result<(BTreeSet<String>, BTreeSet<String>), EnvironmentError> {
    // The directory of notes lies among the initramfs images.
    let mut used = BTreeSet::from(["made-from".to_owned()]);
    let mut notes = BTreeSet::new();
    let mut kernels = Vec::from_iter(kernel_source::of_user(config)?);
    let records = cache.all_environments()?.into_iter();
    for record in records.filter(|record| Named::of_record(&record.name).is_some()) {
        kernels.extend(kernel_source::of_cache(cache, &record.kernel)?.map(|(kernel, _)| kernel));
        used.extend([record.image.digest, record.kernel]);
    }
    for kernel in kernels {
        if let Some(early) = early::ready(config, cache, &kernel)? {
            used.insert(early.key);
            notes.insert(early::stat_of(&agent::program(config), &kernel)?);
        }
    }
    Ok((used, notes))
}

impl Pruned {
    fn remove_corrupt_records(&mut self, directory: &Path) -> Result<(), EnvironmentError> {
        for entry in fs::read_dir(directory).at("list", directory)? {
            let path = entry.at("list", directory)?.path();
            if let Stored::Corrupt { path, reason } = record::read::<EnvironmentRecord>(&path)? {
                self.remove(&path)?;
                self.corrupt_records.push(CorruptRecord { path, reason });
            }
        }
        Ok(())
    }

    fn remove_unused(
        &mut self,
        directory: &Path,
        used: &BTreeSet<String>,
    ) -> Result<(), EnvironmentError> {
        for entry in fs::read_dir(directory).at("list", directory)? {
            let path = entry.at("list", directory)?.path();
            if used.contains(name_in_use(&path)) {
                continue;
            }
            self.remove(&path)?;
        }
        Ok(())
    }

    /// Removes one file or directory.
    pub(super) fn remove(&mut self, path: &Path) -> Result<(), EnvironmentError> {
        let bytes = disk_bytes(path);
        if path.is_dir() {
            fs::remove_dir_all(path).at("remove", path)?;
        } else {
            fs::remove_file(path).at("remove", path)?;
        }
        self.freed_bytes += bytes;
        self.removed.push(path.to_owned());
        Ok(())
    }
}

/// The name by which records and pins refer to `path`: the file name without the cache's own
/// endings. (Versions of kernels have dots in them.)
fn name_in_use(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    [".erofs", ".cpio", ".json"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

fn disk_bytes(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = path.symlink_metadata() else { return 0 };
    // st_blocks counts units of 512 bytes (stat(3type)).
    let own = metadata.blocks() * 512;
    if !metadata.is_dir() {
        return own;
    }
    fs::read_dir(path).into_iter().flatten().flatten().map(|e| disk_bytes(&e.path())).sum::<u64>()
        + own
}
