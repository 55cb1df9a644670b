//! `workspace_exec`: runs a command in a workspace.

use crate::Profile;
use crate::arguments::{self, MAX_TIMEOUT_SECONDS};
use crate::exec_report::report;
use crate::progress::Phrase;
use crate::result::text;
use crate::schema;
use crate::secrets;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::work::{notices, open};
use pyro::Error;
use pyro::vm::run::OutputLimits;
use pyro::workspace::exec::ExecRequest;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where secrets are the human's.
pub(crate) const CORE: Entry = Entry {
    name: "workspace_exec",
    profiles: &[Profile::WorkspaceCore],
    describe: || described(without_secrets(schema::input::<Input>())),
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

/// Where the model may use them.
pub(crate) const FULL: Entry = Entry {
    profiles: &[Profile::WorkspaceFull],
    describe: || described(schema::input::<Input>()),
    ..CORE
};

const DESCRIPTION: &str = "\
Run one shell command in a workspace, as root in /workspace with /bin/sh -lc, and return its exit code \
and its output: stdout and stderr in their order, at most 24,000 characters, both ends. A command that \
takes longer than wait_seconds goes on: the answer is `state: running` with an exec_id for \
workspace_exec_read and workspace_exec_stop. It also goes on when the call is cancelled or this session \
ends. Several may run at once.";

/// A call is answered within so many seconds: some hosts give up after 300.
const ANSWER_WITHIN: Duration = Duration::from_secs(220);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// One string for /bin/sh -lc.
    command: String,
    /// The command is killed after so many seconds; its exit code is then 124. Default 1800.
    #[serde(default = "timeout_seconds")]
    timeout_seconds: u64,
    /// How long to wait for its end, at most 220. Default 60.
    #[serde(default = "wait_seconds")]
    wait_seconds: u64,
    /// Secrets of the workspace in its environment: {secret: ENV_VAR}.
    secret_env: Option<BTreeMap<String, String>>,
}

fn timeout_seconds() -> u64 {
    1800
}

fn wait_seconds() -> u64 {
    60
}

fn described(input: Arc<JsonObject>) -> Tool {
    Tool::new(CORE.name, DESCRIPTION, input)
        .with_title("Run a command in a workspace")
        // Whatever it does, it does it in the workspace.
        .with_annotations(changes())
}

fn without_secrets(mut schema: Arc<JsonObject>) -> Arc<JsonObject> {
    if let Some(Value::Object(properties)) = Arc::make_mut(&mut schema).get_mut("properties") {
        properties.remove("secret_env");
    }
    schema
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    Ok(text(run(server, arguments, phrase).await?))
}

async fn run(server: &Server, arguments: JsonObject, phrase: &Phrase) -> Result<String, Error> {
    let asked_at = Instant::now();
    let input: Input = arguments::read(arguments)?;
    let workspace = open(server, &input.workspace_id, phrase).await?;
    let timeout_seconds = input.timeout_seconds.min(MAX_TIMEOUT_SECONDS);
    let secret_env = secrets::environment(server.profile(), input.secret_env)?;
    let request = ExecRequest { command: input.command, timeout_seconds, secret_env };
    let left = ANSWER_WITHIN.saturating_sub(asked_at.elapsed());
    let wait = Duration::from_secs(input.wait_seconds).min(left);
    phrase.set("running the command");
    // the output is read where its order is known
    let nothing = OutputLimits { max_bytes_each: 0 };
    let ran = workspace.exec_for(&request, wait, nothing).await?;
    let notices = notices(&workspace).await;
    report(server, &ran, timeout_seconds, &notices).await
}
