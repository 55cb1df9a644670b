//! Why nothing, or not everything, can be seeded, and what to do about it.

use crate::error::{Diagnose, Kind, PathError};
use crate::hostfs::HostPathError;
use std::path::PathBuf;

/// Errors of seeding.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// There is no such source.
    #[error("there is no {path:?}")]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The source is neither a directory nor an archive.
    #[error("{path:?} cannot be a seed: {why}")]
    NotASource {
        /// The source.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// An entry that no workspace takes.
    #[error("the entry {entry} cannot be seeded: {why}")]
    Entry {
        /// Its path in the source, escaped.
        entry: String,
        /// What is wrong with it.
        why: String,
    },
    /// More than the limits allow.
    #[error("at the entry {entry} the seed has more than {limit} {what}")]
    TooMuch {
        /// The entry that is too much, escaped.
        entry: String,
        /// How much there may be.
        limit: u64,
        /// What is counted.
        what: &'static str,
    },
    /// An archive that cannot be read.
    #[error("{path:?} cannot be read: {why}")]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
    /// A host path that may not be used.
    #[error(transparent)]
    HostPath(#[from] HostPathError),
    /// A host file failed.
    #[error(transparent)]
    Path(#[from] PathError),
    /// No work tree of git is there.
    #[error("{path:?} is not in a work tree of git")]
    NoProject {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A work tree that cannot become a repository of its own.
    #[error("the repository in {path:?} cannot be seeded: {why}")]
    Project {
        /// Its work tree.
        path: PathBuf,
        /// Why.
        why: String,
        /// What to do.
        hint: String,
    },
    /// The host has no git.
    #[error("a project needs git on this host, and there is none")]
    GitMissing,
    /// git does not trust the owner of the directory.
    #[error("git refuses to work in {path:?}: it belongs to another user")]
    GitUnsafe {
        /// The directory.
        path: PathBuf,
    },
    /// git failed.
    #[error("git {verb} failed: {said}")]
    Git {
        /// Which of git's commands.
        verb: String,
        /// The last lines it said.
        said: String,
    },
    /// A URL that is not cloned.
    #[error("the repository URL {url} cannot be used: {why}")]
    BadUrl {
        /// The URL, without what may be a password in it.
        url: String,
        /// Why not.
        why: &'static str,
    },
    /// Whoever read the stream stopped before its end.
    #[error("seeding was stopped before its end")]
    Stopped,
}

impl SeedError {
    /// A refusal of one entry.
    pub(super) fn entry(path: &[u8], why: impl Into<String>) -> Self {
        Self::Entry { entry: shown(path), why: why.into() }
    }
}

/// A hostile path as printable text.
pub(super) fn shown(path: &[u8]) -> String {
    path.escape_ascii().to_string()
}

impl Diagnose for SeedError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound { .. } | Self::NoProject { .. } => Kind::NotFound,
            Self::NotASource { .. }
            | Self::Entry { .. }
            | Self::TooMuch { .. }
            | Self::Archive { .. }
            | Self::BadUrl { .. } => Kind::Usage,
            Self::HostPath(error) => error.kind(),
            Self::Path(error) => error.kind(),
            Self::Project { .. } | Self::GitMissing | Self::GitUnsafe { .. } | Self::Git { .. } => {
                Kind::Host
            }
            Self::Stopped => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "seed_not_found",
            Self::NotASource { .. } => "seed_kind",
            Self::Entry { .. } => "seed_entry_refused",
            Self::TooMuch { .. } => "seed_too_large",
            Self::Archive { .. } => "seed_archive",
            Self::HostPath(error) => error.code(),
            Self::Path(error) => error.code(),
            Self::NoProject { .. } => "project_not_found",
            Self::Project { .. } => "project_unsupported",
            Self::GitMissing => "git_missing",
            Self::GitUnsafe { .. } => "git_unsafe_directory",
            Self::Git { .. } => "git_failed",
            Self::BadUrl { .. } => "bad_repository_url",
            Self::Stopped => "seed_stopped",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NotASource { .. } => {
                vec!["give a directory, or a .tar, .tar.gz, .tgz or .tar.zst archive".into()]
            }
            Self::Entry { .. } => vec!["leave that entry out of the source".into()],
            Self::TooMuch { .. } => vec!["seed a smaller part of it".into()],
            Self::Archive { .. } => vec!["make or fetch the archive again".into()],
            Self::HostPath(error) => error.hints(),
            Self::Path(error) => error.hints(),
            Self::NoProject { .. } => {
                vec!["run `git init` there, or seed it as a directory with --seed-path".into()]
            }
            Self::Project { hint, .. } => vec![hint.clone()],
            Self::GitMissing => vec!["install git (Debian: `apt-get install git`)".into()],
            Self::GitUnsafe { path } => vec![format!(
                "if you trust it: git config --global --add safe.directory '{}'",
                path.display()
            )],
            Self::BadUrl { .. } => vec![
                "use an https, http, ssh, git or file URL, or host:path as git understands it"
                    .into(),
            ],
            Self::NotFound { .. } | Self::Git { .. } | Self::Stopped => Vec::new(),
        }
    }
}
