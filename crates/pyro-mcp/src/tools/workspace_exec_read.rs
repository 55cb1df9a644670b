//! `workspace_exec_read`: what a command of a workspace wrote.

use crate::Profile;
use crate::arguments;
use crate::exec_report::{page, read};
use crate::progress::Phrase;
use crate::result::text;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use pyro::Error;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_exec_read",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Read what a command of workspace_exec wrote, while it runs or after its end, in the order in which it \
wrote it, and whether it runs still. Lines [stderr] and [stdout] say that the stream changes. Begin \
with cursor 0 and go on with the next_cursor of the last answer.";

/// A call is answered within so many milliseconds: some hosts give up after 300 seconds.
const MAX_WAIT_MS: u64 = 220_000;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// From workspace_exec or workspace_logs.
    exec_id: String,
    /// Where to begin, in bytes. Default 0.
    #[serde(default)]
    cursor: u64,
    /// How long to wait for something new, at most 220000. Default: not at all.
    wait_ms: Option<u64>,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Read a command's output")
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let Input { exec_id, cursor, wait_ms } = arguments::read(arguments)?;
    phrase.set("waiting for output");
    let wait = Duration::from_millis(wait_ms.unwrap_or(0).min(MAX_WAIT_MS));
    Ok(text(page(&read(server, &exec_id, cursor, wait).await?)))
}
