//! `workspace_file_read`: a text file of a workspace, or a part of it.

use crate::Profile;
use crate::arguments;
use crate::file_page::page;
use crate::progress::Phrase;
use crate::result::text;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use crate::work::{notices, open};
use pyro::Error;
use pyro::workspace::file_read::{FileRead, From};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_file_read",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Read a text file of a workspace, or a part of it by bytes (offset, max_bytes) or by lines (first_line, \
line_count). At most some 22,000 characters at a time; the answer says how to read on.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Absolute, or relative to /workspace.
    path: String,
    /// Default 65536.
    #[serde(default = "max_bytes")]
    max_bytes: u64,
    /// The first byte. Default 0.
    #[serde(default)]
    offset: u64,
    /// The first line, from 1; instead of offset.
    first_line: Option<u64>,
    /// How many lines.
    line_count: Option<u64>,
}

fn max_bytes() -> u64 {
    65_536
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Read a file of a workspace")
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let input: Input = arguments::read(arguments)?;
    let workspace = open(server, &input.workspace_id, phrase).await?;
    let from = match (input.first_line, input.line_count) {
        (None, None) => From::Byte(input.offset),
        (first, count) => {
            From::Line { first: first.unwrap_or(1), count: count.unwrap_or(u64::MAX) }
        }
    };
    let read = FileRead { from, max_bytes: input.max_bytes };
    let content = workspace.file_read(&input.path, read).await?;
    Ok(text(page(&content, &notices(&workspace).await, "workspace_file_read")))
}
