//! What the agent tells about the files of a guest: the payloads of the requests about single files,
//! whole trees, and the disk under them. Sizes are bytes, times nanoseconds since the Unix epoch.

use crate::path::GuestPath;
use serde::{Deserialize, Serialize};

/// The largest file that `EditFile` edits, before and after, in bytes.
pub const MAX_EDITED: u64 = 16 << 20;
/// The longest path that is told, in bytes: `PATH_MAX` of `linux/limits.h` without the final NUL.
pub const MAX_PATH: usize = 4095;
/// The longest JSON line of a list, in bytes: two paths of [`MAX_PATH`] bytes, each byte written as
/// `\u0000`, or as a number with its comma, fit in.
pub const MAX_LINE: usize = 64 << 10;

/// What something in a file system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A pipe, a socket or a device.
    Other,
}

/// Something that `Stat` or `List` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Absolute and [plain](GuestPath::is_plain).
    pub path: GuestPath,
    /// What it is.
    pub kind: Kind,
    /// Bytes of a regular file's content, or of a link's target; else 0.
    pub size: u64,
    /// Permission bits with set-user-id, set-group-id and sticky.
    pub mode: u32,
    /// When its content was last changed.
    pub mtime_ns: i64,
    /// Where a symbolic link points to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_target: Option<GuestPath>,
}

/// How a list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDone {
    /// How many entries were sent.
    pub entries: u64,
    /// Whether there are more.
    pub truncated: bool,
}

/// What `EditFile` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum EditOutcome {
    /// The file is another now.
    Edited {
        /// How many occurrences were replaced.
        replacements: u64,
        /// The file's new size.
        bytes: u64,
    },
    /// The text does not occur; the file is as it was.
    Missing {},
    /// The text occurs more than once and one was asked for; the file is as it was.
    Ambiguous {
        /// How often it occurs.
        count: u64,
    },
}

/// A manifest that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestTaken {
    /// Files, directories, links and the rest.
    pub entries: u64,
    /// The manifest's own size.
    pub bytes: u64,
    /// CRC-32C of the manifest, 8 hexadecimal digits. It lies in the guest's hands meanwhile: this
    /// finds damage, and whoever wants to deceive can.
    pub checksum: String,
}

/// What something was or is, as far as a comparison of contents needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What it is.
    pub kind: Kind,
    /// As in [`Entry`].
    pub size: u64,
    /// As in [`Entry`].
    pub mode: u32,
    /// Where a symbolic link points to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_target: Option<GuestPath>,
}

/// A path whose facts differ. Its content may still be the same: a file that was only touched has
/// equal facts on both sides. A directory is told when it is new or gone, or its mode differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Relative to `/workspace`, and [plain](GuestPath::is_plain).
    pub path: GuestPath,
    /// What the manifest says; none: it did not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Facts>,
    /// What is there; none: it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Facts>,
}

/// How a comparison ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesDone {
    /// How many changes there are, sent or not.
    pub changes: u64,
    /// Whether some were not sent.
    pub truncated: bool,
    /// Whether a `.git` is new, gone, or had commits, branches or its configuration changed. What is
    /// below a `.git` is never told otherwise.
    pub git_metadata_changed: bool,
}

/// The disk is frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {}

/// The disk is thawed, as the host asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thawed {
    /// Whether it was frozen up to then: the limit had not passed, and nobody in the guest has
    /// thawed it.
    pub in_time: bool,
}

/// One file of an `Apply`: what must be there, and what shall be there. At least one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewrite {
    /// Relative to `/workspace` and [plain](GuestPath::is_plain); no symbolic link is followed on the way,
    /// and nothing below a `.git` is changed. Each path comes once.
    pub path: GuestPath,
    /// What must be there; none: nothing, or a directory that holds only what the same request deletes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
    /// What shall be there; none: nothing. Directories on the way are made where they are missing, and
    /// those that a deletion leaves empty go with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
}

/// What a file or link must be, for an `Apply` to change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// File or symlink.
    pub kind: Kind,
    /// As in [`Entry`].
    pub size: u64,
    /// CRC-32C of its content or its target. It finds what was changed meanwhile; in the guest, whoever
    /// wants to deceive can.
    pub checksum: u32,
}

/// What a file or link shall be. It keeps the owner of what it replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// File or symlink.
    pub kind: Kind,
    /// How many bytes of content, or of the link's target, follow the line.
    pub size: u64,
    /// Permission bits of a file.
    pub mode: u32,
}

/// What `Apply` did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ApplyOutcome {
    /// Everything, and it is on the disk.
    Applied {},
    /// Nothing: something else was there than must be.
    Differs {
        /// Where.
        path: GuestPath,
    },
}
