//! What a jail contains: the plain data that the shim hands to the launcher. Nothing here acts.

use super::note::{Failure, Stage};
use serde::{Deserialize, Serialize};
use std::path::{Component, Path, PathBuf};

/// The longest specification a launcher reads, in bytes. A real one has some 4 KiB.
pub(super) const MAX_SPEC: u64 = 1 << 20;

/// How much of the jail a host can give, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// No jail: only the process limits, `no_new_privs`, and an unprivileged user where pyro is root.
    None,
    /// No namespaces: Landlock keeps files and seccomp the network away. The names of files can be
    /// seen, the host's other processes too; its sockets can be connected to, abstract ones before
    /// Landlock ABI 6 (Linux 6.12) and those in the file system before ABI 9.
    Landlock,
    /// Own namespaces and own root, with Landlock and seccomp on top.
    Full,
}

impl std::fmt::Display for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Landlock => "landlock",
            Self::Full => "full",
        })
    }
}

/// One file or directory of the host that the VMM may use under a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// Where it lies on the host. When pyro is root the caller gives it (`chown`) to
    /// [`JailSpec::unprivileged_uid`] if the VMM is to write it.
    pub host: PathBuf,
    /// The absolute path under which the VMM sees it in tier [`Tier::Full`].
    pub inside: PathBuf,
    /// Whether it may be written; a writable directory may also get new files and sockets.
    pub writable: bool,
}

impl Bind {
    /// The path to put into the VMM's arguments: below [`Tier::Full`] there is no root of our own,
    /// so the VMM sees the host's name.
    #[must_use]
    pub fn seen_at(&self, tier: Tier) -> &Path {
        if tier == Tier::Full { &self.inside } else { &self.host }
    }
}

/// Resource limits of the VMM, after getrlimit(2). Core dumps are always off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest file it may write, in bytes: the size of the machine's largest disk.
    pub file_size: u64,
    /// Number of file descriptors.
    pub open_files: u64,
    /// Processes and threads of the *user*, where the caller knows that the user has no others
    /// (an [`JailSpec::unprivileged_uid`]).
    pub processes: Option<u64>,
    /// Bytes of its address space. None for VMMs, which map far more than they touch.
    pub memory: Option<u64>,
}

/// The jail of one VMM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JailSpec {
    /// How strong the jail must be. The launcher gives exactly this or fails.
    pub tier: Tier,
    /// The VMM's executable, absolute.
    pub program: PathBuf,
    /// Its arguments, without the name.
    pub args: Vec<String>,
    /// Its whole environment.
    pub env: Vec<(String, String)>,
    /// Its working directory, as it sees it; `/` where none is given.
    pub working_dir: Option<PathBuf>,
    /// Files and directories it may read and execute, at the same path inside as outside: see
    /// [`super::readable_for`]. The program itself is always among them.
    pub readable: Vec<PathBuf>,
    /// Files and directories of the machine: kernel, disks, the directory of its sockets.
    pub binds: Vec<Bind>,
    /// Device nodes, at the same path inside as outside: `/dev/kvm`.
    pub devices: Vec<PathBuf>,
    /// Descriptors, beyond 0 to 2, that the VMM inherits under the same numbers. Never one of a
    /// directory: it would be a way out of the private root.
    pub keep_fds: Vec<i32>,
    /// The user and group the VMM runs as when pyro is root: what [`super::machine_uid`] says.
    /// Where that is some user, required in every tier but [`Tier::None`].
    pub unprivileged_uid: Option<u32>,
    /// Resource limits.
    pub limits: Limits,
}

/// What may be done with one path inside the jail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Read and execute: programs and libraries.
    Execute,
    /// Read: a kernel, an initramfs, a root image.
    Read,
    /// Read and write: a disk, a run directory.
    Write,
    /// Open and control a device node.
    Device,
}

/// One path the VMM may use: where it comes from, where it is seen, and for what.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) host: PathBuf,
    pub(super) inside: PathBuf,
    pub(super) access: Access,
}

impl JailSpec {
    /// Every path of the specification once, outermost first, so that a mount point never has to
    /// be made inside something of the host's.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, Failure> {
        let same =
            |path: &PathBuf, access| Entry { host: path.clone(), inside: path.clone(), access };
        let mut all: Vec<Entry> = std::iter::once(&self.program)
            .chain(&self.readable)
            .map(|path| same(path, Access::Execute))
            .chain(self.devices.iter().map(|path| same(path, Access::Device)))
            .chain(self.binds.iter().map(|bind| Entry {
                host: bind.host.clone(),
                inside: bind.inside.clone(),
                access: if bind.writable { Access::Write } else { Access::Read },
            }))
            .collect();
        all.sort_by(|a, b| a.inside.cmp(&b.inside));
        let mut kept: Vec<Entry> = Vec::new();
        for entry in all {
            for path in [&entry.host, &entry.inside] {
                if !is_plain_absolute(path) {
                    let what = format!("{} is not a plain absolute path", path.display());
                    return Err(Failure::new(Stage::Spec, what));
                }
            }
            match kept.iter().find(|outer| entry.inside.starts_with(&outer.inside)) {
                None => kept.push(entry),
                // Already visible, at the same place and for the same use.
                Some(outer) if both_are_programs(outer, &entry) => {}
                Some(outer) => {
                    let (inner, outer) = (entry.inside.display(), outer.inside.display());
                    return Err(Failure::new(Stage::Spec, format!("{inner} lies in {outer}")));
                }
            }
        }
        Ok(kept)
    }
}

fn both_are_programs(outer: &Entry, inner: &Entry) -> bool {
    outer.access == Access::Execute && inner.access == Access::Execute
}

fn is_plain_absolute(path: &Path) -> bool {
    let mut parts = path.components();
    parts.next() == Some(Component::RootDir)
        && path.file_name().is_some()
        && parts.all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(readable: &[&str], binds: &[(&str, &str)]) -> JailSpec {
        JailSpec {
            tier: Tier::Full,
            program: "/usr/bin/vmm".into(),
            args: vec![],
            env: vec![],
            working_dir: None,
            readable: readable.iter().map(PathBuf::from).collect(),
            binds: binds
                .iter()
                .map(|(h, i)| Bind { host: h.into(), inside: i.into(), writable: true })
                .collect(),
            devices: vec![],
            keep_fds: vec![],
            unprivileged_uid: None,
            limits: Limits { file_size: 1, open_files: 1, processes: None, memory: None },
        }
    }

    #[test]
    fn a_library_inside_a_readable_directory_is_not_bound_twice() {
        let entries = spec(&["/usr/lib/x", "/usr/lib/x/libc.so.6", "/usr/bin/vmm"], &[]).entries();
        let inside: Vec<_> = entries.unwrap().into_iter().map(|e| e.inside).collect();
        assert_eq!(inside, [PathBuf::from("/usr/bin/vmm"), "/usr/lib/x".into()]);
    }

    #[test]
    fn a_bind_inside_another_one_is_refused() {
        assert!(spec(&["/usr/lib/x"], &[("/d", "/usr/lib/x/d")]).entries().is_err());
        assert!(spec(&[], &[("/a", "/run"), ("/b", "/run/b")]).entries().is_err());
    }

    #[test]
    fn a_path_with_dots_or_the_root_is_refused() {
        for inside in ["/run/../etc", "run", "/"] {
            assert!(spec(&[], &[("/d", inside)]).entries().is_err(), "{inside}");
        }
        assert!(spec(&["/usr/lib/../../home"], &[]).entries().is_err());
    }
}
