//! `workspace_file_list`: what is in a directory of a workspace.

use crate::Profile;
use crate::arguments;
use crate::file_listing::FileListing;
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use crate::work::{notices, open};
use pyro::Error;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_file_list",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
List a directory of a workspace: paths, types, sizes. No link is followed. Long listings are cut; \
workspace_exec with find or git ls-files is better for searching.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Absolute, or relative to /workspace. Default /workspace.
    #[serde(default = "path")]
    path: String,
    /// List what is in directories below too. Default false.
    #[serde(default)]
    recursive: bool,
}

fn path() -> String {
    pyro::workspace::WORKSPACE_PATH.to_owned()
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("List files of a workspace")
        .with_raw_output_schema(schema::output::<FileListing>())
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let Input { workspace_id, path, recursive } = arguments::read(arguments)?;
    let workspace = open(server, &workspace_id, phrase).await?;
    let list = workspace.file_list(&path, recursive).await?;
    let rest = format!(
        "workspace_file_list of a directory below {} shows all of that, and workspace_exec with \
         workspace_id {} can search with find",
        list.path, list.workspace_id
    );
    let listing = FileListing::of(list, notices(&workspace).await, &rest);
    Ok(both(listing.text(), &listing))
}
