//! `workspace_delete`: removes a workspace.

use crate::Profile;
use crate::arguments::{self, ByWorkspace};
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use pyro::Error;
use pyro::workspace::{Deleted, delete};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_delete",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Delete a workspace with everything in it, whatever state it is in. Take its workspace_diff first if \
its changes are wanted. Nothing on the user's computer is touched.";

/// What became of the workspace.
#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    workspace_id: String,
    /// Whether nothing of it is left.
    deleted: bool,
    reason: String,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ByWorkspace>())
        .with_title("Delete a workspace")
        .with_raw_output_schema(schema::output::<Output>())
        // Not destructive in the sense of the hosts, which ask the human before such a call: what goes was
        // made by a model in a sandbox that ends by itself, nothing of the human's. A command in the
        // workspace could remove as much without being asked about, and a question at the end of every
        // task teaches to say yes.
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let ByWorkspace { workspace_id } = arguments::read(arguments)?;
    phrase.set("deleting the workspace");
    let Deleted { workspace_id, deleted, reason } =
        delete(server.config(), &workspace_id, &observer).await?;
    let text = format!("workspace_id: {workspace_id}\ndeleted: {deleted}\nreason: {reason}\n");
    Ok(both(text, &Output { workspace_id, deleted, reason }))
}
