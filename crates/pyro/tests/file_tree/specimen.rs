//! Trees made up for tests: one list of items becomes a tar archive, and what should come of it.

use super::{Entry, FileTree, digest};
use std::collections::{BTreeMap, HashMap};
use tar::{Builder, EntryType, Header};

/// What an item is.
#[derive(Debug, Clone)]
pub enum Kind {
    Directory,
    File(Vec<u8>),
    Symlink(Vec<u8>),
    /// To an earlier path.
    HardLink(Vec<u8>),
    Character(u32, u32),
    Block(u32, u32),
    Fifo,
}

/// One entry of a tree.
#[derive(Debug, Clone)]
pub struct Item {
    pub path: Vec<u8>,
    pub kind: Kind,
    pub permissions: u32,
    pub uid: u32,
    pub gid: u32,
    pub mtime: i64,
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Item {
    pub fn new(path: impl AsRef<[u8]>, kind: Kind) -> Self {
        let permissions = match kind {
            Kind::Directory => 0o755,
            Kind::Symlink(_) => 0o777,
            _ => 0o644,
        };
        let path = path.as_ref().to_vec();
        Self {
            path,
            kind,
            permissions,
            uid: 0,
            gid: 0,
            mtime: 1_700_000_000,
            xattrs: BTreeMap::new(),
        }
    }

    pub fn file(path: impl AsRef<[u8]>, size: usize) -> Self {
        let mut value = u32::try_from(size).unwrap();
        let content = (0..size).map(|_| {
            value = value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            value.to_be_bytes()[0]
        });
        Self::new(path, Kind::File(content.collect()))
    }

    pub fn mode(mut self, permissions: u32) -> Self {
        self.permissions = permissions;
        self
    }

    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        (self.uid, self.gid) = (uid, gid);
        self
    }

    pub fn at(mut self, mtime: i64) -> Self {
        self.mtime = mtime;
        self
    }

    pub fn xattr(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.xattrs.insert(name.as_bytes().to_vec(), value.as_ref().to_vec());
        self
    }
}

/// A pax archive of the items.
pub fn archive(items: &[Item]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for item in items {
        append(&mut builder, item);
    }
    builder.into_inner().unwrap()
}

fn append(builder: &mut Builder<Vec<u8>>, item: &Item) {
    let mut records: Vec<(String, Vec<u8>)> = vec![("mtime".into(), item.mtime.to_string().into())];
    for (name, value) in &item.xattrs {
        records
            .push((format!("SCHILY.xattr.{}", std::str::from_utf8(name).unwrap()), value.clone()));
    }
    let mut header = Header::new_ustar();
    header.set_mode(item.permissions);
    header.set_mtime(0);
    for (name, id, set) in [
        ("uid", item.uid, Header::set_uid as fn(&mut Header, u64)),
        ("gid", item.gid, Header::set_gid),
    ] {
        match u64::from(id) {
            small @ 0..=0o7_777_777 => set(&mut header, small),
            _ => records.push((name.into(), id.to_string().into())),
        }
    }
    if item.path.len() <= 100 && !item.path.is_empty() {
        header.as_old_mut().name[..item.path.len()].copy_from_slice(&item.path);
    } else {
        let root = if item.path.is_empty() { b"./".to_vec() } else { item.path.clone() };
        records.push(("path".into(), root));
    }
    let mut content = &[][..];
    let mut link = |target: &[u8], header: &mut Header| {
        if target.len() <= 100 {
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target);
        } else {
            records.push(("linkpath".into(), target.to_vec()));
        }
    };
    let entry_type = match &item.kind {
        Kind::Directory => EntryType::Directory,
        Kind::File(bytes) => {
            content = bytes;
            EntryType::Regular
        }
        Kind::Symlink(target) => {
            link(target, &mut header);
            EntryType::Symlink
        }
        Kind::HardLink(target) => {
            link(target, &mut header);
            EntryType::Link
        }
        Kind::Character(..) => EntryType::Char,
        Kind::Block(..) => EntryType::Block,
        Kind::Fifo => EntryType::Fifo,
    };
    header.set_entry_type(entry_type);
    if let Kind::Character(major, minor) | Kind::Block(major, minor) = item.kind {
        header.set_device_major(major).unwrap();
        header.set_device_minor(minor).unwrap();
    }
    header.set_size(content.len() as u64);
    header.set_cksum();
    let records: Vec<(&str, &[u8])> =
        records.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    builder.append_pax_extensions(records).unwrap();
    builder.append(&header, content).unwrap();
}

/// The tree that the items describe. Every parent must be among them, the root too.
pub fn expected(items: &[Item]) -> FileTree {
    let mut tree = FileTree::new();
    let mut names_of: HashMap<Vec<u8>, Vec<Vec<u8>>> = HashMap::new();
    for item in items {
        let entry = match &item.kind {
            Kind::HardLink(target) => {
                names_of.get_mut(target).unwrap().push(item.path.clone());
                tree[target].clone()
            }
            _ => {
                names_of.insert(item.path.clone(), vec![item.path.clone()]);
                described(item)
            }
        };
        tree.insert(item.path.clone(), entry);
    }
    for mut names in names_of.into_values() {
        names.sort();
        for name in &names {
            let entry = tree.get_mut(name).unwrap();
            entry.same_as.clone_from(&names[0]);
            if entry.mode >> 12 != 0o4 {
                entry.links = u32::try_from(names.len()).unwrap();
            }
        }
    }
    let parents: Vec<Vec<u8>> = tree
        .iter()
        .filter(|(path, entry)| !path.is_empty() && entry.mode >> 12 == 0o4)
        .map(|(path, _)| path.rsplitn(2, |byte| *byte == b'/').nth(1).unwrap_or_default().to_vec())
        .collect();
    for parent in parents {
        tree.get_mut(&parent).unwrap().links += 1;
    }
    tree
}

fn described(item: &Item) -> Entry {
    let mut entry = Entry {
        uid: item.uid,
        gid: item.gid,
        mtime: item.mtime,
        xattrs: item.xattrs.clone(),
        links: 1,
        ..Entry::default()
    };
    let kind = match &item.kind {
        Kind::Directory => {
            entry.links = 2;
            0o040_000
        }
        Kind::File(bytes) => {
            entry.size = bytes.len() as u64;
            entry.digest = digest(bytes);
            0o100_000
        }
        Kind::Symlink(target) => {
            entry.size = target.len() as u64;
            entry.target.clone_from(target);
            0o120_000
        }
        Kind::Character(major, minor) => {
            entry.device = (*major, *minor);
            0o020_000
        }
        Kind::Block(major, minor) => {
            entry.device = (*major, *minor);
            0o060_000
        }
        Kind::Fifo => 0o010_000,
        Kind::HardLink(_) => unreachable!("a link has no inode of its own"),
    };
    entry.mode = kind | item.permissions;
    entry
}
