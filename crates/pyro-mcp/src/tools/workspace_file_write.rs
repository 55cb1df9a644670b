//! `workspace_file_write`: makes or replaces a file of a workspace.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::work::{notices, open, tell};
use pyro::Error;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_file_write",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Write a text file in a workspace: it is made, with the directories above it, or replaced in one step. \
For small changes to a large file use workspace_file_edit.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Absolute, or relative to /workspace.
    path: String,
    /// The whole content.
    text: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    workspace_id: String,
    path: String,
    size_bytes: u64,
    bytes_written: u64,
    notices: Vec<String>,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Write a file in a workspace")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(changes().idempotent(true))
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let input: Input = arguments::read(arguments)?;
    let workspace = open(server, &input.workspace_id, phrase).await?;
    let written = workspace.file_write(&input.path, input.text.as_bytes()).await?;
    let notices = notices(&workspace).await;
    let mut text = format!("path: {}\nbytes_written: {}\n", written.path, written.bytes_written);
    tell(&mut text, &notices);
    let output = Output {
        workspace_id: written.workspace_id,
        path: written.path,
        size_bytes: written.size_bytes,
        bytes_written: written.bytes_written,
        notices,
    };
    Ok(both(text, &output))
}
