//! `service_status`: how a service stands.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::schema;
use crate::server::Server;
use crate::service_object::{ByService, output, show};
use crate::tools::{Entry, looks};
use pyro::Error;
use pyro::workspace::service_status;
use rmcp::model::{CallToolResult, JsonObject, Tool};

pub(crate) const ENTRY: Entry = Entry {
    name: "service_status",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Show whether a service of a workspace runs, how it ended, and where its published ports are on the \
user's computer.";

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ByService>())
        .with_title("Show a service")
        .with_raw_output_schema(output())
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let ByService { workspace_id, service_name } = arguments::read(arguments)?;
    let status = service_status(server.config(), &workspace_id, &service_name, &observer)?;
    Ok(show(status, &[]))
}
