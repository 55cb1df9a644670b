//! The kernel's own file systems, before anything else: without them nothing can be found.

use super::{Failure, Stage};
use rustix::io::Errno;
use rustix::mount::MountFlags;

pub(super) fn mount() -> Result<(), Failure> {
    let plain = MountFlags::NOSUID.union(MountFlags::NOEXEC).union(MountFlags::NODEV);
    file_system("proc", "/proc", plain)?;
    file_system("sysfs", "/sys", plain)?;
    file_system("devtmpfs", "/dev", MountFlags::NOSUID)
}

fn file_system(kind: &str, at: &str, flags: MountFlags) -> Result<(), Failure> {
    let made = std::fs::create_dir_all(at);
    let mounted = made.and_then(|()| match rustix::mount::mount(kind, at, kind, flags, None) {
        // a kernel may mount devtmpfs by itself
        Ok(()) | Err(Errno::BUSY) => Ok(()),
        Err(error) => Err(error.into()),
    });
    mounted.map_err(|e| Failure::new(Stage::KernelMounts, format!("mount {at}"), e))
}
