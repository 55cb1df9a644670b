//! `workspace_export`: copies a file or a directory of a workspace to the host.

use crate::Profile;
use crate::arguments;
use crate::error::CallError;
use crate::progress::Phrase;
use crate::result::{both, excerpt};
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::work::{notices, open, tell};
use pyro::Error;
use pyro::export::ExportLimits;
use pyro::workspace::export::{Export, WorkspaceExport};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_export",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Copy a file or directory of a workspace to a new name on the user's computer, below a directory that the \
human has opened (default: .pyro/out in the project). .git and links that lead out are left out. For changes \
to the project use workspace_diff.";

/// A call is answered before hosts give up, which some do after 300 seconds.
const LIMIT_SECONDS: u64 = 200;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Absolute, or relative to /workspace.
    path: String,
    /// Relative to the opened directory.
    output_path: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    workspace_id: String,
    workspace_path: String,
    output_path: String,
    artifact_type: String,
    entry_count: u64,
    bytes_written: u64,
    execution_mode: String,
    notices: Vec<String>,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Copy files out of a workspace")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Input { workspace_id, path, output_path } = arguments::read(arguments)?;
    let target = server.destinations().named(&output_path).await?;
    let workspace = open(server, &workspace_id, phrase).await?;
    let export = Export { target, overwrite: false, limits: ExportLimits::default() };
    let exporting = workspace.export(&path, export, &observer);
    let exported = tokio::time::timeout(Duration::from_secs(LIMIT_SECONDS), exporting)
        .await
        .map_err(|_| CallError::ExportTooLong(LIMIT_SECONDS))??;
    let mut notices = notices(&workspace).await;
    notices.extend(left_out(&exported));
    let output = Output {
        workspace_id: exported.workspace_id,
        workspace_path: exported.workspace_path,
        output_path: exported.output_path,
        artifact_type: exported.artifact_type,
        entry_count: exported.entry_count,
        bytes_written: exported.bytes_written,
        execution_mode: exported.execution_mode,
        notices,
    };
    Ok(both(text(&output), &output))
}

fn left_out(exported: &WorkspaceExport) -> Vec<String> {
    let mut notices = Vec::new();
    let count = exported.links_left_out_count;
    if count > 0 {
        let named = excerpt(&exported.links_left_out.join(", "), 2_000, "there are more");
        notices
            .push(format!("{count} symbolic link(s) that lead out of it were left out: {named}"));
    }
    if exported.git_left_out {
        notices.push(".git was left out; git bundle packs commits into a file".into());
    }
    notices
}

fn text(output: &Output) -> String {
    let mut text = format!(
        "workspace_id: {}\nworkspace_path: {}\noutput_path: {}\nartifact_type: {}\nentry_count: {}\n\
         bytes_written: {}\n",
        output.workspace_id,
        output.workspace_path,
        output.output_path,
        output.artifact_type,
        output.entry_count,
        output.bytes_written
    );
    tell(&mut text, &output.notices);
    text
}
