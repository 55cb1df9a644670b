//! `snapshot_delete`: gives the space of a snapshot back.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::snapshot_object::BySnapshot;
use crate::tools::{Entry, changes};
use pyro::Error;
use pyro::workspace::{SnapshotDeleted, snapshot_delete};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "snapshot_delete",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Delete a snapshot of a workspace, which frees its space. The workspace itself stays as it is; its \
baseline cannot be deleted.";

/// What became of the snapshot.
#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    workspace_id: String,
    snapshot_name: String,
    deleted: bool,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<BySnapshot>())
        .with_title("Delete a snapshot of a workspace")
        .with_raw_output_schema(schema::output::<Output>())
        // Not destructive, for the reasons of workspace_delete.
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let BySnapshot { workspace_id, snapshot_name } = arguments::read(arguments)?;
    phrase.set("deleting the snapshot");
    let SnapshotDeleted { workspace_id, snapshot_name, deleted } =
        snapshot_delete(server.config(), &workspace_id, &snapshot_name, &observer).await?;
    let text = format!(
        "workspace_id: {workspace_id}\nsnapshot_name: {snapshot_name}\ndeleted: {deleted}\n"
    );
    Ok(both(text, &Output { workspace_id, snapshot_name, deleted }))
}
