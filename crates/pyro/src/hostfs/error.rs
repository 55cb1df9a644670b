//! Why a host path is not used.

use crate::error::{Diagnose, Kind, PathError};
use std::path::PathBuf;

/// A host path was refused, or cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostPathError {
    /// The path is none that a model may name.
    #[error("the host path {path:?} is refused: {why}")]
    Denied {
        /// As it was named.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
        /// What the human could do about it.
        hint: String,
    },
    /// There is nothing at a path that may be named.
    #[error("there is no {path:?}")]
    NotFound {
        /// As it was named.
        path: PathBuf,
    },
    /// A root that a human asked for would open too much.
    #[error("{path:?} cannot be a root for {flag}: it is {what}")]
    Root {
        /// The directory.
        path: PathBuf,
        /// The flag that named it.
        flag: &'static str,
        /// What it is.
        what: &'static str,
    },
    /// A file could not be used.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl Diagnose for HostPathError {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied { .. } => Kind::Denied,
            Self::NotFound { .. } => Kind::NotFound,
            Self::Root { .. } => Kind::Usage,
            Self::Path(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied { .. } => "host_path_denied",
            Self::NotFound { .. } => "seed_not_found",
            Self::Root { .. } => "root_too_wide",
            Self::Path(error) => error.code(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Denied { hint, .. } => vec![hint.clone()],
            Self::NotFound { .. } => Vec::new(),
            Self::Root { flag, .. } => {
                vec![format!("give {flag} a directory of one project or of its data")]
            }
            Self::Path(error) => error.hints(),
        }
    }
}
