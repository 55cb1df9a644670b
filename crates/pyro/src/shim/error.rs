//! What can go wrong between a front end and the process that keeps its machine.

use crate::error::{Diagnose, Kind, PathError};

/// A failure of the shim, or of reaching it.
#[derive(Debug, thiserror::Error)]
pub enum ShimError {
    /// A file of the machine's directory could not be used.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The process could not be started.
    #[error("cannot start the process that keeps the machine")]
    Spawn(#[source] std::io::Error),
    /// It ended without a word.
    #[error("the process that keeps the machine ended{}", said(log))]
    Lost {
        /// The end of its log.
        log: String,
    },
    /// Someone else's directory or socket.
    #[error("{} is not safe to use: {why}", path.display())]
    Unsafe {
        /// Which path.
        path: std::path::PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Library and executable do not belong together.
    #[error("the pyro executable has version {executable}, the library that uses it {library}")]
    Version {
        /// The library's.
        library: String,
        /// The executable's.
        executable: &'static str,
    },
    /// The record of a machine cannot be read.
    #[error("the record {} cannot be read", path.display())]
    Record {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

fn said(log: &str) -> String {
    if log.is_empty() { String::new() } else { format!("; the last it said: {log}") }
}

impl Diagnose for ShimError {
    fn kind(&self) -> Kind {
        match self {
            Self::Path(_) | Self::Spawn(_) | Self::Unsafe { .. } | Self::Version { .. } => {
                Kind::Host
            }
            Self::Lost { .. } | Self::Record { .. } => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Path(e) => e.code(),
            Self::Spawn(_) => "shim_spawn_failed",
            Self::Lost { .. } => "shim_lost",
            Self::Version { .. } => "version_mismatch",
            Self::Unsafe { .. } => "unsafe_path",
            Self::Record { .. } => "bad_record",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Path(e) => e.hints(),
            Self::Unsafe { path, .. } => {
                vec![format!(
                    "make {} yours with mode 0700, or set PYRO_HOME elsewhere",
                    path.display()
                )]
            }
            Self::Version { .. } => vec!["install both from one release of pyro".into()],
            Self::Lost { .. } => vec!["run it again; what the machine left is cleaned up".into()],
            Self::Spawn(_) | Self::Record { .. } => Vec::new(),
        }
    }
}
