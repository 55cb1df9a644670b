//! Opens a shell in a workspace.

use super::file_path::file_path;
use super::shell::ShellStatus;
use super::{WORKSPACE_PATH, Workspace, WorkspaceError};
use crate::error::Result;
use crate::secret::SecretEnv;
use pyro_proto::shell::{Shell, Size};
use std::ops::RangeInclusive;

/// How wide a terminal may be, in characters.
const COLS: RangeInclusive<u16> = 2..=500;
/// How high.
const ROWS: RangeInclusive<u16> = 1..=300;

/// How a shell begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellSpec {
    /// In which directory: absolute, or relative to `/workspace`.
    pub cwd: String,
    /// How wide its terminal is: 2 to 500 characters.
    pub cols: u16,
    /// How high: 1 to 300 characters.
    pub rows: u16,
    /// Secrets of the workspace that it is given, as variables of its environment.
    pub secret_env: Vec<SecretEnv>,
}

impl Default for ShellSpec {
    fn default() -> Self {
        Self { cwd: WORKSPACE_PATH.into(), cols: 120, rows: 30, secret_env: Vec::new() }
    }
}

impl Workspace {
    /// Opens a login shell, `/bin/bash` or else `/bin/sh`, as root behind a terminal of its own. It goes on
    /// until it ends or is closed, or the workspace's machine ends; a workspace has 64 of them at most.
    ///
    /// # Errors
    /// If there is no such directory, no terminal has that size, or too many shells run.
    /// # Example
    /// ```no_run
    /// use pyro::workspace::Workspace;
    /// use pyro::workspace::shell_open::ShellSpec;
    /// use pyro::workspace::shell_read::ShellRead;
    ///
    /// # async fn example(workspace: &Workspace) -> pyro::Result<()> {
    /// let shell = workspace.shell_open(&ShellSpec::default()).await?;
    /// workspace.shell_write(&shell.shell_id, "cd src && ls", true).await?;
    /// let read = ShellRead { plain: true, ..ShellRead::all(10_000) }.once_idle_for(300);
    /// println!("{}", workspace.shell_read(&shell.shell_id, read).await?.output);
    /// workspace.shell_close(&shell.shell_id).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shell_open(&self, spec: &ShellSpec) -> Result<ShellStatus> {
        let ShellSpec { cols, rows, .. } = *spec;
        if !COLS.contains(&cols) || !ROWS.contains(&rows) {
            return Err(WorkspaceError::BadTerminalSize { cols, rows }.into());
        }
        let cwd = Some(file_path(&spec.cwd)?);
        self.vault.check(&spec.secret_env)?;
        let shell = Shell { cwd, env: Vec::new(), size: Size { cols, rows } };
        let opened = self.redacted(self.shim.open_shell(shell, spec.secret_env.clone()).await);
        let opened = opened.map_err(|error| match error.code() {
            "guest_too_many" => {
                WorkspaceError::TooManyShells { workspace_id: self.id().to_owned() }.into()
            }
            _ => error,
        })?;
        Ok(self.shell_status(opened))
    }
}
