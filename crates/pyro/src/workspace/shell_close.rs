//! Ends a shell of a workspace.

use super::Workspace;
use super::shell::ShellStatus;
use crate::error::Result;

impl Workspace {
    /// Ends a shell and all it started: with SIGHUP, as a terminal that is closed does, and by force a
    /// moment later. What a shell that has ended by itself left in the background ends too; one that is
    /// closed already is left as it is. What it showed can be read on.
    ///
    /// # Errors
    /// If there is no such shell.
    pub async fn shell_close(&self, shell_id: &str) -> Result<ShellStatus> {
        let closed = self.shim.close_shell(shell_id).await.map_err(self.no_shell(shell_id))?;
        Ok(self.shell_status(closed))
    }
}
