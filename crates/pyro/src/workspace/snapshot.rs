//! Snapshots: copies of a workspace's whole disk that never change, to which it can be reset. Each lies in a
//! directory of its own, `snapshots/<name>/`, and exists with its record.

use super::WorkspaceError;
use super::record::WorkspaceRecord;
use crate::error::Result;
use crate::store::{Collection, Item};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// The snapshot that every workspace has.
pub const BASELINE: &str = "baseline";

/// The form of the record that this pyro writes, and the newest that it reads.
pub(super) const VERSION: u32 = 1;
/// The longest name, in bytes.
const MAX_NAME: usize = 64;

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Of which workspace.
    pub workspace_id: String,
    /// Its name; no other snapshot of the workspace has it.
    pub snapshot_name: String,
    /// Where it comes from.
    pub kind: SnapshotKind,
    /// Unix seconds.
    pub created_at: u64,
    /// Files, directories and links in `/workspace`; none where they are too many to count, or the guest
    /// has damaged its disk.
    pub entry_count: Option<u64>,
    /// Bytes of their content.
    pub bytes_written: Option<u64>,
    /// What the guest's file system was like.
    pub consistency: Consistency,
    /// Whether it can be deleted before the workspace is.
    pub deletable: bool,
}

/// Where a snapshot comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotKind {
    /// It was taken at the end of the workspace's creation.
    Baseline,
    /// Somebody asked for it.
    Named,
}

/// What a guest's file system was like when its disk was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consistency {
    /// It had been brought into order: everything written up to then is in the copy.
    Filesystem,
    /// It was as a loss of power would leave it: what was synced, and every command's files when it had
    /// ended, is in the copy; what a running one has not synced may be missing.
    Crash,
}

/// What is recorded about a named snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SnapshotRecord {
    /// See [`VERSION`].
    pub(super) version: u32,
    pub(super) created_at: u64,
    pub(super) entry_count: Option<u64>,
    pub(super) bytes_written: Option<u64>,
    pub(super) consistency: Consistency,
}

impl Snapshot {
    /// The one that a made workspace begins with.
    pub(super) fn baseline(item: &Item, record: &WorkspaceRecord) -> Option<Self> {
        let baseline = &record.made.as_ref()?.baseline;
        Some(Self {
            workspace_id: item.id().to_owned(),
            snapshot_name: BASELINE.to_owned(),
            kind: SnapshotKind::Baseline,
            created_at: record.created_at,
            entry_count: Some(baseline.entry_count),
            bytes_written: Some(baseline.bytes_written),
            consistency: Consistency::Filesystem,
            deletable: false,
        })
    }

    pub(super) fn named(item: &Item, snapshot: &Item, record: &SnapshotRecord) -> Self {
        Self {
            workspace_id: item.id().to_owned(),
            snapshot_name: snapshot.id().to_owned(),
            kind: SnapshotKind::Named,
            created_at: record.created_at,
            entry_count: record.entry_count,
            bytes_written: record.bytes_written,
            consistency: record.consistency,
            deletable: true,
        }
    }
}

/// The named snapshots of a workspace.
pub(super) fn snapshots_of(item: &Item) -> Collection {
    Collection::new("snapshot", item.path().join("snapshots"))
}

/// The named snapshot that is called exactly so.
pub(super) fn named(item: &Item, name: &str) -> Result<Item> {
    let found = snapshots_of(item).all()?.into_iter().find(|snapshot| snapshot.id() == name);
    found.ok_or_else(|| {
        let workspace_id = item.id().to_owned();
        WorkspaceError::NoSnapshot { workspace_id, snapshot: name.to_owned() }.into()
    })
}

/// The record of a snapshot, which this pyro understands.
pub(super) fn record_of(snapshot: &Item) -> Result<SnapshotRecord> {
    if snapshot.version()? > VERSION {
        return Err(WorkspaceError::NewerSnapshot { snapshot: snapshot.id().to_owned() }.into());
    }
    Ok(snapshot.read()?)
}

/// The disk of a named snapshot.
pub(super) fn disk_of(snapshot: &Path) -> PathBuf {
    snapshot.join("disk")
}

/// Refuses a name that no snapshot can have: it is the name of a directory, too.
pub(super) fn check_name(name: &str) -> Result<(), WorkspaceError> {
    match name {
        BASELINE => Err(WorkspaceError::BaselineIsKept),
        name if is_name(name) => Ok(()),
        name => Err(WorkspaceError::BadText { what: "snapshot's name", value: name.to_owned() }),
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

impl fmt::Display for Consistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Filesystem => "filesystem",
            Self::Crash => "crash",
        })
    }
}

impl fmt::Display for SnapshotKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Baseline => BASELINE,
            Self::Named => "named",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_directory_and_never_the_baselines() {
        for name in ["a", "before-2.0", "7", "baseline2", "Baseline"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "-x", ".x", "..", "a b", "a/b", "ä", "a\n", BASELINE, &"a".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
