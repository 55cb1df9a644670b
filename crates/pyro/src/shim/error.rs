//! What can go wrong between a front end and the process that keeps its machine.

use crate::error::{Diagnose, Kind, PathError};
use crate::store::StoreError;

/// A failure of the shim, or of reaching it.
#[derive(Debug, thiserror::Error)]
pub enum ShimError {
    /// A file of the machine's directory could not be used.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The process that keeps the machine could not be started.
    #[error("cannot start the process that keeps the machine")]
    Spawn(#[source] std::io::Error),
    /// The process that keeps the machine ended without a word.
    #[error("the process that keeps the machine ended{}", said(log))]
    Lost {
        /// The end of its log.
        log: String,
    },
    /// Its directory or record cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The process that keeps the machine runs and does not answer.
    #[error("the process that keeps the machine does not answer")]
    Silent,
    /// Library and executable do not belong together.
    #[error("the pyro executable has version {executable}, the library that uses it {library}")]
    Version {
        /// The library's.
        library: String,
        /// The executable's.
        executable: &'static str,
    },
}

fn said(log: &str) -> String {
    if log.is_empty() { String::new() } else { format!("; the last it said: {log}") }
}

impl Diagnose for ShimError {
    fn kind(&self) -> Kind {
        match self {
            Self::Store(e) => e.kind(),
            Self::Path(_) | Self::Spawn(_) | Self::Version { .. } => Kind::Host,
            Self::Lost { .. } | Self::Silent => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Path(e) => e.code(),
            Self::Store(e) => e.code(),
            Self::Spawn(_) => "shim_spawn_failed",
            Self::Lost { .. } => "shim_lost",
            Self::Silent => "shim_silent",
            Self::Version { .. } => "version_mismatch",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Path(e) => e.hints(),
            Self::Store(e) => e.hints(),
            Self::Version { .. } => vec!["install both from one release of pyro".into()],
            Self::Lost { .. } => vec!["run it again; what the machine left is cleaned up".into()],
            Self::Silent => vec!["try again, or delete the machine, which ends it by force".into()],
            Self::Spawn(_) => Vec::new(),
        }
    }
}
