//! `service_start`: starts a command that the workspace keeps running.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::schema;
use crate::secrets;
use crate::server::Server;
use crate::service_object::{output, show};
use crate::tools::{Entry, changes};
use crate::work::{notices, open};
use pyro::Error;
use pyro::event::ignore;
use pyro::service::Publish;
use pyro::workspace::{ReadyWhen, ServiceRequest, WORKSPACE_PATH, service_status};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub(crate) const ENTRY: Entry = Entry {
    name: "service_start",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Start a service in a workspace: a command such as a server that goes on between calls. Waits until it is \
ready by at most one ready_ option; a service that ends before that, or is not ready in time and so is \
stopped, is an error with its last lines. One that has ended may be started anew.";

/// A call is answered within so many seconds: some hosts give up after 300.
const ANSWER_WITHIN: Duration = Duration::from_secs(220);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The workspace's id or name.
    workspace_id: String,
    /// Letters, digits, '.', '_' and '-'.
    service_name: String,
    /// One string for /bin/sh -lc.
    command: String,
    /// Default /workspace.
    #[serde(default = "cwd")]
    cwd: String,
    /// Ready when this path exists.
    ready_file: Option<String>,
    /// HOST:PORT that takes connections; HOST is localhost or an address.
    ready_tcp: Option<String>,
    /// http:// URL that answers with status 200 to 399.
    ready_http: Option<String>,
    /// Command that succeeds.
    ready_command: Option<String>,
    /// Default 30.
    #[serde(default = "ready_timeout_seconds")]
    ready_timeout_seconds: u64,
    /// Default 500.
    #[serde(default = "ready_interval_ms")]
    ready_interval_ms: u64,
    /// Ports that the user's computer reaches at 127.0.0.1; needs network_policy
    /// egress+published-ports.
    published_ports: Option<Vec<PublishedPort>>,
    /// Secrets of the workspace in its environment: {secret: ENV_VAR}.
    secret_env: Option<BTreeMap<String, String>>,
}

/// A port to publish.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct PublishedPort {
    guest_port: u16,
    /// Default: a free one.
    host_port: Option<u16>,
}

fn cwd() -> String {
    WORKSPACE_PATH.to_owned()
}

fn ready_timeout_seconds() -> u64 {
    ReadyWhen::default().timeout_seconds
}

fn ready_interval_ms() -> u64 {
    ReadyWhen::default().interval_ms
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Start a service in a workspace")
        .with_raw_output_schema(output())
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let asked_at = Instant::now();
    let input: Input = arguments::read(arguments)?;
    let workspace = open(server, &input.workspace_id, phrase).await?;
    let request = input.request(server.profile())?;
    phrase.set("waiting until the service is ready");
    let left = ANSWER_WITHIN.saturating_sub(asked_at.elapsed());
    let starting = workspace.service_start(server.config(), &request);
    let status = match tokio::time::timeout(left, starting).await {
        Ok(started) => started?,
        // it goes on starting
        Err(_) => service_status(server.config(), workspace.id(), &request.name, &ignore)?,
    };
    Ok(show(status, &notices(&workspace).await))
}

impl Input {
    fn request(self, profile: Profile) -> Result<ServiceRequest, Error> {
        let publish = self.published_ports.unwrap_or_default().into_iter();
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
                .map(|PublishedPort { guest_port, host_port }| Publish { guest_port, host_port })
                .collect(),
            secret_env: secrets::environment(profile, self.secret_env)?,
        })
    }
}
