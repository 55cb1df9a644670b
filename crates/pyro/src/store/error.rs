//! What can be wrong with something that is stored.

use crate::error::{Diagnose, Kind, PathError};
use std::path::PathBuf;

/// So many ids of an ambiguous prefix are named.
const NAMED: usize = 5;

/// Why a stored thing cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file could not be used.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A directory of pyro's belongs to someone else.
    #[error("{} is not safe to use: {why}", path.display())]
    Unsafe {
        /// Which path.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A record is not what pyro writes.
    #[error("the record {} cannot be read", path.display())]
    Record {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// There is no such thing, or there is none any more.
    #[error("there is no {noun} {wanted:?}")]
    NotFound {
        /// What kind of thing.
        noun: &'static str,
        /// What was asked for.
        wanted: String,
    },
    /// Several ids begin like that.
    #[error("{} {noun}s have an id that begins with {wanted:?}", matches.len())]
    Ambiguous {
        /// What kind of thing.
        noun: &'static str,
        /// What was asked for.
        wanted: String,
        /// Every id that fits.
        matches: Vec<String>,
    },
    /// Another verb works on it and does not come to an end.
    #[error("another pyro is working on the {noun} {id}")]
    Busy {
        /// What kind of thing.
        noun: &'static str,
        /// Which one.
        id: String,
    },
}

impl Diagnose for StoreError {
    fn kind(&self) -> Kind {
        match self {
            Self::Path(_) | Self::Unsafe { .. } => Kind::Host,
            Self::Record { .. } => Kind::Internal,
            Self::NotFound { .. } => Kind::NotFound,
            Self::Ambiguous { .. } => Kind::Usage,
            Self::Busy { .. } => Kind::Busy,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Path(error) => error.code(),
            Self::Unsafe { .. } => "unsafe_path",
            Self::Record { .. } => "bad_record",
            Self::NotFound { .. } => "not_found",
            Self::Ambiguous { .. } => "ambiguous_id",
            Self::Busy { .. } => "busy",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Path(error) => error.hints(),
            Self::Unsafe { path, .. } => vec![format!(
                "make {} yours with mode 0700, or set PYRO_HOME elsewhere",
                path.display()
            )],
            Self::Record { .. } => vec!["delete what it belongs to, and make it again".into()],
            Self::NotFound { noun, .. } => {
                vec![format!("check the id; if the {noun} is gone, make a new one")]
            }
            Self::Ambiguous { matches, .. } => {
                let named = &matches[..matches.len().min(NAMED)];
                vec![format!("give more of the id; among them are {}", named.join(", "))]
            }
            Self::Busy { .. } => vec!["try again in a moment".into()],
        }
    }
}
