//! `workspace_list`: the workspaces there are.

use crate::Profile;
use crate::arguments::{self, Nothing};
use crate::progress::Phrase;
use crate::result::{both, excerpt, fitting};
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use pyro::Error;
use pyro::workspace::list;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_list",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
List the workspaces on this computer, those of earlier sessions included, the one used last first.";

/// So many characters of JSON the listing may have.
const BUDGET: usize = 20_000;

#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    /// How many there are.
    count: usize,
    /// How many of them did not fit in here.
    left_out: usize,
    workspaces: Vec<Summary>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Summary {
    workspace_id: String,
    name: Option<String>,
    labels: BTreeMap<String, String>,
    environment: String,
    state: String,
    created_at: u64,
    last_activity_at: u64,
    expires_at: u64,
    command_count: usize,
    service_count: usize,
    running_service_count: usize,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Nothing>())
        .with_title("List the workspaces")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Nothing {} = arguments::read(arguments)?;
    phrase.set("looking at the workspaces");
    let listing = list(server.config(), &observer).await?;
    let all = listing.workspaces.into_iter().map(Summary::of).collect();
    let (workspaces, left_out) = fitting(all, BUDGET);
    let output = Output { count: listing.count, left_out, workspaces };
    Ok(both(text(&output), &output))
}

fn text(output: &Output) -> String {
    let mut text = format!("count: {}\n", output.count);
    // Writing to a string cannot fail.
    for workspace in &output.workspaces {
        let Summary { workspace_id, name, state, environment, command_count, .. } = workspace;
        let name = name.as_ref().map(|name| format!(" name={name}")).unwrap_or_default();
        let _ = write!(
            text,
            "{workspace_id}{name} state={state} environment={environment} commands={command_count}"
        );
        for (label, value) in &workspace.labels {
            let _ = write!(text, " {label}={}", excerpt(value, 64, "cut"));
        }
        text.push('\n');
    }
    if output.left_out > 0 {
        let _ = writeln!(text, "note: {} more, used longer ago, are left out", output.left_out);
    }
    text.push_str(match output.count {
        0 => "next: workspace_create makes one\n",
        _ => "next: workspace_status with an id or name tells more about one\n",
    });
    text
}

impl Summary {
    fn of(summary: list::Summary) -> Self {
        Self {
            workspace_id: summary.workspace_id,
            name: summary.name,
            labels: summary.labels,
            environment: summary.environment,
            state: summary.state.to_string(),
            created_at: summary.created_at,
            last_activity_at: summary.last_activity_at,
            expires_at: summary.expires_at,
            command_count: summary.command_count,
            service_count: summary.service_count,
            running_service_count: summary.running_service_count,
        }
    }
}
