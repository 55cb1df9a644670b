//! What comes out of a guest as new files of the host. The guest sends a tar archive; a thread takes it apart
//! into a fresh directory beside the place it is for, and only what is complete gets its name, in one
//! step. Nothing that an archive says is resolved: entries go where their names say, below one open
//! directory, through no link, or nowhere.
//!
//! What becomes of entries: files have mode 0644, or 0755 where their owner may execute them, directories
//! 0755, both within the umask; owners and times are those of whoever exports. A symbolic link is kept as it
//! is where it is relative and stays within the tree by its text alone, else it is left out and named.
//! Whatever is called `.git` is left out: its settings and hooks would be commands for the next git that
//! comes by. Anything else but files and directories ends the export.

mod admission;
mod aside;
mod error;
mod inspection;
mod link;
mod receive;
mod target;
mod unpack;

pub use admission::default_root;
pub use error::ExportError;
pub use receive::{Receiving, Shape};
pub use target::ExportTarget;

#[cfg(test)]
mod tests;

/// What an export may be at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportLimits {
    /// Entries: files, directories and links.
    pub max_entries: u64,
    /// Bytes of content of all files together; holes count.
    pub max_bytes: u64,
    /// Directories in each other.
    pub max_depth: usize,
}

impl Default for ExportLimits {
    fn default() -> Self {
        Self { max_entries: 2_000_000, max_bytes: 16 << 30, max_depth: 255 }
    }
}

/// What was exported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Files, directories and links that were made; of a directory, without itself.
    pub entries: u64,
    /// Bytes of content.
    pub bytes: u64,
    /// Links that would lead out of the tree, readable; the first hundred of them.
    pub links_left_out: Vec<String>,
    /// How many there are.
    pub links_left_out_count: u64,
    /// Whether something called `.git` was left out.
    pub git_left_out: bool,
}
