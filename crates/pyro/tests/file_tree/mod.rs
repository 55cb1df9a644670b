//! File trees as plain data, from wherever they can be read: a directory, a mounted image, an
//! EROFS image read by code that shares nothing with the writer, a list of what should be there.
//! Two of them are compared entry by entry.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]
#![allow(missing_docs, dead_code, unreachable_pub, reason = "each test program uses its own part")]

pub mod directory;
pub mod image;
pub mod specimen;

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Everything that `lstat`, `readlink`, `listxattr` and `read` show of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// Type and permission bits.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub links: u32,
    /// Bytes of content; 0 for directories, whose size is the file system's own affair.
    pub size: u64,
    /// Seconds since 1970.
    pub mtime: i64,
    /// Major and minor number of a device.
    pub device: (u32, u32),
    pub target: Vec<u8>,
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
    /// SHA-256 of a regular file.
    pub digest: Vec<u8>,
    /// The first path, in byte order, that shares the inode.
    pub same_as: Vec<u8>,
}

/// Entries by path, without a leading slash; the root is the empty path.
pub type FileTree = BTreeMap<Vec<u8>, Entry>;

/// One line for each entry that is not the same in both.
pub fn differences(left: &FileTree, right: &FileTree) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, entry) in left {
        let name = path.escape_ascii();
        match right.get(path) {
            Some(other) if other == entry => {}
            Some(other) => lines.push(format!("{name}:\n  left  {entry:?}\n  right {other:?}")),
            None => lines.push(format!("{name}: only left")),
        }
    }
    for path in right.keys().filter(|path| !left.contains_key(*path)) {
        lines.push(format!("{}: only right", path.escape_ascii()));
    }
    lines
}

/// Fails with the first few differences.
#[track_caller]
pub fn assert_same(left: &FileTree, right: &FileTree) {
    let lines = differences(left, right);
    assert!(
        lines.is_empty(),
        "{} differences:\n{}",
        lines.len(),
        lines[..lines.len().min(5)].join("\n")
    );
}

pub fn digest(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

pub fn join(parent: &[u8], name: &[u8]) -> Vec<u8> {
    if parent.is_empty() { name.to_vec() } else { [parent, name].join(&b'/') }
}
