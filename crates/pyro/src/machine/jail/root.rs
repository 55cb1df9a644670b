//! The private root of tier `full`: an in-memory file system, read-only when done, that holds
//! nothing but the entries of the specification. Runs in the launcher's own mount namespace.

use super::note::{Failure, Stage, Staged};
use super::spec::{Access, Entry};
use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, StatVfsMountFlags, Uid, chownat, fstat, fstatvfs,
    mknodat, open,
};
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, mount,
    mount_change, mount_remount, move_mount, open_tree, unmount,
};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Where the new root is assembled: a directory that every host has. What it hides, and everything
/// else of the host, is gone after the pivot.
const SCAFFOLD: &str = "/proc";

/// Replaces the launcher's root. `owner` is the user the VMM will run as, where that is not the
/// launcher's own: devices are made anew for it.
pub(super) fn build(entries: &[Entry], owner: Option<u32>) -> Result<(), Failure> {
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).during(Stage::Root, "make mounts private")?;
    // All sources first: the scaffold hides what it is mounted on.
    let sources = entries.iter().map(Source::open).collect::<Result<Vec<_>, _>>()?;
    mount_scaffold()?;
    for source in &sources {
        source.bring_in(owner)?;
    }
    pivot()
}

fn mount_scaffold() -> Result<(), Failure> {
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount("tmpfs", SCAFFOLD, "tmpfs", flags, c"size=1m,mode=0755").during(Stage::Root, "tmpfs")?;
    rustix::process::chdir(SCAFFOLD).during(Stage::Root, "chdir")?;
    // The mount points must be passable for whatever user the VMM runs as.
    rustix::process::umask(Mode::from_raw_mode(0o022));
    Ok(())
}

/// pivot_root(2), the form without a place for the old root: it is stacked over the new one and
/// taken off again.
fn pivot() -> Result<(), Failure> {
    rustix::process::pivot_root(".", ".").during(Stage::Root, "pivot_root")?;
    unmount(".", UnmountFlags::DETACH).during(Stage::Root, "detach the old root")?;
    rustix::process::chdir("/").during(Stage::Root, "chdir")?;
    let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount_remount("/", MountFlags::BIND | flags, c"").during(Stage::Root, "remount read-only")
}

/// An entry with a handle on what it names, taken while the host's root was still there.
struct Source<'a> {
    entry: &'a Entry,
    handle: OwnedFd,
    kind: FileType,
    device: u64,
}

impl<'a> Source<'a> {
    fn open(entry: &'a Entry) -> Result<Self, Failure> {
        let host = &entry.host;
        let handle = open(host, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
            .during(Stage::Open, host.display())?;
        let stat = fstat(&handle).during(Stage::Open, host.display())?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        let is_device = kind == FileType::CharacterDevice;
        let fits = match entry.access {
            Access::Device => is_device,
            _ => matches!(kind, FileType::RegularFile | FileType::Directory),
        };
        if !fits {
            let what = format!("{} is not of the promised kind", host.display());
            return Err(Failure::new(Stage::Open, what));
        }
        Ok(Self { entry, handle, kind, device: stat.st_rdev })
    }

    /// Makes the mount point below the scaffold, which is the working directory, and fills it.
    fn bring_in(&self, owner: Option<u32>) -> Result<(), Failure> {
        let place = self.entry.inside.strip_prefix("/").unwrap_or(&self.entry.inside);
        let parent = place.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(Path::new(".").join(parent))
            .during(Stage::Root, format_args!("make {}", self.entry.inside.display()))?;
        match (self.kind, owner) {
            (FileType::CharacterDevice, Some(uid)) if self.make_device(place, uid) => {
                let node = open(place, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
                    .during(Stage::Root, place.display())?;
                return self.attach(&node, place);
            }
            (FileType::Directory, _) => std::fs::create_dir(place),
            _ => std::fs::File::create_new(place).map(drop),
        }
        .during(Stage::Root, format_args!("make {}", self.entry.inside.display()))?;
        self.attach(&self.handle, place)
    }

    /// The same device as a node that only the VMM's user may open, so that root need not widen the
    /// host's. Where that is forbidden (a container), the host's own node is bound instead.
    fn make_device(&self, place: &Path, uid: u32) -> bool {
        let mode = Mode::RUSR | Mode::WUSR;
        let (user, group) = (Uid::from_raw(uid), Gid::from_raw(uid));
        let made = mknodat(CWD, place, FileType::CharacterDevice, mode, self.device)
            .and_then(|()| chownat(CWD, place, Some(user), Some(group), AtFlags::empty()));
        if made.is_err() {
            let _ = std::fs::remove_file(place);
        }
        made.is_ok()
    }

    /// Clones the mount that `handle` lies on, attaches it at `place`, and takes away from it
    /// whatever the entry does not need.
    fn attach(&self, handle: &impl AsFd, place: &Path) -> Result<(), Failure> {
        let what = |step: &str| format!("{step} {}", self.entry.inside.display());
        let mut clone = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_EMPTY_PATH;
        if self.kind == FileType::Directory && self.entry.access == Access::Execute {
            // A container may have mounted single libraries into the host's directory; in a user
            // namespace the kernel refuses to show what lies beneath such a mount.
            clone |= OpenTreeFlags::AT_RECURSIVE;
        }
        let tree = open_tree(handle, "", clone).during(Stage::Root, what("clone"))?;
        let by_handle = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
        move_mount(&tree, "", CWD, place, by_handle).during(Stage::Root, what("attach"))?;
        let flags = self.entry.access.mount_flags() | locked_flags(handle)?;
        mount_remount(place, MountFlags::BIND | flags, c"").during(Stage::Root, what("restrict"))
    }
}

impl Access {
    fn mount_flags(self) -> MountFlags {
        let base = MountFlags::NOSUID;
        match self {
            Self::Execute => base | MountFlags::RDONLY | MountFlags::NODEV,
            Self::Read => base | MountFlags::RDONLY | MountFlags::NODEV | MountFlags::NOEXEC,
            Self::Write => base | MountFlags::NODEV | MountFlags::NOEXEC,
            Self::Device => base | MountFlags::RDONLY | MountFlags::NOEXEC,
        }
    }
}

/// The restrictions that the host's mount already has: a user namespace may not lift them
/// (mount_namespaces(7)), so that leaving one out would be refused.
fn locked_flags(handle: &impl AsFd) -> Result<MountFlags, Failure> {
    let on_host = fstatvfs(handle).during(Stage::Root, "statvfs")?.f_flag;
    let pairs = [
        (StatVfsMountFlags::RDONLY, MountFlags::RDONLY),
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
    ];
    Ok(pairs.iter().filter(|(host, _)| on_host.contains(*host)).map(|(_, ours)| *ours).collect())
}
