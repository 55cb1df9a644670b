//! The guest's archive, entry by entry, into a directory that nobody else knows of.

use super::aside::CONTENT;
use super::link::stays_inside;
use super::receive::Shape;
use super::{ExportError, ExportLimits, Exported};
use crate::archive::{ArchiveError, Member, Members};
use crate::error::AtPath;
use crate::hostfs::Directory;
use crate::patch::is_dot_git;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tar::EntryType;

/// How much is written at once.
const CHUNK: usize = 256 << 10;
/// So many links that were left out are named.
const NAMED: usize = 100;
/// Longest path that Linux takes, and longest name (`PATH_MAX` and `NAME_MAX` of `linux/limits.h`).
const MAX_PATH: usize = 4095;
const MAX_NAME: usize = 255;
/// Bytes of one extended header: a path, a link's target and some words.
const MAX_EXTENSION: u64 = 64 << 10;

/// Makes `content` in `aside` out of the archive; `shown` is the final name, for errors.
pub(super) fn unpack(
    archive: impl Read,
    shape: Shape,
    aside: &Directory,
    shown: &Path,
    limits: &ExportLimits,
) -> Result<Exported, ExportError> {
    let mut members = Members::new(archive, MAX_EXTENSION);
    let mut unpacking = Unpacking {
        shown,
        limits,
        exported: Exported::default(),
        last_parent: None,
        buffer: vec![0; CHUNK],
    };
    match shape {
        Shape::File => {
            let member = members.next_member()?.ok_or(ArchiveError::CutOff)?;
            if !is_file(&member) {
                return Err(ExportError::entry(&member.path, "it is no file any more"));
            }
            unpacking.count(&member)?;
            let parent = Rc::new(aside.duplicate().at("open", shown)?);
            let place = Place { parent, name: OsStr::new(CONTENT), shown: shown.to_owned() };
            let file = unpacking.file(&place, &member, &mut members)?;
            if members.next_member()?.is_some() {
                return Err(ExportError::Archive("a file is followed by something else".into()));
            }
            rustix::fs::fsync(&file).at("write", shown)?;
        }
        Shape::Directory => {
            let mode = Mode::from_raw_mode(0o755);
            rustix::fs::mkdirat(aside, CONTENT, mode).at("make", shown)?;
            let top = aside.enter(OsStr::new(CONTENT)).at("open", shown)?;
            while let Some(member) = members.next_member()? {
                unpacking.entry(&top, &member, &mut members)?;
            }
            rustix::fs::syncfs(&top).at("write", shown)?;
        }
    }
    members.drain()?;
    Ok(unpacking.exported)
}

struct Unpacking<'u> {
    shown: &'u Path,
    limits: &'u ExportLimits,
    exported: Exported,
    /// The directory that the last entry went into: mostly the next one goes there too.
    last_parent: Option<(PathBuf, Rc<Directory>)>,
    buffer: Vec<u8>,
}

/// A name to be made.
struct Place<'p> {
    parent: Rc<Directory>,
    name: &'p OsStr,
    shown: PathBuf,
}

fn is_file(member: &Member) -> bool {
    matches!(member.kind, EntryType::Regular | EntryType::Continuous)
}

impl Unpacking<'_> {
    fn entry<R: Read>(
        &mut self,
        top: &Directory,
        member: &Member,
        members: &mut Members<R>,
    ) -> Result<(), ExportError> {
        let path = inner_path(&member.path)?;
        let depth = path.components().count();
        if depth == 0 {
            return Ok(());
        }
        if path.iter().any(|part| is_dot_git(part.as_bytes())) {
            self.exported.git_left_out = true;
            return Ok(());
        }
        if depth > self.limits.max_depth {
            let limit = self.limits.max_depth as u64;
            return Err(ExportError::TooMuch { limit, what: "directories in each other" });
        }
        if member.kind == EntryType::Symlink && !stays_inside(depth - 1, &member.link) {
            self.exported.links_left_out_count += 1;
            if self.exported.links_left_out.len() < NAMED {
                let shown = format!("{} -> {}", shown(&member.path), shown(&member.link));
                self.exported.links_left_out.push(shown);
            }
            return Ok(());
        }
        self.count(member)?;
        let place = self.place(top, &path, member)?;
        match member.kind {
            EntryType::Directory => {
                let mode = Mode::from_raw_mode(0o755);
                let made = rustix::fs::mkdirat(&*place.parent, place.name, mode);
                made_at(made, &place, member)
            }
            EntryType::Symlink => {
                let made = rustix::fs::symlinkat(
                    OsStr::from_bytes(&member.link),
                    &*place.parent,
                    place.name,
                );
                made_at(made, &place, member)
            }
            _ if is_file(member) => self.file(&place, member, members).map(drop),
            _ => Err(ExportError::entry(&member.path, "it is neither file, directory nor link")),
        }
    }

    fn count(&mut self, member: &Member) -> Result<(), ExportError> {
        let ExportLimits { max_entries, max_bytes, .. } = *self.limits;
        self.exported.entries += 1;
        if self.exported.entries > max_entries {
            return Err(ExportError::TooMuch { limit: max_entries, what: "entries" });
        }
        self.exported.bytes = self.exported.bytes.saturating_add(member.size);
        if self.exported.bytes > max_bytes {
            return Err(ExportError::TooMuch { limit: max_bytes, what: "bytes of content" });
        }
        Ok(())
    }

    fn place<'p>(
        &mut self,
        top: &Directory,
        path: &'p Path,
        member: &Member,
    ) -> Result<Place<'p>, ExportError> {
        let name = path.file_name().unwrap_or_default();
        let parent = path.parent().unwrap_or(Path::new(""));
        let shown = self.shown.join(path);
        if let Some((last, directory)) = &self.last_parent
            && last == parent
        {
            return Ok(Place { parent: directory.clone(), name, shown });
        }
        let directory = match top.descend(parent) {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => {
                return Err(ExportError::entry(
                    &member.path,
                    "its directory did not come before it",
                ));
            }
            opened => Rc::new(opened.at("open", &shown)?),
        };
        self.last_parent = Some((parent.to_owned(), directory.clone()));
        Ok(Place { parent: directory, name, shown })
    }

    /// Writes the content that comes next. Zeros become holes, so that a hole of the guest's costs the host
    /// nothing.
    fn file<R: Read>(
        &mut self,
        place: &Place<'_>,
        member: &Member,
        members: &mut Members<R>,
    ) -> Result<File, ExportError> {
        let executable = member.header.mode().is_ok_and(|mode| mode & 0o100 != 0);
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&*place.parent, place.name, flags, mode);
        let file = match opened {
            Err(Errno::EXIST) => return Err(ExportError::entry(&member.path, TWICE)),
            opened => File::from(opened.at("create", &place.shown)?),
        };
        let mut content = members.contents();
        let (mut length, mut written) = (0_u64, 0_u64);
        loop {
            let piece = fill(&mut content, &mut self.buffer)?;
            if piece == 0 {
                break;
            }
            let bytes = self.buffer.get(..piece).unwrap_or_default();
            if bytes.iter().any(|byte| *byte != 0) {
                file.write_all_at(bytes, length).at("write", &place.shown)?;
                written = length + piece as u64;
            }
            length += piece as u64;
        }
        if written < length {
            file.set_len(length).at("write", &place.shown)?;
        }
        Ok(file)
    }
}

const TWICE: &str = "it comes twice";

fn made_at(made: Result<(), Errno>, place: &Place<'_>, member: &Member) -> Result<(), ExportError> {
    match made {
        Err(Errno::EXIST) => Err(ExportError::entry(&member.path, TWICE)),
        made => Ok(made.at("make", &place.shown)?),
    }
}

/// Reads until the buffer is full or the content ends.
fn fill(content: &mut impl Read, buffer: &mut [u8]) -> Result<usize, ExportError> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match content.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Err(ExportError::Stopped),
        }
    }
    Ok(filled)
}

/// The entry's path without `.`; one that leads elsewhere ends the export.
fn inner_path(raw: &[u8]) -> Result<PathBuf, ExportError> {
    let parts = || raw.split(|byte| *byte == b'/');
    if raw.starts_with(b"/") || parts().any(|part| part == b"..") || raw.contains(&0) {
        return Err(ExportError::entry(raw, "it leads out of the directory"));
    }
    if raw.len() > MAX_PATH || parts().any(|part| part.len() > MAX_NAME) {
        return Err(ExportError::entry(raw, "its name is too long"));
    }
    let parts = parts().filter(|part| !matches!(*part, b"" | b"."));
    Ok(parts.map(OsStr::from_bytes).collect())
}

fn shown(path: &[u8]) -> String {
    String::from_utf8(path.to_vec()).unwrap_or_else(|_| path.escape_ascii().to_string())
}
