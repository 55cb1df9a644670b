//! A service as a model names it and sees it, in both forms.

use crate::result::{both, excerpt};
use crate::schema;
use crate::work::tell;
use pyro::service::{PublishedPort, Readiness, Service};
use pyro::workspace::ServiceStatus;
use rmcp::model::{CallToolResult, JsonObject};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

/// So many characters of a command are shown.
const COMMAND_CHARACTERS: usize = 400;

/// Arguments of tools that work on one service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByService {
    /// The workspace's id or name.
    pub(crate) workspace_id: String,
    pub(crate) service_name: String,
}

/// The structured form.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct ServiceObject {
    workspace_id: String,
    service_name: String,
    /// starting, running, exited, stopped or failed.
    state: String,
    command: String,
    cwd: String,
    started_at: u64,
    ready_at: Option<u64>,
    ended_at: Option<u64>,
    exit_code: Option<i32>,
    stop_reason: Option<String>,
    pid: Option<i32>,
    readiness: Option<Value>,
    published_ports: Vec<Port>,
    execution_mode: String,
    /// What to do with it.
    next: String,
}

/// A port on the user's computer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Port {
    host: String,
    host_port: u16,
    guest_port: u16,
    protocol: String,
}

/// What the schema describes of the structured form: what a model acts upon. Three tools answer with it, and
/// every schema is read by every model.
const DESCRIBED: [&str; 6] =
    ["workspace_id", "service_name", "state", "exit_code", "published_ports", "next"];

/// The schema of the structured form. What no caller can do without is required.
pub(crate) fn output() -> Arc<JsonObject> {
    let mut schema = schema::output::<ServiceObject>();
    let fields = Arc::make_mut(&mut schema);
    fields.insert("required".into(), json!(["workspace_id", "service_name", "state", "next"]));
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.retain(|name, _| DESCRIBED.contains(&name.as_str()));
        // what a port is explains itself where it is read
        properties.insert("published_ports".into(), json!({"type": "array"}));
    }
    schema
}

/// The answer that shows a service.
pub(crate) fn show(status: ServiceStatus, notices: &[String]) -> CallToolResult {
    let object = ServiceObject::of(status);
    let mut text = object.text();
    tell(&mut text, notices);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "next: {}", object.next);
    both(text, &object)
}

impl ServiceObject {
    pub(crate) fn of(status: ServiceStatus) -> Self {
        let next = next(&status.service);
        let ServiceStatus { workspace_id, service, execution_mode } = status;
        Self {
            workspace_id,
            service_name: service.service_name,
            state: service.state.to_string(),
            command: excerpt(&service.command, COMMAND_CHARACTERS, "the rest is not shown"),
            cwd: service.cwd,
            started_at: service.started_at,
            ready_at: service.ready_at,
            ended_at: service.ended_at,
            exit_code: service.exit_code,
            stop_reason: service.stop_reason.map(|reason| reason.to_string()),
            pid: service.pid,
            readiness: service.readiness.as_ref().and_then(readiness),
            published_ports: service.published_ports.into_iter().map(Port::of).collect(),
            execution_mode,
            next,
        }
    }

    /// Everything but the next step.
    fn text(&self) -> String {
        let mut text = format!("workspace_id: {}\n", self.workspace_id);
        text += &self.lines();
        let mut line = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{name}: {value}");
            }
        };
        line("cwd", Some(self.cwd.clone()));
        line("pid", self.pid.map(|pid| pid.to_string()));
        line("readiness", self.readiness.as_ref().map(ToString::to_string));
        line("started_at", Some(self.started_at.to_string()));
        line("ready_at", self.ready_at.map(|at| at.to_string()));
        line("ended_at", self.ended_at.map(|at| at.to_string()));
        text
    }

    /// What a list says of it, in a few lines.
    pub(crate) fn lines(&self) -> String {
        let Self { service_name, state, stop_reason, exit_code, .. } = self;
        let reason = stop_reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let code = exit_code.map(|code| format!(", exit_code {code}")).unwrap_or_default();
        let mut text = format!("service {service_name}: {state}{reason}{code}\n");
        let _ = writeln!(text, "command: {}", self.command);
        for Port { host, host_port, guest_port, .. } in &self.published_ports {
            let _ = writeln!(
                text,
                "published: port {guest_port} of it is {host}:{host_port} on the user's computer"
            );
        }
        text
    }
}

impl Port {
    fn of(port: PublishedPort) -> Self {
        let PublishedPort { host, host_port, guest_port, protocol } = port;
        Self { host, host_port, guest_port, protocol }
    }
}

fn readiness(readiness: &Readiness) -> Option<Value> {
    serde_json::to_value(readiness).ok()
}

fn next(service: &Service) -> String {
    use pyro::service::State;
    match service.state {
        State::Starting => "it is not ready yet: look again with service_status".into(),
        State::Running => "service_logs shows what it writes; service_stop ends it".into(),
        State::Exited | State::Failed => {
            "service_logs shows what it wrote; service_start starts it anew".into()
        }
        State::Stopped => "service_start starts it anew".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_described_is_there() {
        let schema = output();
        let properties = schema["properties"].as_object().unwrap();
        for name in DESCRIBED {
            assert!(properties.contains_key(name), "{name}");
        }
        assert!(schema.get("$defs").is_none(), "everything is written out");
    }
}
