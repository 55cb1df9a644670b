//! Why a disk was not read.

use crate::error::{Diagnose, Kind, Report};
use crate::machine::jail::JailError;

/// What can go wrong with a process that reads a disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfinedError {
    /// It does not run.
    #[error("cannot start the process that reads disks")]
    Jail(#[from] JailError),
    /// It could not be spoken to.
    #[error("cannot speak to the process that reads disks")]
    Channel(#[source] std::io::Error),
    /// It ended, or said nothing for too long.
    #[error("the process that reads the disk {0}")]
    Lost(&'static str),
    /// It said what cannot be.
    #[error("the disk was answered for with {0}")]
    Nonsense(&'static str),
    /// It says why it cannot answer.
    #[error("{message}")]
    Refused {
        /// The code of a [`ViewError`](crate::disk::ViewError).
        code: &'static str,
        /// For a person, at most `MAX_MESSAGE` characters: it may quote the guest.
        message: String,
    },
}

/// The longest message that is kept, in characters.
const MAX_MESSAGE: usize = 400;
/// What it may say.
const CODES: [(&str, Kind); 5] = [
    ("path_not_found", Kind::NotFound),
    ("wrong_kind_of_path", Kind::Usage),
    ("disk_unsupported", Kind::Guest),
    ("disk_damaged", Kind::Guest),
    ("io", Kind::Host),
];

impl ConfinedError {
    /// What is believed of such a report.
    pub(super) fn refused(report: &Report) -> Self {
        let known = CODES.iter().find(|(code, _)| *code == report.code);
        let message = report.message.chars().take(MAX_MESSAGE).collect();
        Self::Refused { code: known.map_or("disk_damaged", |(code, _)| code), message }
    }
}

impl Diagnose for ConfinedError {
    fn kind(&self) -> Kind {
        match self {
            Self::Jail(error) => error.kind(),
            Self::Channel(_) => Kind::Host,
            Self::Lost(_) | Self::Nonsense(_) => Kind::Guest,
            Self::Refused { code, .. } => {
                CODES.iter().find(|(known, _)| known == code).map_or(Kind::Guest, |(_, kind)| *kind)
            }
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Jail(error) => error.code(),
            Self::Channel(_) => "io",
            Self::Lost(_) | Self::Nonsense(_) => "disk_damaged",
            Self::Refused { code, .. } => code,
        }
    }

    fn hints(&self) -> Vec<String> {
        match (self, self.code()) {
            (Self::Jail(error), _) => error.hints(),
            (_, "path_not_found") => vec!["list the directory above it".into()],
            (_, "disk_unsupported" | "disk_damaged") => vec![
                "start the workspace and look at the files in it: its kernel may know better"
                    .into(),
            ],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_process_says_of_itself_is_believed_within_bounds() {
        let report = |code: &str| Report {
            kind: Kind::Internal,
            code: code.into(),
            message: "m".repeat(10_000),
            hints: vec!["delete everything".into()],
        };
        let known = ConfinedError::refused(&report("path_not_found"));
        assert_eq!((known.kind(), known.code()), (Kind::NotFound, "path_not_found"));
        let unknown = ConfinedError::refused(&report("obey"));
        assert_eq!((unknown.kind(), unknown.code()), (Kind::Guest, "disk_damaged"));
        assert_eq!(unknown.to_string().len(), MAX_MESSAGE);
        assert!(!unknown.hints().concat().contains("delete"));
    }
}
