//! `snapshot_list`: what a workspace can go back to.

use crate::Profile;
use crate::arguments::{self, ByWorkspace};
use crate::progress::Phrase;
use crate::result::{both, fitting};
use crate::schema;
use crate::server::Server;
use crate::snapshot_object::SnapshotObject;
use crate::tools::{Entry, looks};
use pyro::Error;
use pyro::workspace::snapshot_list;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "snapshot_list",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
List the snapshots of a workspace: what workspace_reset can go back to. The first is baseline, the \
workspace as it was when workspace_create answered.";

/// So many characters of JSON the snapshots may have.
const BUDGET: usize = 20_000;

#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    workspace_id: String,
    count: usize,
    /// The oldest first; long lists are cut.
    snapshots: Vec<SnapshotObject>,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ByWorkspace>())
        .with_title("List the snapshots of a workspace")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let ByWorkspace { workspace_id } = arguments::read(arguments)?;
    let found = snapshot_list(server.config(), &workspace_id, &observer).await?;
    let objects = found.snapshots.into_iter().map(SnapshotObject::of).collect();
    let (snapshots, left_out) = fitting(objects, BUDGET);
    let mut text = format!("workspace_id: {}\ncount: {}\n", found.workspace_id, found.count);
    for snapshot in &snapshots {
        text += &snapshot.line();
    }
    if left_out > 0 {
        text += &format!("{left_out} more are not shown\n");
    }
    let output = Output { workspace_id: found.workspace_id, count: found.count, snapshots };
    Ok(both(text, &output))
}
