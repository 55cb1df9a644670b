//! The objects of a repository, its own and those that it borrows from others, in one place. Only files
//! that are named like objects and packs are taken, so that a borrowed directory gives nothing else.
//!
//! A repository may be repacked meanwhile. Loose objects are read before packs, because git writes a
//! pack before it deletes what is in it; what went away all the same is reported.

use super::super::SeedError;
use super::super::directory::{self, Pick};
use super::super::packer::Packer;
use super::pointer::{path, small_file};
use super::repository::Repository;
use crate::error::AtPath;
use crate::hostfs::{Directory, FileId};
use rustix::fs::FileType;
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// How far borrowing goes, as in git (`object-file.c`, "maximum nesting depth").
const MAX_DEPTH: usize = 5;
const MAX_STORES: usize = 64;
/// More than any list of paths to other repositories.
const MAX_LIST: u64 = 64 << 10;

/// A directory of objects.
struct Store {
    directory: Directory,
    id: FileId,
}

/// Packs the objects of `repository` below `prefix` (`….git/objects/`).
pub(super) fn pack(
    packer: &mut Packer,
    repository: &Repository,
    prefix: &[u8],
) -> Result<(), SeedError> {
    let stores = stores(repository)?;
    // these name packs and commits of one store only, and are but shortcuts
    let alone = stores.len() == 1;
    for store in &stores {
        directory::pack(packer, &store.directory, prefix, &|path, kind| loose(path, kind, alone))?;
    }
    for store in &stores {
        directory::pack(packer, &store.directory, prefix, &|path, kind| packs(path, kind, alone))?;
    }
    Ok(())
}

/// The repository's own store first.
fn stores(repository: &Repository) -> Result<Vec<Store>, SeedError> {
    let path = repository.common_path.join("objects");
    let directory = match repository.common.enter("objects".as_ref()) {
        Ok(directory) => directory,
        Err(Errno::LOOP | Errno::NOTDIR) => {
            let why = "its directory of objects is a symbolic link";
            return Err(repository.unsupported(why, "clone it first"));
        }
        Err(error) => return Err(error).at("open", &path).map_err(Into::into),
    };
    let mut stores = Vec::new();
    collect(repository, &mut stores, &path, directory, 0)?;
    Ok(stores)
}

fn collect(
    repository: &Repository,
    stores: &mut Vec<Store>,
    at: &Path,
    directory: Directory,
    depth: usize,
) -> Result<(), SeedError> {
    let id = FileId::from(&directory.status().at("look at", at)?);
    if stores.iter().any(|store| store.id == id) {
        return Ok(());
    }
    if depth > MAX_DEPTH || stores.len() >= MAX_STORES {
        let why = "it borrows objects from too many other repositories";
        return Err(repository.unsupported(why, "run `git repack -a -d` in it"));
    }
    let borrowed = borrowed(repository, &directory, at)?;
    stores.push(Store { directory, id });
    for path in borrowed {
        let path = at.join(path);
        match Directory::open(&path) {
            Ok(directory) => collect(repository, stores, &path, directory, depth + 1)?,
            // git goes on without it, too
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(error) => return Err(error).at("open", &path).map_err(Into::into),
        }
    }
    Ok(())
}

/// The paths in `info/alternates` (gitrepository-layout(5)).
fn borrowed(
    repository: &Repository,
    store: &Directory,
    at: &Path,
) -> Result<Vec<PathBuf>, SeedError> {
    let Ok(info) = store.enter("info".as_ref()) else { return Ok(Vec::new()) };
    let list = small_file(&info, "alternates", MAX_LIST, &at.join("info"))?.unwrap_or_default();
    let lines = list.split(|byte| *byte == b'\n');
    let lines: Vec<&[u8]> =
        lines.filter(|line| !line.is_empty() && !line.starts_with(b"#")).collect();
    if lines.iter().any(|line| line.starts_with(b"\"")) {
        let why = "it borrows objects from a directory with an odd name";
        return Err(repository.unsupported(why, "run `git repack -a -d` in it"));
    }
    Ok(lines.into_iter().map(|line| path(line).to_owned()).collect())
}

/// Loose objects, and what lies in `info`.
fn loose(path: &[u8], kind: FileType, alone: bool) -> Pick {
    let mut parts = path.split(|byte| *byte == b'/');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    let taken = match (first, second, kind) {
        (b"info", None, FileType::Directory) => alone,
        (b"info", Some(b"commit-graph"), FileType::RegularFile) => alone,
        (b"info", Some(b"commit-graphs"), _) => alone && is_settled(path),
        (first, None, FileType::Directory) => first.len() == 2 && is_hex(first),
        (first, Some(name), FileType::RegularFile) => {
            first.len() == 2 && is_hex(first) && matches!(name.len(), 38 | 62) && is_hex(name)
        }
        _ => false,
    };
    if taken { Pick::Take } else { Pick::Leave }
}

fn packs(path: &[u8], kind: FileType, alone: bool) -> Pick {
    let mut parts = path.split(|byte| *byte == b'/');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    let taken = match (first, second, kind) {
        (b"pack", None, FileType::Directory) => true,
        (b"pack", Some(name), kind) if name.starts_with(b"multi-pack-index") => {
            alone && is_settled(path) && matches!(kind, FileType::RegularFile | FileType::Directory)
        }
        (b"pack", Some(name), FileType::RegularFile) => is_pack(name),
        _ => false,
    };
    if taken { Pick::Take } else { Pick::Leave }
}

/// `pack-<hash>.<what>` (gitformat-pack(5)).
fn is_pack(name: &[u8]) -> bool {
    let Some(name) = name.strip_prefix(b"pack-") else { return false };
    let end = name.iter().position(|byte| *byte == b'.').unwrap_or(name.len());
    let (hash, extension) = name.split_at(end);
    let known: [&[u8]; 7] =
        [b".pack", b".idx", b".rev", b".bitmap", b".keep", b".promisor", b".mtimes"];
    !hash.is_empty() && is_hex(hash) && known.contains(&extension)
}

/// Neither a lock nor something half written.
fn is_settled(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    !name.ends_with(b".lock") && !name.starts_with(b"tmp_")
}

fn is_hex(name: &[u8]) -> bool {
    name.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_like_objects_is_taken() {
        use FileType::{Directory as D, RegularFile as F};
        let hash = [b'a'; 38];
        let object = [&b"0f/"[..], &hash].concat();
        let taken = |path: &[u8], kind, alone| {
            loose(path, kind, alone) == Pick::Take || packs(path, kind, alone) == Pick::Take
        };
        for path in [&object[..], b"pack/pack-0a.pack", b"pack/pack-0a.idx"] {
            assert!(taken(path, F, false) && taken(path, F, true));
        }
        assert!(taken(b"pack/multi-pack-index", F, true));
        assert!(!taken(b"pack/multi-pack-index", F, false));
        for path in [
            &b"info/alternates"[..],
            b"id_rsa",
            b"0f/id_rsa",
            b"pack/tmp_pack_x",
            b"pack/pack-0a.sh",
            b"pack/pack-../x",
            b"info/commit-graphs/commit-graph-chain.lock",
        ] {
            assert!(!taken(path, F, true), "{}", path.escape_ascii());
        }
        assert!(!taken(b".ssh", D, true) && !taken(&object, FileType::Symlink, true));
    }
}
