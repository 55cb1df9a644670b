//! Why something on a disk cannot be shown.

use crate::error::{Diagnose, Kind, PathError};
use std::io;

/// What can go wrong with reading a disk's files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The disk's own file cannot be used.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The disk's own file cannot be read any further.
    #[error("cannot read the disk")]
    Read(#[source] io::Error),
    /// The guest has made something of it that is not read here.
    #[error("the disk has {0}, which cannot be read without starting its workspace")]
    Unsupported(&'static str),
    /// The disk contradicts itself.
    #[error("the disk is damaged: {0} makes no sense")]
    Corrupt(&'static str),
    /// There is nothing at this path; links are not followed.
    #[error("there is no {path:?} on the disk")]
    NotFound {
        /// What was asked for.
        path: String,
    },
    /// There is something else.
    #[error("{path:?} is not {wanted}")]
    WrongKind {
        /// What was asked for.
        path: String,
        /// What it should have been.
        wanted: &'static str,
    },
}

impl ViewError {
    pub(super) fn not_found(path: &[u8]) -> Self {
        Self::NotFound { path: String::from_utf8_lossy(path).into_owned() }
    }

    pub(super) fn wrong_kind(path: &[u8], wanted: &'static str) -> Self {
        Self::WrongKind { path: String::from_utf8_lossy(path).into_owned(), wanted }
    }

    /// For [`io::Read`]; the error itself stays its source.
    pub(super) fn into_io(self) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, self)
    }

    /// What [`ViewError::into_io`] wrapped.
    pub(crate) fn from_io(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Read)
    }
}

impl Diagnose for ViewError {
    fn kind(&self) -> Kind {
        match self {
            Self::Path(error) => error.kind(),
            Self::Read(_) => Kind::Host,
            Self::Unsupported(_) | Self::Corrupt(_) => Kind::Guest,
            Self::NotFound { .. } => Kind::NotFound,
            Self::WrongKind { .. } => Kind::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Path(error) => error.code(),
            Self::Read(_) => "io",
            Self::Unsupported(_) => "disk_unsupported",
            Self::Corrupt(_) => "disk_damaged",
            Self::NotFound { .. } => "path_not_found",
            Self::WrongKind { .. } => "wrong_kind_of_path",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Path(error) => error.hints(),
            Self::Unsupported(_) | Self::Corrupt(_) => {
                vec![
                    "start the workspace and read the file in it: its kernel may know better"
                        .into(),
                ]
            }
            Self::NotFound { .. } => vec!["list the directory above it".into()],
            _ => Vec::new(),
        }
    }
}
