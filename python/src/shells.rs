//! Shells of workspaces.

use crate::call::Call;
use crate::secrets;
use crate::settings::Settings;
use crate::workspaces::inside;
use pyo3::prelude::*;
use pyro::workspace::shell_open::ShellSpec;
use pyro::workspace::shell_read::ShellRead;
use std::collections::BTreeMap;

/// Opens one.
#[pyfunction]
pub(crate) fn open_shell(
    settings: &Settings,
    workspace_id: String,
    cwd: String,
    cols: u16,
    rows: u16,
    secret_env: BTreeMap<String, String>,
) -> PyResult<Call> {
    inside(settings, workspace_id, async move |workspace, _, _| {
        let secret_env = secrets::environment(&secret_env)?;
        workspace.shell_open(&ShellSpec { cwd, cols, rows, secret_env }).await
    })
}

/// Lists them.
#[pyfunction]
pub(crate) fn list_shells(settings: &Settings, workspace_id: String) -> PyResult<Call> {
    inside(settings, workspace_id, async |workspace, _, _| workspace.shell_list().await)
}

/// `_wishes.ShellPart` of the package.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct ShellPart {
    cursor: u64,
    max_chars: usize,
    plain: bool,
    wait_for_idle_ms: Option<u64>,
}

impl ShellPart {
    fn read(&self) -> ShellRead {
        let all = ShellRead::all(self.max_chars.max(1));
        let now = ShellRead { cursor: self.cursor, plain: self.plain, ..all };
        self.wait_for_idle_ms.map_or(now, |idle_ms| now.once_idle_for(idle_ms))
    }
}

/// Reads what one has shown.
#[pyfunction]
pub(crate) fn read_shell(
    settings: &Settings,
    workspace_id: String,
    shell_id: String,
    part: ShellPart,
) -> PyResult<Call> {
    inside(settings, workspace_id, async move |workspace, _, _| {
        workspace.shell_read(&shell_id, part.read()).await
    })
}

/// Types into one.
#[pyfunction]
pub(crate) fn write_shell(
    settings: &Settings,
    workspace_id: String,
    shell_id: String,
    input: String,
    append_newline: bool,
) -> PyResult<Call> {
    inside(settings, workspace_id, async move |workspace, _, _| {
        workspace.shell_write(&shell_id, &input, append_newline).await
    })
}

/// Sends a signal to what runs in one.
#[pyfunction]
pub(crate) fn signal_shell(
    settings: &Settings,
    workspace_id: String,
    shell_id: String,
    signal_name: String,
) -> PyResult<Call> {
    inside(settings, workspace_id, async move |workspace, _, _| {
        workspace.shell_signal(&shell_id, signal_name.parse()?).await
    })
}

/// Ends one.
#[pyfunction]
pub(crate) fn close_shell(
    settings: &Settings,
    workspace_id: String,
    shell_id: String,
) -> PyResult<Call> {
    inside(settings, workspace_id, async move |workspace, _, _| {
        workspace.shell_close(&shell_id).await
    })
}
