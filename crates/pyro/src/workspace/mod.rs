//! Workspaces: machines with a life of their own. One verb per file. What is recorded about a workspace
//! lies in `<state>/workspaces/<id>/`: its record, disk, baseline, snapshots, history. While it is started its
//! machine lies in `<state>/machines/<id>/`; whether it is started is never recorded: the machine's lock
//! says so. Lifecycle verbs take turns, those that work in the guest go through the shim at the same
//! time.

mod baseline;
mod boot;
mod capture;
pub mod checkout;
pub mod create;
pub mod delete;
pub mod diff;
pub mod disk_export;
pub mod disk_list;
pub mod disk_read;
pub mod error;
pub mod exec;
pub mod exec_read;
pub mod exec_stop;
pub mod export;
pub mod file_edit;
pub mod file_list;
mod file_path;
pub mod file_read;
pub mod file_write;
mod find;
mod fresh_disk;
pub mod list;
pub mod logs;
pub mod network_log;
mod offline;
pub mod open;
pub mod patch_apply;
mod record;
pub mod reset;
mod secrecy;
pub mod seeding;
pub mod snapshot;
pub mod snapshot_create;
pub mod snapshot_delete;
pub mod snapshot_list;
mod spec;
pub mod start;
mod state;
pub mod status;
pub mod stop;
mod sweep;
pub mod sync_push;
mod text_part;
pub mod update;

pub use crate::network::NetworkPolicy;
pub use checkout::Checkout;
pub use create::create;
pub use delete::{Deleted, delete};
pub use disk_export::{DiskExport, disk_export};
pub use disk_list::disk_list;
pub use disk_read::disk_read;
pub use error::WorkspaceError;
pub use list::{Listing, list};
pub use logs::{LogEntry, Logs, logs};
pub use network_log::{NetworkLog, network_log};
pub use open::Workspace;
pub use record::SeedFacts;
pub use reset::{WorkspaceReset, reset};
pub use seeding::Seed;
pub use snapshot::{Consistency, Snapshot, SnapshotKind};
pub use snapshot_create::snapshot_create;
pub use snapshot_delete::{SnapshotDeleted, snapshot_delete};
pub use snapshot_list::{Snapshots, snapshot_list};
pub use spec::WorkspaceSpec;
pub use start::start;
pub use state::{State, Verb};
pub use status::{LastCommand, WorkspaceStatus, status};
pub use stop::stop;
pub use update::{Update, update};

use crate::config::Config;
use crate::shim::MachineDirectory;
use crate::store::{Collection, Item};
use std::path::{Path, PathBuf};

/// Where a workspace's files are in its guest.
pub const WORKSPACE_PATH: &str = "/workspace";

/// Every workspace of this state directory.
fn workspaces(config: &Config) -> Collection {
    Collection::new("workspace", config.paths.workspaces())
}

/// Where the machine of a workspace is while it is started.
fn machine_of(config: &Config, workspace: &Item) -> MachineDirectory {
    MachineDirectory::existing(config.paths.machines().join(workspace.id()))
}

/// The disk that its machine writes to.
fn disk_of(workspace: &Path) -> PathBuf {
    workspace.join("disk")
}
