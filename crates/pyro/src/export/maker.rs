//! Makes the files, directories and links of an export in a directory that nobody else knows of, whatever
//! tells it which: nothing that is told leads out of there.

use super::aside::CONTENT;
use super::link::stays_inside;
use super::new_file::NewFile;
use super::{ExportError, ExportLimits, Exported, Progress, Shape};
use crate::error::AtPath;
use crate::hostfs::Directory;
use crate::patch::is_dot_git;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// So many links that were left out are named.
const NAMED: usize = 100;
/// Longest path that Linux takes, and longest name (`PATH_MAX` and `NAME_MAX` of `linux/limits.h`).
const MAX_PATH: usize = 4095;
const MAX_NAME: usize = 255;
/// So many files and directories are brought to stable storage one by one. More of them together with whatever
/// else waits to be written on that file system, which may be a lot, and somebody else's.
const FEW: usize = 64;

/// Something that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'e> {
    /// Below the top of the tree. Of a file that is exported alone its name does not count.
    pub path: &'e [u8],
    /// What is to be there.
    pub what: What<'e>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What<'e> {
    /// A directory.
    Directory,
    /// A symbolic link.
    Link {
        /// Where it leads.
        target: &'e [u8],
    },
    /// A file, whose content follows.
    File {
        /// Bytes of its content.
        size: u64,
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// What is not exported.
    Other,
}

/// Makes one export.
#[derive(Debug)]
pub struct Maker<'m> {
    aside: &'m Directory,
    /// The final name, for errors.
    shown: &'m Path,
    limits: &'m ExportLimits,
    progress: Arc<Progress>,
    top: Top,
    exported: Exported,
    /// The directory that the last entry went into: mostly the next one goes there too.
    last_parent: Option<(PathBuf, Rc<Directory>)>,
    /// What was made, as long as it is little.
    few: Option<Few>,
}

#[derive(Debug)]
enum Top {
    /// A file alone, and whether it is there.
    File(bool),
    Directory(Directory),
}

#[derive(Debug, Default)]
struct Few {
    files: Vec<File>,
    directories: Vec<PathBuf>,
}

/// A name to be made.
struct Place<'p> {
    parent: Rc<Directory>,
    name: &'p OsStr,
    shown: PathBuf,
}

impl<'m> Maker<'m> {
    pub(super) fn new(
        shape: Shape,
        aside: &'m Directory,
        shown: &'m Path,
        limits: &'m ExportLimits,
        progress: Arc<Progress>,
    ) -> Result<Self, ExportError> {
        let top = match shape {
            Shape::File => Top::File(false),
            Shape::Directory => {
                let mode = Mode::from_raw_mode(0o755);
                rustix::fs::mkdirat(aside, CONTENT, mode).at("make", shown)?;
                Top::Directory(aside.enter(OsStr::new(CONTENT)).at("open", shown)?)
            }
        };
        Ok(Self {
            aside,
            shown,
            limits,
            progress,
            top,
            exported: Exported::default(),
            last_parent: None,
            few: Some(Few::default()),
        })
    }

    /// Makes an entry. Of a file the content is still to be given.
    ///
    /// # Errors
    /// Where it may not be made, or is not: the export is over then.
    pub fn make(&mut self, entry: &Entry<'_>) -> Result<Option<NewFile>, ExportError> {
        self.progress.is_wanted()?;
        match &mut self.top {
            Top::File(is_there) => {
                if std::mem::replace(is_there, true) {
                    let what = "a file is followed by something else";
                    return Err(ExportError::Archive(what.into()));
                }
                self.alone(entry).map(Some)
            }
            Top::Directory(_) => self.within(entry),
        }
    }

    fn alone(&mut self, entry: &Entry<'_>) -> Result<NewFile, ExportError> {
        let What::File { size, executable } = entry.what else {
            return Err(ExportError::entry(entry.path, "it is no file any more"));
        };
        self.count(size)?;
        let parent = Rc::new(self.aside.duplicate().at("open", self.shown)?);
        let place = Place { parent, name: OsStr::new(CONTENT), shown: self.shown.to_owned() };
        self.file(place, entry, size, executable)
    }

    fn within(&mut self, entry: &Entry<'_>) -> Result<Option<NewFile>, ExportError> {
        let path = inner_path(entry.path)?;
        let depth = path.components().count();
        if depth == 0 {
            return Ok(None);
        }
        if path.iter().any(|part| is_dot_git(part.as_bytes())) {
            self.exported.git_left_out = true;
            return Ok(None);
        }
        if depth > self.limits.max_depth {
            let limit = self.limits.max_depth as u64;
            return Err(ExportError::TooMuch { limit, what: "directories in each other" });
        }
        match entry.what {
            What::Other => {
                Err(ExportError::entry(entry.path, "it is neither file, directory nor link"))
            }
            What::Link { target } if !stays_inside(depth - 1, target) => {
                self.leave_out(entry.path, target);
                Ok(None)
            }
            What::Link { target } => {
                let place = self.count(0).and_then(|()| self.place(&path, entry))?;
                let target = OsStr::from_bytes(target);
                let made = rustix::fs::symlinkat(target, &*place.parent, place.name);
                made_at(made, &place, entry).map(|()| None)
            }
            What::Directory => {
                let place = self.count(0).and_then(|()| self.place(&path, entry))?;
                let mode = Mode::from_raw_mode(0o755);
                let made = rustix::fs::mkdirat(&*place.parent, place.name, mode);
                made_at(made, &place, entry)?;
                self.remember(|few| few.directories.push(path));
                Ok(None)
            }
            What::File { size, executable } => {
                let place = self.count(size).and_then(|()| self.place(&path, entry))?;
                self.file(place, entry, size, executable).map(Some)
            }
        }
    }

    fn leave_out(&mut self, path: &[u8], target: &[u8]) {
        self.exported.links_left_out_count += 1;
        if self.exported.links_left_out.len() < NAMED {
            let told = format!("{} -> {}", readable(path), readable(target));
            self.exported.links_left_out.push(told);
        }
    }

    fn count(&mut self, bytes: u64) -> Result<(), ExportError> {
        let ExportLimits { max_entries, max_bytes, .. } = *self.limits;
        self.exported.entries += 1;
        if self.exported.entries > max_entries {
            return Err(ExportError::TooMuch { limit: max_entries, what: "entries" });
        }
        self.exported.bytes = self.exported.bytes.saturating_add(bytes);
        if self.exported.bytes > max_bytes {
            return Err(ExportError::TooMuch { limit: max_bytes, what: "bytes of content" });
        }
        Ok(())
    }

    fn place<'p>(&mut self, path: &'p Path, entry: &Entry<'_>) -> Result<Place<'p>, ExportError> {
        let name = path.file_name().unwrap_or_default();
        let parent = path.parent().unwrap_or(Path::new(""));
        let shown = self.shown.join(path);
        if let Some((last, directory)) = &self.last_parent
            && last == parent
        {
            return Ok(Place { parent: directory.clone(), name, shown });
        }
        let opened = match &self.top {
            Top::Directory(top) => top.descend(parent),
            Top::File(_) => Err(Errno::NOTDIR),
        };
        let directory = match opened {
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => {
                return Err(ExportError::entry(entry.path, "its directory did not come before it"));
            }
            opened => Rc::new(opened.at("open", &shown)?),
        };
        self.last_parent = Some((parent.to_owned(), directory.clone()));
        Ok(Place { parent: directory, name, shown })
    }

    fn file(
        &mut self,
        place: Place<'_>,
        entry: &Entry<'_>,
        size: u64,
        executable: bool,
    ) -> Result<NewFile, ExportError> {
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&*place.parent, place.name, flags, mode) {
            Err(Errno::EXIST) => return Err(ExportError::entry(entry.path, TWICE)),
            opened => File::from(opened.at("create", &place.shown)?),
        };
        if self.few.is_some() {
            let kept = file.try_clone().at("open", &place.shown)?;
            self.remember(|few| few.files.push(kept));
        }
        Ok(NewFile::new(file, place.shown, size, self.progress.clone()))
    }

    fn remember(&mut self, what: impl FnOnce(&mut Few)) {
        if let Some(few) = &mut self.few {
            what(few);
            if few.files.len() + few.directories.len() > FEW {
                self.few = None;
            }
        }
    }

    /// Brings all that was made to stable storage, and says what it was.
    pub(super) fn settle(self) -> Result<Exported, ExportError> {
        match (&self.top, &self.few) {
            (Top::File(false), _) => return Err(ExportError::Stopped),
            (_, Some(few)) => self.settle_each(few)?,
            (Top::Directory(top), None) => rustix::fs::syncfs(top).at("write", self.shown)?,
            (Top::File(true), None) => {} // it is one, which is few
        }
        Ok(self.exported)
    }

    fn settle_each(&self, few: &Few) -> Result<(), ExportError> {
        for file in &few.files {
            file.sync_all().at("write", self.shown)?;
        }
        if let Top::Directory(top) = &self.top {
            for path in &few.directories {
                let directory = top.descend(path).at("open", self.shown)?;
                rustix::fs::fsync(directory).at("write", self.shown)?;
            }
            rustix::fs::fsync(top).at("write", self.shown)?;
        }
        Ok(())
    }
}

const TWICE: &str = "it comes twice";

fn made_at(
    made: Result<(), Errno>,
    place: &Place<'_>,
    entry: &Entry<'_>,
) -> Result<(), ExportError> {
    match made {
        Err(Errno::EXIST) => Err(ExportError::entry(entry.path, TWICE)),
        made => Ok(made.at("make", &place.shown)?),
    }
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

fn readable(path: &[u8]) -> String {
    String::from_utf8(path.to_vec()).unwrap_or_else(|_| path.escape_ascii().to_string())
}
