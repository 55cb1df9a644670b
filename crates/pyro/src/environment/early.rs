//! The initramfs for this version's agent and a kernel: made once per pair, found again without hashing
//! anything. A note named after path, size, times and inode of what it was made from leads to it;
//! where any of those differ it is looked for by content, and made only when that is new too.

use super::agent;
use super::cache::{self, Cache};
use super::initramfs;
use super::kernel::Kernel;
use super::{EnvironmentError, building::Building};
use crate::config::Config;
use crate::digest;
use crate::durable;
use crate::error::{AtPath, PathError};
use crate::event::{self, Observer};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// An initramfs of the cache.
#[derive(Debug, Clone)]
pub(super) struct Early {
    /// The file.
    pub(super) path: PathBuf,
    /// Its content's key.
    pub(super) key: String,
}

/// The initramfs that is ready, if one is. Costs a few `stat(2)`.
pub(super) fn ready(
    config: &Config,
    cache: &Cache,
    kernel: &Kernel,
) -> Result<Option<Early>, EnvironmentError> {
    let note = cache.made_from(&stat_of(&agent::program(config), kernel)?);
    let Ok(key) = fs::read_to_string(&note) else { return Ok(None) };
    if !digest::is_digest(&key) {
        return Ok(None);
    }
    let path = cache.initramfs(&key);
    Ok(path.exists().then_some(Early { path, key }))
}

/// Makes the initramfs unless it is there.
pub(super) fn prepare(
    config: &Config,
    cache: &Cache,
    kernel: &Kernel,
    observer: Observer<'_>,
) -> Result<Early, EnvironmentError> {
    let _turn = cache.lock("initramfs", "preparing the initramfs", observer)?;
    if let Some(early) = ready(config, cache, kernel)? {
        return Ok(early);
    }
    let program = agent::program(config);
    agent::check(config, &program)?;
    let note = cache.made_from(&stat_of(&program, kernel)?);
    let key = initramfs::key(&program, kernel)?;
    let path = cache.initramfs(&key);
    if !path.exists() {
        event::step(observer, "preparing the initramfs", || {
            let building = Building::begin(cache, config)?;
            let aside = building.file("initramfs.cpio");
            initramfs::write(&program, kernel, &aside)?;
            cache::publish_file(&aside, &path).map_err(EnvironmentError::from)
        })?;
    }
    durable::write_whole(&note, key.as_bytes())?;
    Ok(Early { path, key })
}

/// A name for the present state of the executable, the kernel image and its modules. The shared
/// libraries of the executable are not looked at: older ones in an initramfs still fit it.
pub(super) fn stat_of(executable: &Path, kernel: &Kernel) -> Result<String, PathError> {
    let mut text = String::new();
    let files = [executable, &kernel.vmlinux].into_iter();
    for path in files.chain(kernel.modules.iter().map(PathBuf::as_path)) {
        let m = fs::metadata(path).at("look at", path)?;
        let modified = (m.mtime(), m.mtime_nsec(), m.ctime(), m.ctime_nsec());
        text += &format!("{path:?} {} {} {} {modified:?}\n", m.dev(), m.ino(), m.size());
    }
    Ok(digest::of_bytes(text.as_bytes()))
}
