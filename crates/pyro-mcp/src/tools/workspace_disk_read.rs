//! `workspace_disk_read`: a text file of a stopped workspace, or a part of it.

use crate::Profile;
use crate::arguments;
use crate::file_page::page;
use crate::progress::Phrase;
use crate::result::text;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use pyro::Error;
use pyro::workspace::disk_read;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_disk_read",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Read a text file below /workspace of a stopped workspace, or a part of it, without starting it. At most \
some 22,000 characters at a time; the answer says how to read on.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Below /workspace.
    path: String,
    /// Default 65536.
    #[serde(default = "max_bytes")]
    max_bytes: u64,
    /// The first byte. Default 0.
    #[serde(default)]
    offset: u64,
}

fn max_bytes() -> u64 {
    65_536
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Read a file of a stopped workspace")
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Input { workspace_id, path, max_bytes, offset } = arguments::read(arguments)?;
    phrase.set("reading the workspace's disk");
    let (part, disclosure) = ((offset, max_bytes), server.disclosure());
    let content =
        disk_read(server.config(), &workspace_id, &path, part, disclosure, &observer).await?;
    Ok(text(page(&content, &[], "workspace_disk_read")))
}
