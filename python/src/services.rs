//! Services of workspaces.

use crate::call::{Call, verb};
use crate::secrets;
use crate::settings::Settings;
use crate::workspaces::inside;
use pyo3::prelude::*;
use pyro::service::Publish;
use pyro::workspace::{
    Beginning, LogsRead, ReadyWhen, ServiceLogs, ServiceRequest, service_list, service_logs,
    service_status, service_stop,
};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// How much of a whole log one object has.
const WHOLE: usize = 16 << 20;

/// `_wishes.Service` of the package.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct ServiceWish {
    service_name: String,
    command: String,
    cwd: String,
    ready_file: Option<String>,
    ready_tcp: Option<String>,
    ready_http: Option<String>,
    ready_command: Option<String>,
    ready_timeout_seconds: u64,
    ready_interval_ms: u64,
    secret_env: BTreeMap<String, String>,
    published_ports: Vec<Port>,
}

/// `types.PublishPort` of the package.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Port {
    guest_port: u16,
    #[pyo3(default)]
    host_port: Option<u16>,
}

impl ServiceWish {
    fn request(self) -> Result<ServiceRequest, pyro::Error> {
        let publish = self.published_ports.into_iter();
        Ok(ServiceRequest {
            name: self.service_name,
            command: self.command,
            cwd: self.cwd,
            ready: ReadyWhen {
                file: self.ready_file,
                tcp: self.ready_tcp,
                http: self.ready_http,
                command: self.ready_command,
                timeout_seconds: self.ready_timeout_seconds,
                interval_ms: self.ready_interval_ms,
            },
            publish: publish
                .map(|Port { guest_port, host_port }| Publish { guest_port, host_port })
                .collect(),
            secret_env: secrets::environment(&self.secret_env)?,
        })
    }
}

/// Starts one, and waits until it is ready.
#[pyfunction]
pub(crate) fn start_service(
    settings: &Settings,
    workspace_id: String,
    service: ServiceWish,
) -> PyResult<Call> {
    inside(settings, workspace_id, async move |workspace, config, _| {
        workspace.service_start(config, &service.request()?).await
    })
}

/// Lists them.
#[pyfunction]
pub(crate) fn list_services(settings: &Settings, workspace_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        service_list(config, &workspace_id, observer)
    })
}

/// Says how one stands.
#[pyfunction]
pub(crate) fn status_service(
    settings: &Settings,
    workspace_id: String,
    service_name: String,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        service_status(config, &workspace_id, &service_name, observer)
    })
}

/// What one wrote, and how many lines of it were asked for.
struct Log {
    read: ServiceLogs,
    tail_lines: Option<usize>,
}

impl Serialize for Log {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.read.object(self.tail_lines).serialize(serializer)
    }
}

/// Reads what one wrote: its last lines, or all.
#[pyfunction]
pub(crate) fn logs_service(
    settings: &Settings,
    workspace_id: String,
    service_name: String,
    tail_lines: Option<usize>,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        let from = tail_lines.map_or(Beginning::Cursor(0), Beginning::LastLines);
        let read = LogsRead { from, max_bytes: WHOLE, wait: Duration::ZERO };
        let read = service_logs(config, &workspace_id, &service_name, &read, observer).await?;
        Ok(Log { read, tail_lines })
    })
}

/// Ends one.
#[pyfunction]
pub(crate) fn stop_service(
    settings: &Settings,
    workspace_id: String,
    service_name: String,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        service_stop(config, &workspace_id, &service_name, observer).await
    })
}
