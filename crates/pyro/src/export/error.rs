//! Why nothing was exported. Nothing is then under the final name that was not there before.

use crate::archive::ArchiveError;
use crate::error::{Diagnose, Kind, PathError};
use crate::hostfs::HostPathError;
use crate::secret::SecretError;
use std::path::PathBuf;

/// Errors of an export.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Something has the name already.
    #[error("{path:?} exists already")]
    Exists {
        /// The final name.
        path: PathBuf,
    },
    /// The output names no file or directory that could be made.
    #[error("{path:?} cannot be made: {why}")]
    BadOutput {
        /// As it was named.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An entry that is not made on a host.
    #[error("the entry {entry} cannot be exported: {why}")]
    Entry {
        /// Its path, escaped.
        entry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// More than the limits allow.
    #[error("the export has more than {limit} {what}")]
    TooMuch {
        /// How much there may be.
        limit: u64,
        /// What is counted.
        what: &'static str,
    },
    /// The guest's archive is none.
    #[error("the guest sent an archive that cannot be read: {0}")]
    Archive(String),
    /// A host path that may not be used.
    #[error(transparent)]
    HostPath(#[from] HostPathError),
    /// It holds a secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A host file failed.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The guest stopped sending before the end.
    #[error("the export was stopped before its end")]
    Stopped,
}

impl ExportError {
    pub(super) fn entry(path: &[u8], why: &'static str) -> Self {
        Self::Entry { entry: path.escape_ascii().to_string(), why }
    }
}

impl From<ArchiveError> for ExportError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Read(_) | ArchiveError::CutOff => Self::Stopped,
            error => Self::Archive(error.to_string()),
        }
    }
}

impl Diagnose for ExportError {
    fn kind(&self) -> Kind {
        match self {
            Self::Exists { .. } | Self::BadOutput { .. } | Self::TooMuch { .. } => Kind::Usage,
            Self::Entry { .. } | Self::Archive(_) | Self::Stopped => Kind::Guest,
            Self::HostPath(error) => error.kind(),
            Self::Secret(error) => error.kind(),
            Self::Path(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "output_exists",
            Self::BadOutput { .. } => "bad_output",
            Self::Entry { .. } => "export_entry_refused",
            Self::TooMuch { .. } => "export_too_large",
            Self::Archive(_) => "export_archive",
            Self::HostPath(error) => error.code(),
            Self::Secret(error) => error.code(),
            Self::Path(error) => error.code(),
            Self::Stopped => "export_stopped",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Exists { .. } => {
                vec![
                    "choose another name; on the command line, --force replaces what is there"
                        .into(),
                ]
            }
            Self::TooMuch { .. } => vec!["export a part of it, or pack it in the workspace".into()],
            Self::Entry { .. } => vec!["remove it in the workspace, or export beside it".into()],
            Self::HostPath(error) => error.hints(),
            Self::Secret(error) => error.hints(),
            Self::Path(error) => error.hints(),
            Self::BadOutput { .. } | Self::Archive(_) | Self::Stopped => Vec::new(),
        }
    }
}
