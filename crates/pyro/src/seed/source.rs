//! What a user or a model names as the source of a seed, opened: its path is not looked up again.

use super::{Project, SeedError};
use crate::archive::Compression;
use crate::error::AtPath;
use crate::hostfs::{Directory, Opened, Target};
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Where a seed comes from.
#[derive(Debug)]
pub enum Source {
    /// A directory, as it is.
    Directory(OpenDirectory),
    /// A tar archive.
    Archive(OpenArchive),
    /// A work tree of git with its history.
    Project(Project),
}

/// A directory to seed.
#[derive(Debug)]
pub struct OpenDirectory {
    pub(super) path: PathBuf,
    pub(super) directory: Directory,
    /// Leave out, and report, what looks like credentials.
    pub(super) withhold: bool,
}

/// An archive to seed.
#[derive(Debug)]
pub struct OpenArchive {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) compression: Compression,
}

impl Source {
    /// Opens what a human has named: a directory, or an archive (`.tar`, `.tar.gz`, `.tgz`,
    /// `.tar.zst`). Links are followed, and all of a directory goes along.
    ///
    /// # Errors
    /// [`SeedError::NotFound`], [`SeedError::NotASource`], or why it cannot be opened.
    pub fn of(path: &Path) -> Result<Self, SeedError> {
        // without waiting: the path may be a pipe
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Err(SeedError::NotFound { path: path.to_owned() }),
            Err(error) => return Err(error).at("open", path).map_err(Into::into),
        };
        let stat = rustix::fs::fstat(&file).at("look at", path)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let (path, directory) = (path.to_owned(), Directory::from(file));
                Ok(Self::Directory(OpenDirectory { path, directory, withhold: false }))
            }
            FileType::RegularFile => Self::archive(path.to_owned(), file.into()),
            _ => Err(SeedError::NotASource {
                path: path.to_owned(),
                why: "it is neither a directory nor a file".into(),
            }),
        }
    }

    /// A directory that a human has named and that is open already: all of it goes along.
    pub(crate) fn whole(path: PathBuf, directory: Directory) -> Self {
        Self::Directory(OpenDirectory { path, directory, withhold: false })
    }

    /// What a model has named, opened beneath a root that a human set. Of a directory, what looks like
    /// credentials stays out and is reported.
    ///
    /// # Errors
    /// [`SeedError::NotASource`] for a file that is no archive.
    pub fn opened(opened: Opened) -> Result<Self, SeedError> {
        let path = opened.path;
        match opened.target {
            Target::Directory(directory) => {
                Ok(Self::Directory(OpenDirectory { path, directory, withhold: true }))
            }
            Target::File(file) => Self::archive(path, file),
        }
    }

    /// How the result calls it: `directory`, `tar_archive` or `project`.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Directory(_) => "directory",
            Self::Archive(_) => "tar_archive",
            Self::Project(_) => "project",
        }
    }

    /// Where it is, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Directory(directory) => &directory.path,
            Self::Archive(archive) => &archive.path,
            Self::Project(project) => project.path(),
        }
    }

    fn archive(path: PathBuf, file: File) -> Result<Self, SeedError> {
        let Some(compression) = Compression::by_name(&path) else {
            let why = "its name is not that of an archive".into();
            return Err(SeedError::NotASource { path, why });
        };
        let mut beginning = [0; 4];
        let read = file.read_at(&mut beginning, 0).at("read", &path)?;
        let actual = Compression::by_magic(&beginning[..read]);
        if actual != compression {
            let why = format!("its name says {compression}, its content is {actual}");
            return Err(SeedError::NotASource { path, why });
        }
        Ok(Self::Archive(OpenArchive { path, file, compression }))
    }
}
