//! Trees that the kernel shows: directories, unpacked archives, mounted images.

use super::{Entry, FileTree, digest, join};
use rustix::fs::{lgetxattr, llistxattr};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Reads the tree below `root`.
pub fn read(root: &Path) -> FileTree {
    let mut tree = FileTree::new();
    let mut inodes: HashMap<u64, Vec<Vec<u8>>> = HashMap::new();
    let mut left = vec![Vec::new()];
    while let Some(path) = left.pop() {
        let place = root.join(OsStr::from_bytes(&path));
        let status = place.symlink_metadata().unwrap();
        if status.is_dir() {
            for child in place.read_dir().unwrap() {
                left.push(join(&path, child.unwrap().file_name().as_bytes()));
            }
        }
        inodes.entry(status.ino()).or_default().push(path.clone());
        tree.insert(path, entry(&place, &status));
    }
    for mut names in inodes.into_values() {
        names.sort();
        for name in &names {
            tree.get_mut(name).unwrap().same_as.clone_from(&names[0]);
        }
    }
    tree
}

fn entry(place: &Path, status: &std::fs::Metadata) -> Entry {
    let kind = status.file_type();
    let device = status.rdev();
    Entry {
        mode: status.mode(),
        uid: status.uid(),
        gid: status.gid(),
        links: u32::try_from(status.nlink()).unwrap(),
        size: if kind.is_dir() { 0 } else { status.size() },
        mtime: status.mtime(),
        device: (rustix::fs::major(device), rustix::fs::minor(device)),
        target: if kind.is_symlink() {
            place.read_link().unwrap().into_os_string().into_vec()
        } else {
            Vec::new()
        },
        xattrs: xattrs(place),
        digest: if kind.is_file() { digest(&std::fs::read(place).unwrap()) } else { Vec::new() },
        same_as: Vec::new(),
    }
}

fn xattrs(place: &Path) -> std::collections::BTreeMap<Vec<u8>, Vec<u8>> {
    let mut names = vec![0; 65_536];
    let count = llistxattr(place, &mut names[..]).unwrap();
    names[..count]
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
        .map(|name| {
            let mut value = vec![0; 65_536];
            let count = lgetxattr(place, OsStr::from_bytes(name), &mut value[..]).unwrap();
            (name.to_vec(), value[..count].to_vec())
        })
        .collect()
}

/// Unpacks an archive as GNU tar does for root.
pub fn unpack(tar: &Path, into: &Path) {
    let status = Command::new("tar")
        .args(["--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf"])
        .arg(tar)
        .arg("-C")
        .arg(into)
        .status()
        .unwrap();
    assert!(status.success(), "tar: {status}");
}

/// An image mounted by the kernel; needs root.
pub struct Mount(PathBuf);

impl Mount {
    pub fn new(image: &Path, at: &Path) -> Self {
        std::fs::create_dir_all(at).unwrap();
        let status = Command::new("mount")
            .args(["-t", "erofs", "-o", "ro,loop"])
            .arg(image)
            .arg(at)
            .status();
        assert!(status.unwrap().success(), "this kernel must be able to mount EROFS");
        Self(at.to_owned())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
