//! EROFS images: the read-only root file systems that guests boot from, written in one pass from a
//! tar stream or entry by entry. Uncompressed, 4 KiB blocks, byte for byte the same for the same
//! input. This module writes images only: it never reads or mounts one, and it knows nothing of
//! where the entries come from.
//!
//! Nothing well-kept writes EROFS from Rust, hence our own writer. On disk:
//!
//! ```text
//! block 0            superblock
//! data               contents of files, in the order they arrived
//! spill              directory blocks and long symlink targets
//! metadata           inodes, root first, breadth first, with short tails inline
//! ```

mod directory;
mod layout;
mod output;
mod place;
mod tar;
mod tree;
mod writer;
mod xattr;

pub(super) use self::tar::add_member;
pub use self::tar::write_from_tar;
pub use self::writer::{DeviceKind, Metadata, Writer};
use crate::archive::ArchiveError;
use crate::error::{Diagnose, Kind};

/// What came out of writing an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Inodes in the image; names that share one (hard links) count once.
    pub entries: u64,
    /// Length of the image in bytes, a multiple of 4,096.
    pub image_bytes: u64,
}

/// How much an untrusted source of entries may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole image.
    pub max_bytes: u64,
    /// Entries ever added, replaced ones included.
    pub max_entries: u64,
    /// Bytes of one path component; the format's own bound is 255.
    pub max_name: usize,
    /// Bytes of a whole path or symlink target; Linux takes 4,095.
    pub max_path: usize,
    /// Components of a path.
    pub max_depth: usize,
    /// Bytes of names, attributes, targets and tails, all of which stay in memory until the end.
    pub max_metadata: u64,
    /// Bytes of one extension record of a tar entry: long names, PAX headers.
    pub max_extension: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 30,
            max_entries: 2_000_000,
            max_name: 255,
            max_path: 4095,
            max_depth: 1024,
            max_metadata: 512 << 20,
            max_extension: 1 << 20,
        }
    }
}

/// Why no image was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErofsError {
    /// The source could not be read.
    #[error("cannot read the archive")]
    Read(#[source] std::io::Error),
    /// The image could not be written.
    #[error("cannot write the image")]
    Write(#[source] std::io::Error),
    /// The source is not a tar archive, or a damaged one.
    #[error("malformed archive at byte {offset}: {what}")]
    Malformed {
        /// Where, counted from the start of the stream.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// The source ended too early.
    #[error("the archive is cut off")]
    CutOff,
    /// A path that could lead out of the image, or that no file system can hold.
    #[error("unusable path {path:?}: {what}")]
    BadPath {
        /// The path, escaped.
        path: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A path leads through something that is not a directory.
    #[error("{path:?} lies below {parent:?}, which is not a directory")]
    NotADirectory {
        /// The path, escaped.
        path: String,
        /// The component that is something else.
        parent: String,
    },
    /// A hard link to nothing.
    #[error("hard link {path:?} points at {target:?}, which is not in the image")]
    MissingLinkTarget {
        /// The link.
        path: String,
        /// What it should have shared.
        target: String,
    },
    /// An entry asks for something that the format or the kernel cannot do.
    #[error("cannot store {path:?}: {what}")]
    Unsupported {
        /// The entry.
        path: String,
        /// What it asks for.
        what: String,
    },
    /// The source asks for more than [`Limits`] or the format allow.
    #[error("the archive has more than {limit} {what}")]
    TooMuch {
        /// What is counted.
        what: &'static str,
        /// How many there may be.
        limit: u64,
    },
}

impl Diagnose for ErofsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Read(_) | Self::Write(_) => Kind::Host,
            _ => Kind::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Write(source) if source.kind() == std::io::ErrorKind::StorageFull => "no_space",
            Self::Read(_) | Self::Write(_) => "io",
            Self::Malformed { .. } | Self::CutOff => "bad_archive",
            Self::BadPath { .. } | Self::NotADirectory { .. } => "bad_archive_path",
            Self::MissingLinkTarget { .. } => "missing_link_target",
            Self::Unsupported { .. } => "unsupported_entry",
            Self::TooMuch { .. } => "archive_too_large",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::CutOff => vec!["fetch or build the archive again".into()],
            Self::Write(_) if self.code() == "no_space" => {
                vec!["free some space on the disk that holds pyro's cache".into()]
            }
            _ => Vec::new(),
        }
    }
}

impl From<ArchiveError> for ErofsError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Read(source) => Self::Read(source),
            ArchiveError::Malformed { offset, what } => Self::Malformed { offset, what },
            ArchiveError::CutOff => Self::CutOff,
            ArchiveError::Unsupported { path, what } => Self::Unsupported { path, what },
            ArchiveError::LongExtension { limit } => {
                Self::TooMuch { what: "bytes in one extended header", limit }
            }
        }
    }
}

impl ErofsError {
    /// What a failed read of the source means.
    fn reading(source: std::io::Error) -> Self {
        ArchiveError::reading(source).into()
    }
}

/// Bytes of a hostile name as printable text.
fn printable(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
