//! `vm_stop`: ends the machine of a vm.

use crate::Profile;
use crate::arguments::{self, ById};
use crate::progress::Phrase;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::vm_object::{VmObject, show};
use pyro::Error;
use pyro::vm::kept::stop;
use rmcp::model::{CallToolResult, JsonObject, Tool};

pub(crate) const ENTRY: Entry = Entry {
    name: "vm_stop",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Stop a virtual machine that vm_start booted. Everything in it is lost, its memory is free again, and \
its id stays until vm_delete: vm_start can boot it afresh. One that does not run is left as it is.";

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ById>())
        .with_title("Stop a virtual machine")
        .with_raw_output_schema(schema::output::<VmObject>())
        // Not destructive, for the reasons of workspace_delete.
        .with_annotations(changes().idempotent(true))
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let ById { vm_id } = arguments::read(arguments)?;
    phrase.set("stopping the machine");
    Ok(show(stop(server.config(), &vm_id, &observer).await?))
}
