//! Why a disk cannot be filled.

use super::super::ViewError;
use crate::archive::ArchiveError;
use crate::error::{Diagnose, Kind, PathError};
use std::io;

/// What can go wrong with filling a new disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FillError {
    /// The disk's own file cannot be written.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The disk has no room for more.
    #[error("the seed has more {0} than a workspace's disk has room for")]
    Full(&'static str),
    /// An entry that no file system can hold, or that contradicts an earlier one.
    #[error("the entry {entry} cannot be seeded: {why}")]
    Entry {
        /// Its path, escaped.
        entry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The archive ended before its end.
    #[error("the archive ends too early")]
    CutOff,
    /// The archive is none.
    #[error("the archive cannot be read: {0}")]
    Archive(String),
    /// The disk is not a new one.
    #[error("the disk cannot be filled: {0}")]
    NotFresh(&'static str),
    /// What is on the new disk cannot be read.
    #[error("the disk cannot be filled")]
    View(#[from] ViewError),
}

impl FillError {
    /// A failure of whoever hands the content over.
    pub(in crate::disk) fn source(error: io::Error) -> Self {
        ArchiveError::reading(error).into()
    }

    pub(super) fn entry(path: &[u8], why: &'static str) -> Self {
        Self::Entry { entry: path.escape_ascii().to_string(), why }
    }
}

impl From<ArchiveError> for FillError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::CutOff => Self::CutOff,
            ArchiveError::Read(source) => Self::Archive(source.to_string()),
            other => Self::Archive(other.to_string()),
        }
    }
}

impl Diagnose for FillError {
    fn kind(&self) -> Kind {
        match self {
            Self::Path(error) => error.kind(),
            Self::Full(_) | Self::Entry { .. } => Kind::Usage,
            Self::CutOff | Self::Archive(_) | Self::NotFresh(_) | Self::View(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Path(error) => error.code(),
            Self::Full(_) => "seed_too_large",
            Self::Entry { .. } => "seed_entry_refused",
            Self::CutOff | Self::Archive(_) => "seed_stream",
            Self::NotFresh(_) | Self::View(_) => "bad_disk_template",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Path(error) => error.hints(),
            Self::Full(_) => vec!["seed a smaller part of it".into()],
            Self::Entry { .. } => vec!["leave that entry out of the source".into()],
            _ => Vec::new(),
        }
    }
}
