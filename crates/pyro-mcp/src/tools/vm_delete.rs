//! `vm_delete`: removes a vm.

use crate::Profile;
use crate::arguments::{self, ById};
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use pyro::Error;
use pyro::vm::kept::{Deleted, delete};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "vm_delete",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Delete a virtual machine that vm_create made, whatever state it is in, with all that is in it. After \
vm_exec this is not needed: that deletes it.";

/// What became of the vm.
#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    vm_id: String,
    /// Whether nothing of it is left.
    deleted: bool,
    reason: String,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ById>())
        .with_title("Delete a virtual machine")
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
    let ById { vm_id } = arguments::read(arguments)?;
    phrase.set("deleting the machine");
    let Deleted { vm_id, deleted, reason } = delete(server.config(), &vm_id, &observer).await?;
    let text = format!("vm_id: {vm_id}\ndeleted: {deleted}\nreason: {reason}\n");
    Ok(both(text, &Output { vm_id, deleted, reason }))
}
