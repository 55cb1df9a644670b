//! The root file system: the read-only image below, what this machine changes above it, `/workspace`
//! beside them on the same disk; then away with the initramfs.

use super::devices::Disks;
use super::{Failure, Stage};
use crate::sys;
use rustix::fs::{Mode, OFlags, StatFs};
use rustix::mount::MountFlags;
use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const LOWER: &str = "/lower";
const DISK: &str = "/disk";
const NEW: &str = "/newroot";
/// `RAMFS_MAGIC` and `TMPFS_MAGIC` of `linux/magic.h`: what an initramfs lives in.
const INITRAMFS: [u64; 2] = [0x8584_58f6, 0x0102_1994];

/// Mounts the disks and stacks them. Returns the top of the workspace's disk.
pub(super) fn mount(disks: &Disks) -> Result<OwnedFd, Failure> {
    let lower = step("mount the image", || {
        file_system(disks.image, LOWER, "erofs", MountFlags::RDONLY, None)
    });
    lower.and_then(|()| mount_disk(disks.workspace)).and_then(|()| {
        step("stack the root", stack)?;
        step("bind /workspace", bind_workspace)?;
        step("open the workspace's disk", open_disk)
    })
}

/// Makes the stacked root the root of everything, and gives the initramfs's memory back.
pub(super) fn switch() -> Result<(), Failure> {
    let switched = || -> io::Result<()> {
        for at in ["/proc", "/sys", "/dev"] {
            let new = format!("{NEW}{at}");
            fs::create_dir_all(&new)?;
            rustix::mount::mount_move(at, &new)?;
        }
        empty_initramfs()?;
        rustix::process::chdir(NEW)?;
        rustix::mount::mount_move(".", "/")?;
        rustix::process::chroot(".")?;
        rustix::process::chdir("/")?;
        Ok(())
    };
    switched().map_err(|e| Failure::new(Stage::SwitchRoot, "switch to the new root", e))
}

/// Without a disk of its own the machine's changes live in memory.
fn mount_disk(disk: Option<&Path>) -> Result<(), Failure> {
    let Some(disk) = disk else {
        let source = Path::new("tmpfs");
        return step("mount the tmpfs for changes", || {
            file_system(source, DISK, "tmpfs", MountFlags::empty(), Some(c"mode=0755"))
        });
    };
    step("mount the workspace's disk", || {
        file_system(disk, DISK, "ext4", MountFlags::NOATIME, Some(c"discard"))
    })?;
    step("grow the workspace's disk", || grow(disk))
}

/// Lets the file system have all of its disk; nothing happens where it has.
fn grow(disk: &Path) -> io::Result<()> {
    let name = disk.file_name().unwrap_or_default();
    let sectors = fs::read_to_string(Path::new("/sys/class/block").join(name).join("size"))?;
    let sectors: u64 = sectors.trim().parse().map_err(io::Error::other)?;
    let directory = fs::File::open(DISK)?;
    let StatFs { f_bsize, .. } = rustix::fs::fstatfs(&directory)?;
    let block = u64::try_from(f_bsize).map_err(io::Error::other)?;
    let blocks = sectors.saturating_mul(512).checked_div(block).unwrap_or(0);
    sys::resize_ext4(&directory, blocks)?;
    Ok(())
}

fn stack() -> io::Result<()> {
    for part in ["upper", "work", "workspace"] {
        fs::create_dir_all(Path::new(DISK).join(part))?;
    }
    let layers = c"lowerdir=/lower,upperdir=/disk/upper,workdir=/disk/work";
    file_system(Path::new("overlay"), NEW, "overlay", MountFlags::empty(), Some(layers))
}

fn bind_workspace() -> io::Result<()> {
    let at = Path::new(NEW).join("workspace");
    fs::create_dir_all(&at)?;
    rustix::mount::mount_bind(Path::new(DISK).join("workspace"), &at)?;
    Ok(())
}

fn file_system(
    source: &Path,
    at: &str,
    kind: &str,
    flags: MountFlags,
    options: Option<&CStr>,
) -> io::Result<()> {
    fs::create_dir_all(at)?;
    rustix::mount::mount(source, at, kind, flags, options)?;
    Ok(())
}

/// Deletes the files of the initramfs, other mounts apart. The agent's own pages stay while they are
/// mapped.
fn empty_initramfs() -> io::Result<()> {
    let kind = rustix::fs::statfs("/")?.f_type;
    if !u64::try_from(kind).is_ok_and(|kind| INITRAMFS.contains(&kind)) {
        return Ok(());
    }
    let own = fs::symlink_metadata("/")?.dev();
    for entry in fs::read_dir("/")? {
        let path = entry?.path();
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.dev() != own {
            continue;
        }
        // what cannot be deleted only costs memory
        let _ = if metadata.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
    Ok(())
}

fn open_disk() -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(DISK, flags, Mode::empty())?)
}

fn step<T>(action: &str, mounting: impl FnOnce() -> io::Result<T>) -> Result<T, Failure> {
    mounting().map_err(|e| Failure::new(Stage::MountRoot, action, e))
}
