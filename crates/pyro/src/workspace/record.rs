//! What is recorded about a workspace in its `workspace.json`. A field that is added later has a default
//! for its absence; a record of another form than this one has a higher version.

use crate::certificates::BundleFacts;
use crate::machine::BootFiles;
use crate::network::NetworkPolicy;
use crate::secret::SecretFacts;
use crate::vm::{ImageDefaults, VmFacts, VmSpec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The form of the record that this pyro writes, and the newest that it reads.
pub(super) const VERSION: u32 = 1;

/// The truth about a workspace, except whether its machine runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct WorkspaceRecord {
    /// See [`VERSION`].
    pub(super) version: u32,
    pub(super) machine: VmSpec,
    pub(super) name: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) network_policy: NetworkPolicy,
    /// Unix seconds.
    pub(super) created_at: u64,
    /// What it was in its last start.
    pub(super) facts: VmFacts,
    pub(super) image: Image,
    /// What it was seeded with, and its baseline; none while it is being made.
    pub(super) made: Option<Made>,
    /// The certificates that are kept for it.
    #[serde(default)]
    pub(super) ca_bundle: Option<BundleFacts>,
    /// The secrets that are kept for it.
    #[serde(default)]
    pub(super) secrets: Vec<SecretFacts>,
    #[serde(default)]
    pub(super) reset_count: u64,
    #[serde(default)]
    pub(super) last_reset_at: Option<u64>,
}

/// What it boots: the same bytes at every start, because its disk means nothing without them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Image {
    pub(super) boot: BootFiles,
    pub(super) defaults: ImageDefaults,
}

/// What was done once, at its creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    pub(super) seed: SeedFacts,
    pub(super) baseline: Baseline,
}

/// What a workspace was seeded with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedFacts {
    /// `empty`, `directory`, `tar_archive` or `project`.
    pub mode: String,
    /// The path or URL of the source on the host.
    pub path: Option<String>,
    /// Where it went in the guest.
    pub destination: String,
    /// Files, directories and links.
    pub entry_count: u64,
    /// Bytes of content.
    pub bytes_written: u64,
    /// Files that Git ignores, which were left out.
    #[serde(default)]
    pub ignored_count: u64,
    /// Files that look like credentials and that Git does not track, which were left out.
    #[serde(default)]
    pub withheld: Vec<String>,
    /// Files that changed while they were read.
    #[serde(default)]
    pub changed_during_read: Vec<String>,
}

/// The workspace as it was at the end of its creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Baseline {
    /// Of the list of its files that the guest keeps; none where it is an empty disk.
    pub(super) manifest_checksum: Option<String>,
    pub(super) entry_count: u64,
    pub(super) bytes_written: u64,
}
