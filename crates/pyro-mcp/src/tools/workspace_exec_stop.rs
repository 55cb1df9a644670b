//! `workspace_exec_stop`: ends a command of a workspace.

use crate::Profile;
use crate::arguments;
use crate::exec_report::state;
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use pyro::Error;
use pyro::workspace::exec_stop::exec_stop;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_exec_stop",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
End a running command of workspace_exec and all that it started: politely, two seconds later by force. \
One that has ended is left as it is.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// From workspace_exec or workspace_logs.
    exec_id: String,
}

/// How it stands then.
#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    workspace_id: String,
    exec_id: String,
    /// exited where it obeyed or had ended before, stopped where it had to be killed.
    state: &'static str,
    exit_code: Option<i32>,
    next: String,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("End a command")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(changes().idempotent(true))
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Input { exec_id } = arguments::read(arguments)?;
    phrase.set("ending the command");
    let ended = exec_stop(server.config(), &exec_id, &observer).await?;
    let next = format!(
        "workspace_exec_read with exec_id {exec_id} and cursor 0 reads what it wrote ({} bytes)",
        ended.total_bytes
    );
    let output = Output {
        workspace_id: ended.workspace_id,
        exec_id,
        state: state(ended.state),
        exit_code: ended.exit_code,
        next,
    };
    Ok(both(text(&output), &output))
}

fn text(output: &Output) -> String {
    let Output { workspace_id, exec_id, state, exit_code, next } = output;
    let code = exit_code.map_or("none".to_owned(), |code| code.to_string());
    format!(
        "workspace_id: {workspace_id}\nexec_id: {exec_id}\nstate: {state}\nexit_code: {code}\n\
         next: {next}\n"
    )
}
