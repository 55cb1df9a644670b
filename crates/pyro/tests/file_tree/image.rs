//! A small EROFS reader for tests, after `fs/erofs/erofs_fs.h`. It knows what pyro writes
//! (extended inodes, flat layouts) and fails on anything else.

use super::{Entry, FileTree, digest, join};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

const BLOCK: usize = 4096;

struct Image {
    bytes: Vec<u8>,
    metadata: usize,
}

struct Inode {
    mode: u32,
    size: usize,
    start: u32,
    uid: u32,
    gid: u32,
    mtime: i64,
    links: u32,
    xattrs: (usize, usize),
    inline: bool,
}

/// Reads the whole tree out of an image.
pub fn read(path: &Path) -> FileTree {
    let bytes = std::fs::read(path).unwrap();
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(number(1024), 0xE0F5_E1E2, "magic");
    assert_eq!(number(1024 + 36) as usize * BLOCK, bytes.len(), "blocks");
    let inodes = u64::from_le_bytes(bytes[1040..1048].try_into().unwrap());
    let root = u64::from(u16::from_le_bytes([bytes[1038], bytes[1039]]));
    let image = Image { metadata: number(1024 + 40) as usize * BLOCK, bytes };

    let mut tree = FileTree::new();
    let mut names_of: HashMap<u64, Vec<Vec<u8>>> = HashMap::new();
    let mut left = vec![(Vec::new(), root, root)];
    while let Some((path, nid, parent)) = left.pop() {
        let inode = image.inode(nid);
        if inode.mode & 0o170_000 == 0o040_000 {
            let children = image.directory(&inode);
            assert_eq!(children[&b"."[..]], nid, "{}/.", path.escape_ascii());
            assert_eq!(children[&b".."[..]], parent, "{}/..", path.escape_ascii());
            for (name, child) in children {
                if name != b"." && name != b".." {
                    left.push((join(&path, &name), child, nid));
                }
            }
        }
        names_of.entry(nid).or_default().push(path.clone());
        tree.insert(path, image.entry(&inode));
    }
    assert_eq!(names_of.len() as u64, inodes, "inodes");
    for mut names in names_of.into_values() {
        names.sort();
        for name in &names {
            tree.get_mut(name).unwrap().same_as.clone_from(&names[0]);
        }
    }
    tree
}

impl Image {
    fn at(&self, nid: u64) -> usize {
        self.metadata + usize::try_from(nid).unwrap() * 32
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.bytes[at..at + 2].try_into().unwrap())
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().unwrap())
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().unwrap())
    }

    fn inode(&self, nid: u64) -> Inode {
        let at = self.at(nid);
        let format = self.u16(at);
        assert!(format == 1 || format == 5, "format {format}");
        let count = usize::from(self.u16(at + 2));
        let xattr_bytes = if count == 0 { 0 } else { 12 + (count - 1) * 4 };
        Inode {
            mode: u32::from(self.u16(at + 4)),
            size: usize::try_from(self.u64(at + 8)).unwrap(),
            start: self.u32(at + 16),
            uid: self.u32(at + 24),
            gid: self.u32(at + 28),
            mtime: self.u64(at + 32).cast_signed(),
            links: self.u32(at + 44),
            xattrs: (at + 64, at + 64 + xattr_bytes),
            inline: format == 5,
        }
    }

    fn content(&self, inode: &Inode) -> Vec<u8> {
        let start = inode.start as usize * BLOCK;
        if !inode.inline {
            return self.bytes[start..start + inode.size].to_vec();
        }
        let whole = inode.size / BLOCK * BLOCK;
        let tail = inode.xattrs.1..inode.xattrs.1 + inode.size - whole;
        assert!(tail.start / BLOCK == (tail.end - 1) / BLOCK, "an inline tail crosses blocks");
        [&self.bytes[start..start + whole], &self.bytes[tail]].concat()
    }

    fn directory(&self, inode: &Inode) -> BTreeMap<Vec<u8>, u64> {
        let content = self.content(inode);
        let mut children = BTreeMap::new();
        let mut last = Vec::new();
        for block in content.chunks(BLOCK) {
            let offset = |entry: usize| {
                usize::from(u16::from_le_bytes([block[entry * 12 + 8], block[entry * 12 + 9]]))
            };
            let count = offset(0) / 12;
            for entry in 0..count {
                let end = if entry + 1 < count { offset(entry + 1) } else { block.len() };
                let name = block[offset(entry)..end].split(|byte| *byte == 0).next().unwrap();
                assert!(name > &last[..], "names out of order");
                last = name.to_vec();
                let nid = u64::from_le_bytes(block[entry * 12..entry * 12 + 8].try_into().unwrap());
                let kind = match self.inode(nid).mode >> 12 {
                    0o10 => 1,
                    0o4 => 2,
                    0o2 => 3,
                    0o6 => 4,
                    0o1 => 5,
                    0o12 => 7,
                    other => panic!("type {other:o}"),
                };
                assert_eq!(block[entry * 12 + 10], kind, "type of {}", name.escape_ascii());
                children.insert(name.to_vec(), nid);
            }
        }
        children
    }

    fn entry(&self, inode: &Inode) -> Entry {
        let kind = inode.mode & 0o170_000;
        let is_device = kind == 0o020_000 || kind == 0o060_000;
        Entry {
            mode: inode.mode,
            uid: inode.uid,
            gid: inode.gid,
            links: inode.links,
            size: if kind == 0o040_000 { 0 } else { inode.size as u64 },
            mtime: inode.mtime,
            device: if is_device {
                (
                    (inode.start & 0xfff00) >> 8,
                    (inode.start & 0xff) | ((inode.start >> 12) & 0xfff00),
                )
            } else {
                (0, 0)
            },
            target: if kind == 0o120_000 { self.content(inode) } else { Vec::new() },
            xattrs: self.xattrs(inode),
            digest: if kind == 0o100_000 { digest(&self.content(inode)) } else { Vec::new() },
            same_as: Vec::new(),
        }
    }

    fn xattrs(&self, inode: &Inode) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let (mut at, end) = inode.xattrs;
        let mut xattrs = BTreeMap::new();
        if at == end {
            return xattrs;
        }
        at += 12;
        while at < end {
            let prefix: &[u8] = match self.bytes[at + 1] {
                1 => b"user.",
                2 => b"system.posix_acl_access",
                3 => b"system.posix_acl_default",
                4 => b"trusted.",
                6 => b"security.",
                other => panic!("attribute namespace {other}"),
            };
            let name_end = at + 4 + usize::from(self.bytes[at]);
            let value_end = name_end + usize::from(self.u16(at + 2));
            let name = [prefix, &self.bytes[at + 4..name_end]].concat();
            xattrs.insert(name, self.bytes[name_end..value_end].to_vec());
            at = value_end.next_multiple_of(4);
        }
        xattrs
    }
}
