//! The files of workspaces, and what was changed in them.

use crate::call::Call;
use crate::settings::Settings;
use crate::source::of_path;
use crate::workspaces::{inside, take_out};
use pyo3::prelude::*;
use pyro::export::{ExportLimits, ExportTarget};
use pyro::patch::Limits;
use pyro::workspace::export::Export;
use pyro::workspace::file_edit::Edit;
use pyro::workspace::file_read::{FileRead, From};
use std::path::PathBuf;

/// Lists a directory.
#[pyfunction]
pub(crate) fn list_workspace_files(
    settings: &Settings,
    workspace_id: String,
    path: String,
    recursive: bool,
) -> PyResult<Call> {
    inside(settings, workspace_id, async move |workspace, _, _| {
        workspace.file_list(&path, recursive).await
    })
}

/// `_wishes.FilePart` of the package.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct FilePart {
    max_bytes: u64,
    offset: u64,
    first_line: Option<u64>,
    line_count: Option<u64>,
}

impl FilePart {
    fn read(&self) -> FileRead {
        let from = match (self.first_line, self.line_count) {
            (None, None) => From::Byte(self.offset),
            (first, count) => {
                From::Line { first: first.unwrap_or(1), count: count.unwrap_or(u64::MAX) }
            }
        };
        FileRead { from, max_bytes: self.max_bytes }
    }
}

/// Reads a text file, or a part of it.
#[pyfunction]
pub(crate) fn read_workspace_file(
    settings: &Settings,
    workspace_id: String,
    path: String,
    part: FilePart,
    allow_secrets: bool,
) -> PyResult<Call> {
    take_out(settings, workspace_id, allow_secrets, async move |workspace, _| {
        workspace.file_read(&path, part.read()).await
    })
}

/// Replaces a file, or makes it.
#[pyfunction]
pub(crate) fn write_workspace_file(
    settings: &Settings,
    workspace_id: String,
    path: String,
    text: String,
) -> PyResult<Call> {
    inside(settings, workspace_id, async move |workspace, _, _| {
        workspace.file_write(&path, text.as_bytes()).await
    })
}

/// Replaces a text in a file.
#[pyfunction]
pub(crate) fn edit_workspace_file(
    settings: &Settings,
    workspace_id: String,
    path: String,
    old: String,
    new: String,
    replace_all: bool,
) -> PyResult<Call> {
    inside(settings, workspace_id, async move |workspace, _, _| {
        workspace.file_edit(&path, &Edit { old, new, replace_all }).await
    })
}

/// Applies a patch, all or nothing.
#[pyfunction]
pub(crate) fn apply_workspace_patch(
    settings: &Settings,
    workspace_id: String,
    patch: String,
) -> PyResult<Call> {
    inside(settings, workspace_id, async move |workspace, _, _| {
        workspace.patch_apply(patch.into_bytes()).await
    })
}

/// Compares with the baseline.
#[pyfunction]
pub(crate) fn diff_workspace(
    settings: &Settings,
    workspace_id: String,
    allow_secrets: bool,
) -> PyResult<Call> {
    take_out(settings, workspace_id, allow_secrets, async |workspace, _| {
        workspace.diff(Limits::default()).await
    })
}

/// Puts a directory or an archive over what is there.
#[pyfunction]
pub(crate) fn push_workspace_sync(
    settings: &Settings,
    workspace_id: String,
    source_path: PathBuf,
    dest: String,
) -> PyResult<Call> {
    inside(settings, workspace_id, async move |workspace, _, observer| {
        workspace.sync_push(of_path(&source_path)?, &dest, observer).await
    })
}

/// Copies a file or a directory to the host.
#[pyfunction]
pub(crate) fn export_workspace(
    settings: &Settings,
    workspace_id: String,
    path: String,
    output_path: PathBuf,
    overwrite: bool,
    allow_secrets: bool,
) -> PyResult<Call> {
    take_out(settings, workspace_id, allow_secrets, async move |workspace, observer| {
        let target = ExportTarget::of(&output_path)?;
        let export = Export { target, overwrite, limits: ExportLimits::default() };
        workspace.export(&path, export, observer).await
    })
}
