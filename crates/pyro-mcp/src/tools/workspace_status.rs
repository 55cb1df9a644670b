//! `workspace_status`: what a workspace is, and what to do with it.

use crate::Profile;
use crate::arguments::{self, ByWorkspace};
use crate::progress::Phrase;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use crate::workspace_object::{output, show};
use pyro::Error;
use pyro::workspace::status;
use rmcp::model::{CallToolResult, JsonObject, Tool};

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_status",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Tell what a workspace is now: whether it is started, what it began with, how long it lives without \
use, how strongly it is isolated, which commands run.";

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ByWorkspace>())
        .with_title("Look at a workspace")
        .with_raw_output_schema(output())
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let ByWorkspace { workspace_id } = arguments::read(arguments)?;
    phrase.set("looking at the workspace");
    let status = status(server.config(), &workspace_id, &observer).await?;
    Ok(show(status, None, None))
}
