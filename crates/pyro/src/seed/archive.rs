//! A stranger's archive into ours. Every name is checked here, and again by the agent in the guest:
//! an entry stays inside, leads through no link of the archive's own, and is a file, a directory or a
//! link. Where links point is not judged: nothing follows them on the host.

use super::SeedError;
use super::error::shown;
use super::limits::SeedLimits;
use super::packer::{Facts, Packer};
use super::source::OpenArchive;
use crate::archive::{ArchiveError, Excess, Member, Members};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::path::PathBuf;
use tar::EntryType;

/// What follows the end of an archive is read so far, for the checksum behind it. GNU tar fills its
/// last block with zeros, 10 KiB by default.
const MAX_REST: u64 = 1 << 20;

/// Packs every entry of `archive`.
pub(super) fn pack(
    packer: &mut Packer,
    archive: OpenArchive,
    limits: &SeedLimits,
) -> Result<(), SeedError> {
    let OpenArchive { path, file, compression } = archive;
    let reader = compression.decompressed(file, limits.growth());
    let mut members = Members::new(reader, limits.max_extension);
    let mut checking = Checking { path, seen: Seen::default(), last: Vec::new() };
    while let Some(member) = members.next_member().map_err(|error| checking.failed(error))? {
        checking.member(packer, &member, &mut members.contents())?;
    }
    let rest = io::copy(&mut members.into_rest().take(MAX_REST), &mut io::sink());
    rest.map_err(|error| checking.failed(ArchiveError::Read(error)))?;
    Ok(())
}

/// The state of going through an archive.
struct Checking {
    path: PathBuf,
    seen: Seen,
    /// The entry before, to say where an archive breaks off.
    last: Vec<u8>,
}

impl Checking {
    fn member(
        &mut self,
        packer: &mut Packer,
        member: &Member,
        contents: &mut impl Read,
    ) -> Result<(), SeedError> {
        let path = inner(&member.path, &member.path)?;
        if path.is_empty() {
            // the directory itself stays as it is
            return Ok(());
        }
        self.seen.way_to(&path)?;
        let mode = member.header.mode().map_err(|error| self.damaged(&error))?;
        let facts = Facts { mode, mtime: member.mtime };
        match member.kind {
            EntryType::Directory => {
                self.seen.note(&path, Kind::Directory);
                packer.directory(&path, facts)?;
            }
            EntryType::Regular | EntryType::Continuous => {
                self.seen.replace(&path, Kind::File)?;
                let copied = packer.stream(&path, facts, member.size, contents)?;
                self.last.clone_from(&path);
                copied.map_err(|error| self.failed(ArchiveError::reading(error)))?;
            }
            EntryType::Symlink => {
                self.seen.replace(&path, Kind::Symlink)?;
                packer.symlink(&path, &member.link, facts)?;
            }
            EntryType::Link => {
                let target = inner(&member.link, &path)?;
                if target == path || self.seen.kind(&target) != Some(Kind::File) {
                    let why =
                        "it is a hard link to something that is not an earlier file of the archive";
                    return Err(SeedError::entry(&path, why));
                }
                self.seen.replace(&path, Kind::File)?;
                packer.hard_link(&path, &target, facts)?;
            }
            kind => return Err(SeedError::entry(&path, unwanted(kind))),
        }
        self.last = path;
        Ok(())
    }

    fn failed(&self, error: ArchiveError) -> SeedError {
        let why = match error {
            ArchiveError::Unsupported { path, what } => {
                return SeedError::Entry { entry: path, why: what };
            }
            ArchiveError::Read(source) => match source.downcast::<Excess>() {
                Ok(excess) => {
                    let what = "times the bytes of the archive";
                    let entry = shown(&self.last);
                    return SeedError::TooMuch { entry, limit: excess.max_ratio, what };
                }
                Err(source) => source.to_string(),
            },
            other => other.to_string(),
        };
        let why = match &self.last[..] {
            [] => why,
            last => format!("{why} (after or in the entry {})", shown(last)),
        };
        SeedError::Archive { path: self.path.clone(), why }
    }

    fn damaged(&self, error: &io::Error) -> SeedError {
        SeedError::Archive { path: self.path.clone(), why: error.to_string() }
    }
}

fn unwanted(kind: EntryType) -> String {
    match kind {
        EntryType::Fifo => "it is a fifo".into(),
        EntryType::Char | EntryType::Block => "it is a device".into(),
        kind => format!("it is of the unknown type {:?}", char::from(kind.as_byte())),
    }
}

/// A name without `.` and spare slashes; `entry` is named where it leads outside.
fn inner(name: &[u8], entry: &[u8]) -> Result<Vec<u8>, SeedError> {
    if name.starts_with(b"/") {
        return Err(SeedError::entry(entry, "its name or its link's is absolute"));
    }
    let mut path = Vec::with_capacity(name.len());
    for component in name.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => continue,
            b".." => return Err(SeedError::entry(entry, "its name or its link's leads outside")),
            _ => {}
        }
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(component);
    }
    Ok(path)
}

/// What a path of the archive is so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    Symlink,
}

/// Every path of the archive with its kind, sixteen bytes each however long it is: paths are known by
/// a keyed 64-bit hash, whose collisions nobody can arrange.
#[derive(Debug, Default)]
struct Seen {
    hasher: RandomState,
    kinds: HashMap<u64, Kind>,
}

impl Seen {
    fn kind(&self, path: &[u8]) -> Option<Kind> {
        self.kinds.get(&self.hasher.hash_one(path)).copied()
    }

    fn note(&mut self, path: &[u8], kind: Kind) {
        self.kinds.insert(self.hasher.hash_one(path), kind);
    }

    /// Notes a file or link, which replaces an earlier one of its name, but no directory.
    fn replace(&mut self, path: &[u8], kind: Kind) -> Result<(), SeedError> {
        if self.kind(path) == Some(Kind::Directory) {
            return Err(SeedError::entry(path, "it takes the place of a directory of the archive"));
        }
        self.note(path, kind);
        Ok(())
    }

    /// Makes sure that only directories lie above `path`.
    fn way_to(&mut self, path: &[u8]) -> Result<(), SeedError> {
        for end in (0..path.len()).filter(|at| path[*at] == b'/') {
            match self.kind(&path[..end]) {
                Some(Kind::Directory) => {}
                None => self.note(&path[..end], Kind::Directory),
                Some(Kind::Symlink) => {
                    let why = "it leads through a symbolic link of the archive";
                    return Err(SeedError::entry(path, why));
                }
                Some(Kind::File) => {
                    return Err(SeedError::entry(path, "it lies below a file of the archive"));
                }
            }
        }
        Ok(())
    }
}
