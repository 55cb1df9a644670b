//! One name of an open directory into the archive. What it is was known when the directory was read
//! and is checked again when it is opened.

use super::SeedError;
use super::packer::{Content, Facts, Packer};
use crate::error::AtPath;
use crate::hostfs::{Directory, Regular};
use rustix::fs::{FileType, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What became of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// It is in the archive.
    Packed,
    /// It is a directory; nothing has been done yet.
    Directory,
    /// It is not there any more.
    Gone,
}

/// Packs the file or link `name` of `parent` as `path`; `kind` is what it was last seen as.
pub(super) fn add(
    packer: &mut Packer,
    parent: &Directory,
    name: &OsStr,
    kind: FileType,
    path: &[u8],
) -> Result<Added, SeedError> {
    if kind == FileType::RegularFile {
        match parent.regular_file(name).at("open", at(path))? {
            Regular::File(file, stat) => return file_content(packer, path, &file, &stat),
            Regular::Gone => return Ok(Added::Gone),
            Regular::Other => {}
        }
    }
    let stat = match parent.look(name) {
        Err(Errno::NOENT) => return Ok(Added::Gone),
        stat => stat.at("look at", at(path))?,
    };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Ok(Added::Directory),
        FileType::Symlink => match parent.link_target(name) {
            // replaced in this very moment
            Err(Errno::NOENT | Errno::INVAL) => Ok(Added::Gone),
            target => {
                let target = target.at("read the link", at(path))?;
                packer.symlink(path, &target, Facts::from(&stat))?;
                Ok(Added::Packed)
            }
        },
        // it became a file after the directory was read
        FileType::RegularFile if kind != FileType::RegularFile => {
            add(packer, parent, name, FileType::RegularFile, path)
        }
        FileType::RegularFile => Ok(Added::Gone),
        FileType::Fifo => Err(SeedError::entry(path, "it is a fifo")),
        FileType::Socket => Err(SeedError::entry(path, "it is a socket")),
        _ => Err(SeedError::entry(path, "it is a device")),
    }
}

fn file_content(
    packer: &mut Packer,
    path: &[u8],
    file: &std::fs::File,
    stat: &Stat,
) -> Result<Added, SeedError> {
    let content = packer.file(path, file, stat)?.at("read", at(path))?;
    let after = rustix::fs::fstat(file).at("look at", at(path))?;
    if content == Content::Shrank || !same(stat, &after) {
        packer.seeded.changed_during_read.add(path);
    }
    Ok(Added::Packed)
}

/// Whether nobody has written in between: every write moves the time of change.
pub(super) fn same(before: &Stat, after: &Stat) -> bool {
    let facts = |stat: &Stat| {
        (stat.st_size, stat.st_mtime, stat.st_mtime_nsec, stat.st_ctime, stat.st_ctime_nsec)
    };
    facts(before) == facts(after)
}

/// A path of the source, for messages.
pub(super) fn at(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}
