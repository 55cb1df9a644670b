//! `workspace_reset`: puts a workspace back to what it began with, or to another snapshot.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::workspace_object::{Reset, output, show};
use pyro::Error;
use pyro::workspace::reset::{BASELINE, Reset as Done, reset};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_reset",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Put a workspace back to what it was when workspace_create answered: a fresh machine with those files. \
Everything done since is gone, installed programs, running commands and history included.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// What to go back to. Default: baseline.
    #[serde(default = "baseline")]
    snapshot: String,
}

fn baseline() -> String {
    BASELINE.to_owned()
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Put a workspace back to its beginning")
        .with_raw_output_schema(output())
        // Not destructive, for the reasons of workspace_delete.
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Input { workspace_id, snapshot } = arguments::read(arguments)?;
    phrase.set("putting the workspace back");
    let done = reset(server.config(), &workspace_id, &snapshot, &observer).await?;
    let Done { snapshot_name, kind, destination, entry_count, bytes_written } =
        done.workspace_reset;
    let kind = kind.to_string();
    let what = Reset { snapshot_name, kind, destination, entry_count, bytes_written };
    Ok(show(done.workspace, None, Some(what)))
}
