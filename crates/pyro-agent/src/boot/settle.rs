//! What programs expect to find in a running system besides its root.

use super::{Failure, Stage};
use crate::sys;
use rustix::mount::MountFlags;
use rustix::process::{Resource, Rlimit};
use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;

/// Where the cgroup file system is.
pub(crate) const CGROUPS: &str = "/sys/fs/cgroup";
/// Open files: enough for a thousand commands at once, and a ceiling that programs may raise to.
const OPEN_FILES: Rlimit = Rlimit { current: Some(1 << 16), maximum: Some(1 << 19) };

pub(super) fn settle() -> Result<(), Failure> {
    let plain = MountFlags::NOSUID.union(MountFlags::NODEV);
    let quiet = plain.union(MountFlags::NOEXEC);
    let terminals = Some(c"gid=5,mode=0620,ptmxmode=0666");
    mount("devpts", "/dev/pts", MountFlags::NOSUID.union(MountFlags::NOEXEC), terminals)?;
    mount("tmpfs", "/dev/shm", plain, Some(c"mode=1777"))?;
    mount("tmpfs", "/run", plain, Some(c"mode=0755"))?;
    mount_cgroups(quiet)?;
    step("link /dev/fd", link_descriptors)?;
    step("bring the loopback interface up", sys::loopback_up)?;
    step("protect the agent from memory shortage", || {
        fs::write("/proc/self/oom_score_adj", "-1000")
    })?;
    step("raise the limit of open files", || {
        rustix::process::setrlimit(Resource::Nofile, OPEN_FILES).map_err(Into::into)
    })
}

fn mount(kind: &str, at: &str, flags: MountFlags, options: Option<&CStr>) -> Result<(), Failure> {
    step(&format!("mount {at}"), || {
        fs::create_dir_all(at)?;
        rustix::mount::mount(kind, at, kind, flags, options)?;
        Ok(())
    })
}

/// Every command moves into a cgroup of its own. `favordynmods` (Linux 6.0) spares each of these moves
/// an RCU grace period; a kernel that does not know it does without.
fn mount_cgroups(flags: MountFlags) -> Result<(), Failure> {
    mount("cgroup2", CGROUPS, flags, Some(c"favordynmods"))
        .or_else(|_| mount("cgroup2", CGROUPS, flags, None))
}

fn link_descriptors() -> io::Result<()> {
    symlink("/proc/self/fd", "/dev/fd")?;
    symlink("/proc/self/fd/0", "/dev/stdin")?;
    symlink("/proc/self/fd/1", "/dev/stdout")?;
    symlink("/proc/self/fd/2", "/dev/stderr")
}

fn step(action: &str, settling: impl FnOnce() -> io::Result<()>) -> Result<(), Failure> {
    settling().map_err(|e| Failure::new(Stage::Settle, action, e))
}
