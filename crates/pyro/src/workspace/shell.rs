//! The shells of a workspace: what is told about one. They belong to the workspace's machine: front ends
//! come and go, and the shells end when it does.

use super::{Workspace, WorkspaceError};
use crate::error::Error;
pub use crate::shim::shells::words::ShellLife;
use crate::shim::shells::words::ShellState;
use serde::Serialize;

/// A shell as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShellStatus {
    /// In which workspace.
    pub workspace_id: String,
    /// How it is named.
    pub shell_id: String,
    /// Where it began.
    pub cwd: String,
    /// How wide its terminal is, in characters.
    pub cols: u16,
    /// How high.
    pub rows: u16,
    /// `running`, `exited`, or `closed` where somebody ended it.
    pub state: ShellLife,
    /// When it was opened, Unix seconds.
    pub started_at: u64,
    /// When it ended, Unix seconds.
    pub ended_at: Option<u64>,
    /// Its own; 128 + N for signal N. None while it runs, and where nobody knows.
    pub exit_code: Option<i32>,
    /// How the agent is reached.
    pub execution_mode: String,
}

impl Workspace {
    pub(super) fn shell_status(&self, state: ShellState) -> ShellStatus {
        ShellStatus {
            workspace_id: self.id().to_owned(),
            shell_id: state.shell_id,
            cwd: state.cwd,
            cols: state.size.cols,
            rows: state.size.rows,
            state: state.life,
            started_at: state.started_at,
            ended_at: state.ended_at,
            exit_code: state.exit_code,
            execution_mode: self.facts().execution_mode.clone(),
        }
    }

    /// The shim's word for a shell that it does not know, in words of workspaces.
    pub(super) fn no_shell(&self, shell_id: &str) -> impl FnOnce(Error) -> Error {
        let (workspace_id, shell_id) = (self.id().to_owned(), shell_id.to_owned());
        move |error| match error.code() {
            "guest_not_found" => WorkspaceError::NoShell { workspace_id, shell_id }.into(),
            _ => error,
        }
    }
}
