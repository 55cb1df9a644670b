//! `snapshot_create`: a copy of a workspace's whole disk, to go back to.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::snapshot_object::{BySnapshot, SnapshotObject};
use crate::tools::{Entry, changes};
use pyro::Error;
use pyro::workspace::snapshot_create;
use rmcp::model::{CallToolResult, JsonObject, Tool};

pub(crate) const ENTRY: Entry = Entry {
    name: "snapshot_create",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Keep a workspace as it is now: files, installed programs, everything on its disk. workspace_reset with \
this snapshot goes back to it, as often as wanted. Running processes are not part of it.";

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<BySnapshot>())
        .with_title("Keep a snapshot of a workspace")
        .with_raw_output_schema(schema::output::<SnapshotObject>())
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let BySnapshot { workspace_id, snapshot_name } = arguments::read(arguments)?;
    phrase.set("copying the workspace's disk");
    let taken = snapshot_create(server.config(), &workspace_id, &snapshot_name, &observer).await?;
    let object = SnapshotObject::of(taken);
    Ok(both(object.text(), &object))
}
