//! Snapshots of workspaces.

use crate::call::{Call, verb};
use crate::settings::Settings;
use pyo3::prelude::*;
use pyro::workspace::{snapshot_create, snapshot_delete, snapshot_list};

/// Keeps the disk as it is.
#[pyfunction]
pub(crate) fn create_snapshot(
    settings: &Settings,
    workspace_id: String,
    snapshot_name: String,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        snapshot_create(config, &workspace_id, &snapshot_name, observer).await
    })
}

/// Lists the baseline and the named ones.
#[pyfunction]
pub(crate) fn list_snapshots(settings: &Settings, workspace_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        snapshot_list(config, &workspace_id, observer).await
    })
}

/// Deletes one.
#[pyfunction]
pub(crate) fn delete_snapshot(
    settings: &Settings,
    workspace_id: String,
    snapshot_name: String,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        snapshot_delete(config, &workspace_id, &snapshot_name, observer).await
    })
}
