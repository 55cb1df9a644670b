//! `vm_status`: what a vm is, and what to do with it.

use crate::Profile;
use crate::arguments::{self, ById};
use crate::progress::Phrase;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use crate::vm_object::{VmObject, show};
use pyro::Error;
use pyro::vm::kept::status;
use rmcp::model::{CallToolResult, JsonObject, Tool};

pub(crate) const ENTRY: Entry = Entry {
    name: "vm_status",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Tell whether a virtual machine that vm_create made is created, started or stopped, how long it has \
left, how strongly it is isolated, and which call comes next.";

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ById>())
        .with_title("Look at a virtual machine")
        .with_raw_output_schema(schema::output::<VmObject>())
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let ById { vm_id } = arguments::read(arguments)?;
    Ok(show(status(server.config(), &vm_id, &observer).await?))
}
