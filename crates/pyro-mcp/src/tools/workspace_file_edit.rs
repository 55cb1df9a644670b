//! `workspace_file_edit`: replaces a text in a file of a workspace.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::work::{notices, open, tell};
use pyro::Error;
use pyro::workspace::file_edit::Edit;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_file_edit",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Replace a text in a file of a workspace. old must be in the file exactly once, blanks and line breaks \
included; where it is not, the answer names the closest line or how often it is there.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Absolute, or relative to /workspace.
    path: String,
    /// The text that is there.
    old: String,
    /// The text to put in its place.
    new: String,
    /// Replace it wherever it is. Default false.
    #[serde(default)]
    replace_all: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    workspace_id: String,
    path: String,
    replacements: u64,
    size_bytes: u64,
    notices: Vec<String>,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Edit a file of a workspace")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let Input { workspace_id, path, old, new, replace_all } = arguments::read(arguments)?;
    let workspace = open(server, &workspace_id, phrase).await?;
    let edited = workspace.file_edit(&path, &Edit { old, new, replace_all }).await?;
    let notices = notices(&workspace).await;
    let mut text = format!(
        "path: {}\nreplacements: {}\nsize_bytes: {}\n",
        edited.path, edited.replacements, edited.size_bytes
    );
    tell(&mut text, &notices);
    let output = Output {
        workspace_id: edited.workspace_id,
        path: edited.path,
        replacements: edited.replacements,
        size_bytes: edited.size_bytes,
        notices,
    };
    Ok(both(text, &output))
}
