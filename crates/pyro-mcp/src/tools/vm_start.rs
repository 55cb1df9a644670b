//! `vm_start`: boots a vm.

use crate::Profile;
use crate::arguments::{self, ById};
use crate::progress::Phrase;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::vm_object::{VmObject, show};
use pyro::Error;
use pyro::config::MAX_ACTIVE_VMS;
use pyro::vm::kept::{start, status};
use rmcp::model::{CallToolResult, JsonObject, Tool};

pub(crate) const ENTRY: Entry = Entry {
    name: "vm_start",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Boot a virtual machine that vm_create made, and return when commands can run in it. It runs until \
vm_exec has run its one command, until it is stopped or deleted, or until its ttl_seconds are over, \
even if this session ends. A started one is left as it is; a stopped one boots afresh, with nothing \
left of what it wrote.";

fn describe() -> Tool {
    let description = format!("{DESCRIPTION} At most {MAX_ACTIVE_VMS} are started at a time.");
    Tool::new(ENTRY.name, description, schema::input::<ById>())
        .with_title("Boot a virtual machine")
        .with_raw_output_schema(schema::output::<VmObject>())
        .with_annotations(changes().idempotent(true))
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let ById { vm_id } = arguments::read(arguments)?;
    let vm = status(server.config(), &vm_id, &observer).await?;
    server.permit(vm.allow_host_compat)?;
    phrase.set("booting the machine");
    Ok(show(start(server.config(), &vm.vm_id, &observer).await?))
}
