//! `service_list`: the services of a workspace.

use crate::Profile;
use crate::arguments::{self, ByWorkspace};
use crate::progress::Phrase;
use crate::result::{both, fitting};
use crate::schema;
use crate::server::Server;
use crate::service_object::ServiceObject;
use crate::tools::{Entry, looks};
use pyro::Error;
use pyro::workspace::service_list;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) const ENTRY: Entry = Entry {
    name: "service_list",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
List the services of a workspace by name, those that have ended since its last reset included.";

/// So many characters of JSON the services may have.
const BUDGET: usize = 20_000;

#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    workspace_id: String,
    count: usize,
    /// Each as service_status shows it.
    services: Vec<Map<String, Value>>,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ByWorkspace>())
        .with_title("List the services of a workspace")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let ByWorkspace { workspace_id } = arguments::read(arguments)?;
    let found = service_list(server.config(), &workspace_id, &observer)?;
    let objects = found.services.into_iter().map(ServiceObject::of).collect();
    let (services, left_out) = fitting::<ServiceObject>(objects, BUDGET);
    let mut text = format!("workspace_id: {}\ncount: {}\n", found.workspace_id, found.count);
    for service in &services {
        text += &service.lines();
    }
    if left_out > 0 {
        text += &format!("{left_out} more are not shown\n");
    }
    let objects = services.iter().filter_map(|one| serde_json::to_value(one).ok());
    let services = objects.filter_map(|object| object.as_object().cloned()).collect();
    let output = Output { workspace_id: found.workspace_id, count: found.count, services };
    Ok(both(text, &output))
}
