//! `workspace_sync_push`: brings more files from the host into a workspace.

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
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_sync_push",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Copy a directory or archive of the user's computer into a workspace, over what is there: each file is \
replaced in one step, files that the source does not have stay. Only below directories that the human \
has opened. To write a text you have, use workspace_file_write.";

/// A call is answered before hosts give up, which some do after 300 seconds.
const LIMIT_SECONDS: u64 = 200;
/// So many files that were withheld are named.
const NAMED: usize = 20;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// A directory or .tar, .tar.gz, .tgz, .tar.zst archive; relative to the project.
    source_path: String,
    /// Where to, in the workspace. Default /workspace.
    #[serde(default = "dest")]
    dest: String,
}

fn dest() -> String {
    pyro::workspace::WORKSPACE_PATH.to_owned()
}

#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    workspace_id: String,
    execution_mode: String,
    workspace_sync: Sync,
    notices: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Sync {
    mode: String,
    source_path: Option<String>,
    destination: String,
    entry_count: u64,
    bytes_written: u64,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Copy files into a workspace")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(changes().idempotent(true))
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Input { workspace_id, source_path, dest } = arguments::read(arguments)?;
    let seed = server.sources().named(&source_path).await?;
    let workspace = open(server, &workspace_id, phrase).await?;
    let pushing = workspace.sync_push(seed, &dest, &observer);
    let pushed = tokio::time::timeout(Duration::from_secs(LIMIT_SECONDS), pushing)
        .await
        .map_err(|_| CallError::PushTooLong(LIMIT_SECONDS))??;
    let mut notices = notices(&workspace).await;
    notices.extend(left_out(&pushed.workspace_sync.withheld));
    let output = Output {
        workspace_id: pushed.workspace_id,
        execution_mode: pushed.execution_mode,
        workspace_sync: Sync {
            mode: pushed.workspace_sync.mode,
            source_path: pushed.workspace_sync.source_path,
            destination: pushed.workspace_sync.destination,
            entry_count: pushed.workspace_sync.entry_count,
            bytes_written: pushed.workspace_sync.bytes_written,
        },
        notices,
    };
    Ok(both(text(&output), &output))
}

fn left_out(withheld: &[String]) -> Option<String> {
    let named = withheld.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let count = withheld.len();
    (count > 0).then(|| {
        let named = excerpt(&named, 2_000, "there are more");
        format!("{count} file(s) that look like credentials were left out: {named}")
    })
}

fn text(output: &Output) -> String {
    let Sync { mode, destination, entry_count, bytes_written, .. } = &output.workspace_sync;
    let mut text = format!(
        "workspace_id: {}\nmode: {mode}\ndestination: {destination}\nentry_count: {entry_count}\n\
         bytes_written: {bytes_written}\n",
        output.workspace_id
    );
    tell(&mut text, &output.notices);
    text
}
