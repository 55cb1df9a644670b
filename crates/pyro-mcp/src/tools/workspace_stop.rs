//! `workspace_stop`: ends the machine of a workspace.

use crate::Profile;
use crate::arguments::{self, ByWorkspace};
use crate::progress::Phrase;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::workspace_object::{output, show};
use pyro::Error;
use pyro::workspace::stop;
use rmcp::model::{CallToolResult, JsonObject, Tool};

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_stop",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Stop a workspace: its machine ends and frees its memory; its files and its history stay, the \
processes in it do not. workspace_start resumes it.";

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ByWorkspace>())
        .with_title("Stop a workspace")
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
    phrase.set("stopping the workspace");
    let status = stop(server.config(), &workspace_id, &observer).await?;
    Ok(show(status, Some("workspace_start resumes it"), None))
}
