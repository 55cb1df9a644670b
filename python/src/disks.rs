//! The disks of stopped workspaces.

use crate::call::{Call, verb};
use crate::settings::Settings;
use pyo3::prelude::*;
use pyro::export::ExportTarget;
use pyro::secret::Disclosure;
use pyro::workspace::{disk_export, disk_list, disk_read};
use std::path::PathBuf;

/// Lists a directory.
#[pyfunction]
pub(crate) fn list_workspace_disk(
    settings: &Settings,
    workspace_id: String,
    path: String,
    recursive: bool,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        disk_list(config, &workspace_id, &path, recursive, observer).await
    })
}

/// Reads a text file, or a part of it.
#[pyfunction]
pub(crate) fn read_workspace_disk(
    settings: &Settings,
    workspace_id: String,
    path: String,
    max_bytes: u64,
    offset: u64,
    allow_secrets: bool,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        let disclosure = Disclosure::allowed_if(allow_secrets);
        disk_read(config, &workspace_id, &path, (offset, max_bytes), disclosure, observer).await
    })
}

/// Copies the whole disk to the host.
#[pyfunction]
pub(crate) fn export_workspace_disk(
    settings: &Settings,
    workspace_id: String,
    output_path: PathBuf,
    allow_secrets: bool,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        let target = ExportTarget::of(&output_path)?;
        let disclosure = Disclosure::allowed_if(allow_secrets);
        disk_export(config, &workspace_id, target, disclosure, observer).await
    })
}
