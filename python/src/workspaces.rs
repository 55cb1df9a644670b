//! Workspaces: made, looked at, stopped and started, deleted.

use crate::call::{Call, begin, verb};
use crate::line::{Broken, Line};
use crate::machine::MachineWish;
use crate::secrets::GivenSecret;
use crate::settings::Settings;
use crate::source::Source;
use pyo3::prelude::*;
use pyro::event::Observer;
use pyro::secret::Disclosure;
use pyro::vm::run::OutputLimits;
use pyro::workspace::{self, Update, Workspace, WorkspaceSpec};
use pyro::{Config, Error};
use serde::Serialize;
use std::collections::BTreeMap;

/// So many bytes of each command's stdout, and of its stderr, a history has.
const LOGGED: OutputLimits = OutputLimits { max_bytes_each: 65_536 };

/// `_wishes.Workspace` of the package.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct WorkspaceWish {
    name: Option<String>,
    labels: BTreeMap<String, String>,
    network_policy: String,
    secrets: Vec<GivenSecret>,
}

impl WorkspaceWish {
    fn spec(self, machine: MachineWish) -> Result<WorkspaceSpec, Error> {
        let secrets = self.secrets.iter().map(GivenSecret::read).collect::<Result<_, _>>()?;
        let network_policy = self.network_policy.parse()?;
        let (machine, name, labels) = (machine.spec()?, self.name, self.labels);
        let spec = WorkspaceSpec { machine, name, labels, network_policy, secrets };
        spec.check()?;
        Ok(spec)
    }
}

/// Makes one, with what the source has.
#[pyfunction]
pub(crate) fn create_workspace(
    settings: &Settings,
    machine: MachineWish,
    workspace: WorkspaceWish,
    source: Source,
) -> PyResult<Call> {
    begin(settings.config(), async move |config, line| {
        let config = machine.config(config);
        let spec = workspace.spec(machine)?;
        let observer = |event| line.observe(event);
        let mut opened = source.open(&config, line).await?;
        let made = workspace::create(&config, &spec, opened.seed.take(), &observer);
        Ok(line.unless_cancelled(made).await??)
    })
}

/// Lists all.
#[pyfunction]
pub(crate) fn list_workspaces(settings: &Settings) -> PyResult<Call> {
    verb(settings.config(), async |config, observer| workspace::list(config, observer).await)
}

/// `_wishes.Change` of the package.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Change {
    name: Option<String>,
    clear_name: bool,
    labels: BTreeMap<String, String>,
    clear_labels: Vec<String>,
    ttl_seconds: Option<u64>,
}

/// Changes its name, its labels or its time to live.
#[pyfunction]
pub(crate) fn update_workspace(
    settings: &Settings,
    workspace_id: String,
    change: Change,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        let Change { name, clear_name, labels, clear_labels, ttl_seconds } = change;
        let name = if clear_name { Some(None) } else { name.map(Some) };
        let update = Update { name, labels, clear_labels, ttl_seconds };
        workspace::update(config, &workspace_id, &update, observer).await
    })
}

/// Says how it stands.
#[pyfunction]
pub(crate) fn status_workspace(settings: &Settings, workspace_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        workspace::status(config, &workspace_id, observer).await
    })
}

/// Its commands.
#[pyfunction]
pub(crate) fn logs_workspace(settings: &Settings, workspace_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        workspace::logs(config, &workspace_id, LOGGED, observer).await
    })
}

/// Makes everything as it was in a snapshot.
#[pyfunction]
pub(crate) fn reset_workspace(
    settings: &Settings,
    workspace_id: String,
    snapshot: String,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        workspace::reset(config, &workspace_id, &snapshot, observer).await
    })
}

/// Ends its machine and keeps its disk.
#[pyfunction]
pub(crate) fn stop_workspace(settings: &Settings, workspace_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        workspace::stop(config, &workspace_id, observer).await
    })
}

/// Boots it again.
#[pyfunction]
pub(crate) fn start_workspace(settings: &Settings, workspace_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        workspace::start(config, &workspace_id, observer).await
    })
}

/// Deletes it.
#[pyfunction]
pub(crate) fn delete_workspace(settings: &Settings, workspace_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        workspace::delete(config, &workspace_id, observer).await
    })
}

/// Makes a call in a workspace, which is started again for it where it expired.
pub(crate) fn inside<T: Serialize>(
    settings: &Settings,
    workspace_id: String,
    work: impl AsyncFnOnce(&Workspace, &Config, Observer<'_>) -> Result<T, Error> + Send + 'static,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        let workspace = Workspace::open(config, &workspace_id, observer).await?;
        work(&workspace, config, observer).await
    })
}

/// As [`inside`], and gives out content although it holds secrets, if that is allowed.
pub(crate) fn take_out<T: Serialize>(
    settings: &Settings,
    workspace_id: String,
    allow_secrets: bool,
    work: impl AsyncFnOnce(&Workspace, Observer<'_>) -> Result<T, Error> + Send + 'static,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        let workspace = Workspace::open(config, &workspace_id, observer).await?;
        work(&workspace.disclosing(Disclosure::allowed_if(allow_secrets)), observer).await
    })
}

/// The workspace, for a call that looks after its cancellation itself.
pub(crate) async fn open(
    config: &Config,
    workspace_id: &str,
    line: &Line,
) -> Result<Workspace, Broken> {
    let observer = |event| line.observe(event);
    Ok(line.unless_cancelled(Workspace::open(config, workspace_id, &observer)).await??)
}
