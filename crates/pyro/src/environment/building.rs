//! A build's own directories, gone when it ends. Whoever is killed leaves them behind, and the next
//! build of the same user sweeps them: a build that is alive holds a lock on its directories, so no
//! age has to be guessed.

use super::EnvironmentError;
use super::cache::Cache;
use crate::config::Config;
use crate::error::{AtPath, PathError};
use crate::lock::Lock;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where scratch directories are made. Not in the cache: in a user namespace the packages are
/// unpacked under sub-uids, to whom the home directory is usually closed. `/var/tmp` is on a disk
/// where `/tmp` may be memory (file-hierarchy(7)).
const SCRATCH_ROOT: &str = "/var/tmp";
/// Begins the name of a directory that is, or was, locked by its build.
const BUILD: &str = "pyro-scratch-";
/// Begins the name of a directory for the moment before it is locked. Never swept: an empty one
/// that was left so is no loss.
const UNBORN: &str = "pyro-unborn-";

/// The directories of one build.
#[derive(Debug)]
pub(super) struct Building {
    directory: Owned,
    scratch: Owned,
    remover: Remover,
}

impl Building {
    /// Sweeps what killed builds left, then makes fresh directories.
    pub(super) fn begin(cache: &Cache, config: &Config) -> Result<Self, EnvironmentError> {
        let remover = Remover::of(config);
        sweep(cache, &remover);
        let directory = Owned::make(&cache.building(), 0o700)?;
        // Others may pass through it, not list it: sub-uids have to reach what lies inside.
        let scratch = Owned::make(scratch_root(), 0o711)?;
        Ok(Self { directory, scratch, remover })
    }

    /// On the cache's own file system: what is made here can be renamed into place.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.directory.path.join(name)
    }

    /// For the trees that other programs unpack.
    pub(super) fn scratch(&self) -> &Path {
        &self.scratch.path
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        self.remover.remove(&self.directory.path);
        self.remover.remove(&self.scratch.path);
    }
}

/// The directory that scratch directories are made in.
pub(super) fn scratch_root() -> &'static Path {
    Path::new(SCRATCH_ROOT)
}

/// A directory that is locked for as long as this lives.
#[derive(Debug)]
struct Owned {
    path: PathBuf,
    _lock: Option<Lock>,
}

impl Owned {
    /// Locked first, then renamed to the name that sweepers look for: they never meet a fresh
    /// directory unlocked.
    fn make(parent: &Path, mode: u32) -> Result<Self, PathError> {
        let token = token().at("draw a name in", parent)?;
        let unborn = parent.join(format!("{UNBORN}{token}"));
        let path = parent.join(format!("{BUILD}{token}"));
        DirBuilder::new().mode(mode).create(&unborn).at("create", &unborn)?;
        let lock = Lock::try_directory(&unborn)?;
        fs::rename(&unborn, &path).at("create", &path)?;
        Ok(Self { path, _lock: lock })
    }
}

fn token() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(hex::encode(bytes))
}

/// Removes the directories of this user's builds that are not alive any more.
pub(super) fn sweep(cache: &Cache, remover: &Remover) {
    for parent in [&*cache.building(), scratch_root()] {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let path = entry.path();
            if is_ours(&path)
                && let Ok(Some(_held)) = Lock::try_directory(&path)
            {
                remover.remove(&path);
            }
        }
    }
}

/// A real directory with the name of a build's, of this user.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let user = rustix::process::geteuid().as_raw();
    name.starts_with(BUILD) && path.symlink_metadata().is_ok_and(|m| m.is_dir() && m.uid() == user)
}

/// Removes build directories. What cannot be removed now is left for the next sweep.
#[derive(Debug)]
pub(super) struct Remover {
    mmdebstrap: Option<PathBuf>,
}

impl Remover {
    /// Finds the program that removes files of sub-uids.
    pub(super) fn of(config: &Config) -> Self {
        Self { mmdebstrap: config.find_program("mmdebstrap") }
    }

    fn remove(&self, directory: &Path) {
        if has_mounts(directory) || fs::remove_dir_all(directory).is_ok() {
            return;
        }
        // Files of sub-uids can be removed only from a namespace where they are ours.
        if let Some(mmdebstrap) = &self.mmdebstrap {
            for left in fs::read_dir(directory).into_iter().flatten().flatten() {
                let _ = Command::new(mmdebstrap)
                    .args(["--unshare-helper", "rm", "-rf", "--one-file-system"])
                    .arg(left.path())
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .status();
            }
        }
        let _ = fs::remove_dir_all(directory);
    }
}

/// Whether something is still mounted below `path` (proc_pid_mountinfo(5): the mount point is the
/// fifth field): deleting through a mount would delete what it shows.
fn has_mounts(path: &Path) -> bool {
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else { return true };
    let mut points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
    points.any(|point| Path::new(point).starts_with(path))
}
