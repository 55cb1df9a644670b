//! Lists the shells of a workspace.

use super::Workspace;
use super::shell::ShellStatus;
use crate::error::Result;
use serde::Serialize;

/// The shells of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shells {
    /// Which workspace.
    pub workspace_id: String,
    /// How many there are.
    pub count: usize,
    /// In the order in which they were opened, the last that have ended included.
    pub shells: Vec<ShellStatus>,
}

impl Workspace {
    /// Every shell since the workspace's machine was started, as far as it is known still. Looking at
    /// them is no work.
    ///
    /// # Errors
    /// If the machine is gone.
    pub async fn shell_list(&self) -> Result<Shells> {
        let states = self.shim.shells().await?;
        let shells: Vec<_> = states.into_iter().map(|state| self.shell_status(state)).collect();
        Ok(Shells { workspace_id: self.id().to_owned(), count: shells.len(), shells })
    }
}
