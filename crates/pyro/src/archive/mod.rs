//! Tar archives from strangers, read as a stream of members in bounded memory: GNU and pax extensions
//! resolved, sizes checked. It unpacks nothing and judges no name: what a member may be is decided
//! by whoever asked for it.

mod decompress;
mod members;
mod pax;

pub(crate) use decompress::{Compression, Excess, Growth};
pub(crate) use members::{Member, Members};

use std::collections::BTreeMap;

/// Name and value of every extended attribute of one member, full names with their namespace.
pub(crate) type Xattrs = BTreeMap<Vec<u8>, Vec<u8>>;

/// Why no further member can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// The stream could not be read.
    #[error("cannot read the archive")]
    Read(#[source] std::io::Error),
    /// The stream is not a tar archive, or a damaged one.
    #[error("malformed archive at byte {offset}: {what}")]
    Malformed {
        /// Where, counted from the start of the stream.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// The stream ended too early.
    #[error("the archive is cut off")]
    CutOff,
    /// A member that this reader cannot take apart.
    #[error("cannot read the member {path:?}: {what}")]
    Unsupported {
        /// The member's name, escaped.
        path: String,
        /// What it asks for.
        what: String,
    },
    /// An extension record (a long name, a pax header) beyond the limit.
    #[error("the archive has more than {limit} bytes in one extended header")]
    LongExtension {
        /// Bytes that it may have.
        limit: u64,
    },
}

impl ArchiveError {
    /// What a failed read of the stream means.
    pub(crate) fn reading(source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::UnexpectedEof => Self::CutOff,
            _ => Self::Read(source),
        }
    }
}
