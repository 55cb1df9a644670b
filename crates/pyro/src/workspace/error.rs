//! Why a workspace cannot do what is asked of it.

use super::state::{State, Verb};
use crate::error::{Diagnose, Kind};
use std::path::PathBuf;

/// A verb that does not fit the workspace, or a wish that no workspace can fulfil.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// The workspace is not in a state for it.
    #[error("the workspace {workspace_id} is {state}")]
    State {
        /// Which workspace.
        workspace_id: String,
        /// What it is.
        state: State,
        /// What was asked.
        verb: Verb,
    },
    /// Another workspace has this name.
    #[error("the workspace {workspace_id} is called {name:?} already")]
    NameTaken {
        /// Which one.
        workspace_id: String,
        /// The name.
        name: String,
    },
    /// A name or a label that cannot be.
    #[error("{value:?} cannot be a {what}")]
    BadText {
        /// `name`, `label` or `label's value`.
        what: &'static str,
        /// What was given.
        value: String,
    },
    /// Workspaces run in machines only.
    #[error("a workspace cannot run on the host in this release: {0}")]
    NoMachine(String),
    /// What it boots was removed from the cache by hand.
    #[error("what {workspace_id} boots from is gone: {}", path.display())]
    EnvironmentGone {
        /// Which workspace.
        workspace_id: String,
        /// What is missing.
        path: PathBuf,
    },
    /// The record was written by a later pyro.
    #[error("the workspace {workspace_id} was made by a later version of pyro")]
    Newer {
        /// Which workspace.
        workspace_id: String,
    },
    /// No command of its history has this id.
    #[error("there is no command {0:?}")]
    NoCommand(String),
    /// No shell of the workspace has this id.
    #[error("the workspace {workspace_id} has no shell {shell_id:?}")]
    NoShell {
        /// Which workspace.
        workspace_id: String,
        /// What was asked for.
        shell_id: String,
    },
    /// As many shells run as a workspace may have.
    #[error("the workspace {workspace_id} has as many shells as it may, and all of them run")]
    TooManyShells {
        /// Which workspace.
        workspace_id: String,
    },
    /// The shell does not run any more.
    #[error("the shell {shell_id} has ended")]
    ShellEnded {
        /// Which one.
        shell_id: String,
    },
    /// What runs in the shell does not read what is typed.
    #[error("what runs in the shell {shell_id} does not read: {taken} of {typed} bytes were typed")]
    ShellNotReading {
        /// Which one.
        shell_id: String,
        /// How many bytes are on their way.
        taken: usize,
        /// How many there are.
        typed: usize,
    },
    /// Too much was to be typed at once.
    #[error("{typed} bytes are too many to be typed at once, at most {limit} are not")]
    InputTooLong {
        /// How many there are.
        typed: usize,
        /// The most.
        limit: usize,
    },
    /// No signal for shells has this name.
    #[error("{0:?} is no signal that shells are sent")]
    BadSignal(String),
    /// A size that no terminal of a shell has.
    #[error("a terminal of {cols} by {rows} characters cannot be")]
    BadTerminalSize {
        /// How wide.
        cols: u16,
        /// How high.
        rows: u16,
    },
    /// The text to be replaced is not in the file as it was given.
    #[error("{path}: the text to replace is not in the file{}", closest.as_ref().map(|c| format!("; closest is line {}: {}", c.line, c.text)).unwrap_or_default())]
    EditMissing {
        /// The file.
        path: String,
        /// The line of the file that is most like the first of the text.
        closest: Option<Closest>,
    },
    /// The text to be replaced is there more than once.
    #[error("{path}: the text to replace is in the file {count} times")]
    EditAmbiguous {
        /// The file.
        path: String,
        /// How often.
        count: u64,
    },
    /// A text was asked for, and the file is none.
    #[error("{path} is not UTF-8 text: byte {offset} is not")]
    NotText {
        /// The file.
        path: String,
        /// The place of the first byte that is not, counted from the file's beginning.
        offset: u64,
    },
    /// A path that no file of a workspace has.
    #[error("{path:?} is no path in a workspace: {why}")]
    BadPath {
        /// What was given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A file was changed between the look at it and the patch.
    #[error("{path} was changed while the patch was being applied; nothing of the patch was")]
    PatchOvertaken {
        /// Which file.
        path: String,
    },
    /// The files that a patch changes are too large together.
    #[error("the patch changes files of more than {limit} bytes together")]
    PatchTooLarge {
        /// The most.
        limit: usize,
    },
    /// There is such a snapshot already; snapshots never change.
    #[error("the workspace {workspace_id} has a snapshot {snapshot:?} already")]
    SnapshotExists {
        /// Which workspace.
        workspace_id: String,
        /// Its name.
        snapshot: String,
    },
    /// Nobody may make or delete the baseline.
    #[error("the baseline belongs to its workspace: it is neither made nor deleted")]
    BaselineIsKept,
    /// The record of a snapshot was written by a later pyro.
    #[error("the snapshot {snapshot:?} was made by a later version of pyro")]
    NewerSnapshot {
        /// Which snapshot.
        snapshot: String,
    },
    /// The guest of a workspace that is being made does not hold still.
    #[error("the guest did not freeze its file system for the baseline")]
    NotFrozen,
    /// The snapshot does not exist.
    #[error("the workspace {workspace_id} has no snapshot {snapshot:?}")]
    NoSnapshot {
        /// Which workspace.
        workspace_id: String,
        /// What was asked for.
        snapshot: String,
    },
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closest {
    /// Its number, from 1.
    pub line: usize,
    /// Its text, cut after 200 characters.
    pub text: String,
}

impl Diagnose for WorkspaceError {
    fn kind(&self) -> Kind {
        match self {
            Self::State { state: State::Creating, .. }
            | Self::PatchOvertaken { .. }
            | Self::TooManyShells { .. }
            | Self::ShellNotReading { .. } => Kind::Busy,
            Self::State { .. }
            | Self::NameTaken { .. }
            | Self::BadText { .. }
            | Self::SnapshotExists { .. }
            | Self::BaselineIsKept
            | Self::EditMissing { .. }
            | Self::EditAmbiguous { .. }
            | Self::NotText { .. }
            | Self::PatchTooLarge { .. }
            | Self::ShellEnded { .. }
            | Self::InputTooLong { .. }
            | Self::BadSignal(_)
            | Self::BadTerminalSize { .. }
            | Self::BadPath { .. } => Kind::Usage,
            Self::NoMachine(_)
            | Self::EnvironmentGone { .. }
            | Self::Newer { .. }
            | Self::NewerSnapshot { .. } => Kind::Host,
            Self::NotFrozen => Kind::Guest,
            Self::NoCommand(_) | Self::NoShell { .. } | Self::NoSnapshot { .. } => Kind::NotFound,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::State { state: State::Creating, .. } => "busy", // The workspace is being created.
            Self::State { verb: Verb::ReadDisk, .. } => "workspace_not_stopped", // Its disk can be read only while it is stopped.
            Self::State { .. } => "workspace_not_started", // Its machine does not run, and is not started for this.
            Self::NameTaken { .. } => "name_taken",
            Self::BadText { .. } => "bad_text",
            Self::NoMachine(_) => "no_machine",
            Self::EnvironmentGone { .. } => "environment_gone",
            Self::Newer { .. } | Self::NewerSnapshot { .. } => "newer_record",
            Self::SnapshotExists { .. } => "snapshot_exists",
            Self::BaselineIsKept => "baseline_is_kept",
            Self::NotFrozen => "not_frozen",
            Self::NoCommand(_) => "no_command",
            Self::NoShell { .. } => "no_shell",
            Self::TooManyShells { .. } => "too_many_shells",
            Self::ShellEnded { .. } => "shell_ended",
            Self::ShellNotReading { .. } => "shell_not_reading",
            Self::InputTooLong { .. } => "input_too_long",
            Self::BadSignal(_) => "bad_signal",
            Self::BadTerminalSize { .. } => "bad_terminal_size",
            Self::EditMissing { .. } => "edit_missing",
            Self::EditAmbiguous { .. } => "edit_ambiguous",
            Self::NotText { .. } => "not_text",
            Self::BadPath { .. } => "bad_path",
            Self::PatchOvertaken { .. } => "patch_overtaken",
            Self::PatchTooLarge { .. } => "patch_too_large",
            Self::NoSnapshot { .. } => "no_snapshot",
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::State { state: State::Creating, .. } => {
                "wait until it is created, and try again".into()
            }
            Self::State { workspace_id, verb: Verb::ReadDisk, .. } => {
                format!(
                    "stop {workspace_id} first; the files of a started one are read in its guest"
                )
            }
            Self::State { workspace_id, .. } => format!("start {workspace_id} first"),
            Self::NameTaken { workspace_id, .. } => {
                format!("use {workspace_id}, delete it, or choose another name")
            }
            Self::BadText { .. } => {
                "use 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit"
                    .into()
            }
            Self::NoMachine(_) => "`pyro doctor` says what is missing for a virtual machine".into(),
            Self::EnvironmentGone { .. } => {
                "put it back, for without it the workspace's disk means nothing; if it is that disk, \
                 reset the workspace"
                    .into()
            }
            Self::Newer { .. } => "use that version, or delete the workspace".into(),
            Self::NewerSnapshot { .. } => "use that version, or delete the snapshot".into(),
            Self::SnapshotExists { snapshot, .. } => {
                format!("use another name, or delete {snapshot:?} first")
            }
            Self::BaselineIsKept => "use another name; deleting the workspace deletes it".into(),
            Self::NotFrozen => "create the workspace again".into(),
            Self::NoCommand(_) => "the workspace's logs name its commands".into(),
            Self::NoShell { .. } => {
                "list its shells, or open one: shells end when their workspace stops or expires".into()
            }
            Self::TooManyShells { .. } => "close one".into(),
            Self::ShellEnded { .. } => "read what it showed, and open another one".into(),
            Self::ShellNotReading { .. } => {
                "read what the shell shows; send it INT, or close it".into()
            }
            Self::InputTooLong { .. } => "write it to a file of the workspace".into(),
            Self::BadSignal(_) => "use HUP, INT, TERM or KILL".into(),
            Self::BadTerminalSize { .. } => {
                "use 2 to 500 columns and 1 to 300 rows".into()
            }
            Self::EditMissing { .. } => {
                "read the file again and copy the text exactly, blanks included".into()
            }
            Self::EditAmbiguous { .. } => {
                "give more of the text around it, or replace all of them".into()
            }
            Self::NotText { .. } => {
                "read it in the guest, for example with `xxd` or `base64`".into()
            }
            Self::BadPath { .. } => "use a path below /workspace, or an absolute one".into(),
            Self::PatchOvertaken { .. } => {
                "something in the workspace writes this file; apply the patch again".into()
            }
            Self::PatchTooLarge { .. } => "apply it in parts".into(),
            Self::NoSnapshot { workspace_id, .. } => format!(
                "list the snapshots of {workspace_id}; every workspace has the snapshot \"baseline\""
            ),
        }]
    }
}
