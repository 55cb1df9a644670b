//! A build's own directories, gone when it ends. Whoever is killed leaves them behind, and the next
//! build sweeps them: a build that is alive holds a lock on its directory, so no age has to be
//! guessed.

use super::EnvironmentError;
use super::cache::Cache;
use super::lock::Lock;
use crate::config::Config;
use crate::error::{AtPath, PathError};
use crate::event::ignore;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where scratch directories are made. Not in the cache: in a user namespace the packages are
/// unpacked under sub-uids, to whom the home directory is usually closed. `/var/tmp` is on a disk
/// where `/tmp` may be memory (file-hierarchy(7)).
const SCRATCH_ROOT: &str = "/var/tmp";
const SCRATCH_PREFIX: &str = "pyro-build-";
/// In the build's directory: locked while the build lives.
const ALIVE: &str = "alive.lock";
/// In the build's directory: a link to its scratch directory.
const SCRATCH_LINK: &str = "scratch";

/// The directories of one build.
#[derive(Debug)]
pub(super) struct Building {
    directory: PathBuf,
    scratch: PathBuf,
    _alive: Lock,
    remover: Remover,
}

impl Building {
    /// Sweeps what killed builds left, then makes fresh directories.
    pub(super) fn begin(cache: &Cache, config: &Config) -> Result<Self, EnvironmentError> {
        let remover = Remover::of(config);
        let _turn = cache.lock("building", "starting a build", &ignore)?;
        sweep(cache, &remover)?;
        let token = token()?;
        let directory = cache.building().join(&token);
        let scratch = Path::new(SCRATCH_ROOT).join(format!("{SCRATCH_PREFIX}{token}"));
        fs::create_dir(&directory).at("create", &directory)?;
        let alive = directory.join(ALIVE);
        let lock = Lock::exclusive(&alive, "starting a build", &ignore)?;
        let link = directory.join(SCRATCH_LINK);
        symlink(&scratch, &link).at("create", &link)?;
        // Others may pass through it, not list it: sub-uids have to reach what lies inside.
        DirBuilder::new().mode(0o711).create(&scratch).at("create", &scratch)?;
        Ok(Self { directory, scratch, _alive: lock, remover })
    }

    /// On the cache's own file system: what is made here can be renamed into place.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// For the trees that other programs unpack.
    pub(super) fn scratch(&self) -> &Path {
        &self.scratch
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        self.remover.remove(&self.directory, Some(&self.scratch));
    }
}

/// How many bytes of room the scratch directory's disk must have, asked before a build.
pub(super) fn scratch_root() -> &'static Path {
    Path::new(SCRATCH_ROOT)
}

fn token() -> Result<String, PathError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(std::io::Error::other)
        .at("draw random bytes for", Path::new(SCRATCH_ROOT))?;
    Ok(hex::encode(bytes))
}

/// Removes the directories of builds that nobody is working on any more.
pub(super) fn sweep(cache: &Cache, remover: &Remover) -> Result<(), PathError> {
    let building = cache.building();
    for entry in fs::read_dir(&building).at("list", &building)? {
        let directory = entry.at("list", &building)?.path();
        if let Ok(None) = Lock::try_exclusive(&directory.join(ALIVE)) {
            continue;
        }
        let scratch = fs::read_link(directory.join(SCRATCH_LINK)).ok();
        remover.remove(&directory, scratch.as_deref());
    }
    Ok(())
}

/// Removes build directories; what cannot be removed now is left for the next sweep.
#[derive(Debug)]
pub(super) struct Remover {
    mmdebstrap: Option<PathBuf>,
}

impl Remover {
    /// Finds the program that removes files of sub-uids.
    pub(super) fn of(config: &Config) -> Self {
        Self { mmdebstrap: config.find_program("mmdebstrap") }
    }

    fn remove(&self, directory: &Path, scratch: Option<&Path>) {
        let gone = match scratch {
            Some(scratch) if is_our_scratch(scratch) => self.remove_scratch(scratch),
            _ => true,
        };
        if gone {
            // A leftover is harmless and found again by the next sweep.
            let _ = fs::remove_dir_all(directory);
        }
    }

    fn remove_scratch(&self, scratch: &Path) -> bool {
        if has_mounts(scratch) {
            return false;
        }
        if fs::remove_dir_all(scratch).is_err() {
            // Files of sub-uids can be removed only from a namespace where they are ours.
            if let Some(mmdebstrap) = &self.mmdebstrap {
                for left in fs::read_dir(scratch).into_iter().flatten().flatten() {
                    let _ = Command::new(mmdebstrap)
                        .args(["--unshare-helper", "rm", "-rf", "--one-file-system"])
                        .arg(left.path())
                        .stdin(Stdio::null())
                        .stdout(Stdio::null())
                        .stderr(Stdio::null())
                        .status();
                }
            }
            let _ = fs::remove_dir_all(scratch);
        }
        !scratch.exists()
    }
}

/// Guards against a link that names something else: a direct child of the scratch root, a real
/// directory, of this user.
fn is_our_scratch(path: &Path) -> bool {
    let named = path.parent() == Some(Path::new(SCRATCH_ROOT))
        && path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(SCRATCH_PREFIX));
    let ours = path
        .symlink_metadata()
        .is_ok_and(|m| m.is_dir() && m.uid() == rustix::process::geteuid().as_raw());
    named && ours
}

/// Whether something is still mounted below `path` (proc_pid_mountinfo(5): the mount point is the
/// fifth field): deleting through a mount would delete what it shows.
fn has_mounts(path: &Path) -> bool {
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else { return true };
    mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .any(|at| Path::new(at).starts_with(path))
}
