//! `workspace_start`: boots a workspace that does not run.

use crate::Profile;
use crate::arguments::{self, ByWorkspace};
use crate::progress::Phrase;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::workspace_object::{output, show};
use pyro::Error;
use pyro::workspace::start;
use rmcp::model::{CallToolResult, JsonObject, Tool};

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_start",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Start a workspace that was stopped or has expired, and return when commands can run in it. Its files \
are as they were. One that runs is left as it is.";

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ByWorkspace>())
        .with_title("Start a workspace")
        .with_raw_output_schema(output())
        .with_annotations(changes().idempotent(true))
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let ByWorkspace { workspace_id } = arguments::read(arguments)?;
    phrase.set("booting the workspace");
    let status = start(server.config(), &workspace_id, &observer).await?;
    Ok(show(status, None, None))
}
