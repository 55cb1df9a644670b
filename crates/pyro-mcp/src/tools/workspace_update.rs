//! `workspace_update`: what is noted about a workspace, and how long it may be idle.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::workspace_object::{output, show};
use pyro::Error;
use pyro::workspace::{Update, update};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_update",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Change a workspace's name, its labels, or how many seconds it may go unused before it is stopped. What \
is left out stays as it is.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Another name.
    name: Option<String>,
    /// Take its name away. Default false.
    #[serde(default)]
    clear_name: bool,
    /// Labels to set.
    labels: Option<BTreeMap<String, String>>,
    /// Labels to take away.
    clear_labels: Option<Vec<String>>,
    /// Another time without use.
    ttl_seconds: Option<u64>,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Name or label a workspace, or give it more time")
        .with_raw_output_schema(output())
        .with_annotations(changes().idempotent(true))
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let input: Input = arguments::read(arguments)?;
    let change = Update {
        name: input.name.map(Some).or(input.clear_name.then_some(None)),
        labels: input.labels.unwrap_or_default(),
        clear_labels: input.clear_labels.unwrap_or_default(),
        ttl_seconds: input.ttl_seconds,
    };
    let status = update(server.config(), &input.workspace_id, &change, &observer).await?;
    Ok(show(status, None, None))
}
