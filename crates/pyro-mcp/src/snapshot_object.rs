//! A snapshot as a model names it and sees it, in both forms.

use pyro::workspace::Snapshot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Arguments of tools that work on one snapshot.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BySnapshot {
    /// The workspace's id or name.
    pub(crate) workspace_id: String,
    /// Letters, digits, '.', '_' and '-'.
    pub(crate) snapshot_name: String,
}

/// The structured form.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct SnapshotObject {
    workspace_id: String,
    snapshot_name: String,
    /// baseline or named.
    kind: String,
    created_at: u64,
    entry_count: Option<u64>,
    bytes_written: Option<u64>,
    /// filesystem; or crash: as a loss of power would have left it.
    consistency: String,
    deletable: bool,
}

impl SnapshotObject {
    pub(crate) fn of(snapshot: Snapshot) -> Self {
        Self {
            workspace_id: snapshot.workspace_id,
            snapshot_name: snapshot.snapshot_name,
            kind: snapshot.kind.to_string(),
            created_at: snapshot.created_at,
            entry_count: snapshot.entry_count,
            bytes_written: snapshot.bytes_written,
            consistency: snapshot.consistency.to_string(),
            deletable: snapshot.deletable,
        }
    }

    /// The whole answer about one that was taken.
    pub(crate) fn text(&self) -> String {
        let Self { workspace_id, snapshot_name, .. } = self;
        let note = match self.consistency.as_str() {
            "crash" => "note: what running commands had not written out yet may be missing\n",
            _ => "",
        };
        format!(
            "workspace_id: {workspace_id}\nsnapshot: {}{note}next: workspace_reset with snapshot \
             {snapshot_name} goes back to it\n",
            self.line()
        )
    }

    /// One line of a list.
    pub(crate) fn line(&self) -> String {
        let Self { snapshot_name, kind, created_at, consistency, .. } = self;
        let content = match (self.entry_count, self.bytes_written) {
            (Some(entries), Some(bytes)) => format!("{entries} entries, {bytes} bytes"),
            _ => "not counted".to_owned(),
        };
        format!(
            "{snapshot_name} (kind {kind}, created_at {created_at}, consistency {consistency}): {content}\n"
        )
    }
}
