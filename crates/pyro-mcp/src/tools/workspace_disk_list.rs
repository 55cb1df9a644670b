//! `workspace_disk_list`: what is in a directory of a stopped workspace.

use crate::Profile;
use crate::arguments;
use crate::file_listing::FileListing;
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use pyro::Error;
use pyro::workspace::disk_list;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_disk_list",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
List a directory below /workspace of a stopped workspace, without starting it. Where it runs, use \
workspace_file_list.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Below /workspace. Default /workspace.
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
        .with_title("List files of a stopped workspace")
        .with_raw_output_schema(schema::output::<FileListing>())
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Input { workspace_id, path, recursive } = arguments::read(arguments)?;
    phrase.set("reading the workspace's disk");
    let list = disk_list(server.config(), &workspace_id, &path, recursive, &observer).await?;
    let rest = format!("workspace_disk_list of a directory below {} shows all of that", list.path);
    let listing = FileListing::of(list, Vec::new(), &rest);
    Ok(both(listing.text(), &listing))
}
