//! Types into a shell.

use super::shell::{ShellLife, ShellStatus};
use super::{Workspace, WorkspaceError};
use crate::error::Result;
use crate::shim::shells::words::{MAX_INPUT, ShellWritten as Written};
use serde::Serialize;

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShellWritten {
    /// The shell after that.
    #[serde(flatten)]
    pub shell: ShellStatus,
    /// How many bytes the text has, without the line feed.
    pub input_length: usize,
    /// Whether a line feed was typed after it.
    pub append_newline: bool,
}

impl Workspace {
    /// Types a text, as it is, and the Enter key after it if wanted. Returns when it is on its way, not
    /// when it is read. At most 1 MiB.
    ///
    /// # Errors
    /// If there is no such shell, it has ended, or what runs in it reads nothing: then the error says
    /// how much was typed.
    pub async fn shell_write(
        &self,
        shell_id: &str,
        input: &str,
        append_newline: bool,
    ) -> Result<ShellWritten> {
        let typed = format!("{input}{}", if append_newline { "\n" } else { "" }).into_bytes();
        if typed.len() > MAX_INPUT {
            let (typed, limit) = (typed.len(), MAX_INPUT);
            return Err(WorkspaceError::InputTooLong { typed, limit }.into());
        }
        let written = self.shim.write_shell(shell_id, &typed).await;
        let Written { state, taken } = written.map_err(self.no_shell(shell_id))?;
        let shell_id = state.shell_id.clone();
        if taken < typed.len() && state.life != ShellLife::Running {
            return Err(WorkspaceError::ShellEnded { shell_id }.into());
        }
        if taken < typed.len() {
            let typed = typed.len();
            return Err(WorkspaceError::ShellNotReading { shell_id, taken, typed }.into());
        }
        let shell = self.shell_status(state);
        Ok(ShellWritten { shell, input_length: input.len(), append_newline })
    }
}
