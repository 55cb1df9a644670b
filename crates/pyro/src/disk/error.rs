//! What can be wrong with a disk.

use crate::error::{Diagnose, Kind, PathError};
use std::path::{Path, PathBuf};

const MIB: u64 = 1 << 20;

/// Why there is no disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// The file could not be made.
    #[error(transparent)]
    Path(#[from] PathError),
    /// There is a file already; a disk is never overwritten.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The host's disk has no room for a copy.
    #[error(
        "there is no room for {}: {} MiB needed, {} MiB free",
        path.display(), need_bytes.div_ceil(MIB), have_bytes / MIB
    )]
    NoSpace {
        /// The copy.
        path: PathBuf,
        /// What it takes.
        need_bytes: u64,
        /// What is free to this user.
        have_bytes: u64,
    },
    /// The size asked for cannot be made.
    #[error(
        "a disk of {0} bytes is not possible: it must be a multiple of 4096 and at least 8 GiB"
    )]
    BadSize(u64),
    /// The template in this executable is damaged.
    #[error("the embedded disk template is damaged")]
    Template(#[source] std::io::Error),
}

impl Diagnose for DiskError {
    fn kind(&self) -> Kind {
        match self {
            Self::Path(error) => error.kind(),
            Self::NoSpace { .. } => Kind::Host,
            Self::Exists(_) | Self::BadSize(_) => Kind::Usage,
            Self::Template(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Path(error) => error.code(),
            Self::Exists(_) => "disk_exists",
            Self::NoSpace { .. } => "no_space",
            Self::BadSize(_) => "bad_disk_size",
            Self::Template(_) => "bad_disk_template",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Path(error) => error.hints(),
            Self::NoSpace { path, .. } => vec![free_some(path)],
            Self::Exists(_) => vec!["remove it, or name another file".into()],
            Self::BadSize(_) => vec!["ask for 8 GiB or more".into()],
            _ => Vec::new(),
        }
    }
}

fn free_some(path: &Path) -> String {
    let directory = path.parent().unwrap_or(path).display();
    format!("free some space on the disk of {directory}: snapshots and workspaces can be deleted")
}
