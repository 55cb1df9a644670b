//! `service_stop`: the end of a service, not of its workspace.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::schema;
use crate::server::Server;
use crate::service_object::{ByService, output, show};
use crate::tools::{Entry, changes};
use pyro::Error;
use pyro::workspace::service_stop;
use rmcp::model::{CallToolResult, JsonObject, Tool};

pub(crate) const ENTRY: Entry = Entry {
    name: "service_stop",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
End a service of a workspace and everything it started: with SIGTERM, and by force five seconds later. \
Its published ports are free then; its logs stay.";

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ByService>())
        .with_title("Stop a service")
        .with_raw_output_schema(output())
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let ByService { workspace_id, service_name } = arguments::read(arguments)?;
    phrase.set("waiting for the service's end");
    let stopped = service_stop(server.config(), &workspace_id, &service_name, &observer).await?;
    Ok(show(stopped, &[]))
}
