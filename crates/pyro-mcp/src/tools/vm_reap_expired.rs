//! `vm_reap_expired`: removes the vms whose time is over.

use crate::Profile;
use crate::arguments::{self, Nothing};
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use pyro::Error;
use pyro::vm::kept::reap;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "vm_reap_expired",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Delete every virtual machine of vm_create whose ttl_seconds are over, and return their ids. Those \
machines have ended by themselves and can no longer be started.";

/// So many ids are named in the text.
const NAMED: usize = 200;

/// What was deleted.
#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    /// At most 200 of them.
    deleted_vm_ids: Vec<String>,
    /// How many, all together.
    count: usize,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Nothing>())
        .with_title("Delete expired virtual machines")
        .with_raw_output_schema(schema::output::<Output>())
        // Nothing that could still be used goes with them.
        .with_annotations(changes().idempotent(true))
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Nothing {} = arguments::read(arguments)?;
    phrase.set("deleting expired machines");
    let reaped = reap(server.config(), &observer).await?;
    let (count, mut deleted_vm_ids) = (reaped.count, reaped.deleted_vm_ids);
    deleted_vm_ids.truncate(NAMED);
    let text = format!("count: {count}\ndeleted_vm_ids: {}\n", deleted_vm_ids.join(" "));
    Ok(both(text, &Output { deleted_vm_ids, count }))
}
