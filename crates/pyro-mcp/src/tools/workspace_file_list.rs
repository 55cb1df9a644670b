//! `workspace_file_list`: what is in a directory of a workspace.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::{both, fitting};
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use crate::work::{notices, open, tell};
use pyro::Error;
use pyro::workspace::file_list::FileEntry;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_file_list",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
List a directory of a workspace: paths, types, sizes. No link is followed. Long listings are cut; \
workspace_exec with find or git ls-files is better for searching.";

/// So many characters of JSON the entries may have.
const BUDGET: usize = 22_000;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Absolute, or relative to /workspace. Default /workspace.
    #[serde(default = "path")]
    path: String,
    /// List what is in directories below too. Default false.
    #[serde(default)]
    recursive: bool,
}

fn path() -> String {
    pyro::workspace::WORKSPACE_PATH.to_owned()
}

#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    workspace_id: String,
    path: String,
    recursive: bool,
    entries: Vec<Listed>,
    /// Whether there are more.
    truncated: bool,
    /// How to see the rest.
    next: Option<String>,
    notices: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Listed {
    path: String,
    /// file, directory, symlink or other.
    artifact_type: String,
    size_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_target: Option<String>,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("List files of a workspace")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let Input { workspace_id, path, recursive } = arguments::read(arguments)?;
    let workspace = open(server, &workspace_id, phrase).await?;
    let list = workspace.file_list(&path, recursive).await?;
    let (entries, left_out) = fitting(list.entries.into_iter().map(Listed::of).collect(), BUDGET);
    let truncated = list.truncated || left_out > 0;
    let next = truncated.then(|| rest(&list.workspace_id, &list.path, &entries));
    let output = Output {
        workspace_id: list.workspace_id,
        path: list.path,
        recursive,
        entries,
        truncated,
        next,
        notices: notices(&workspace).await,
    };
    Ok(both(text(&output), &output))
}

/// The calls that return what is left out.
fn rest(workspace_id: &str, path: &str, entries: &[Listed]) -> String {
    let last = entries.last().map_or("", |entry| entry.path.as_str());
    format!(
        "cut after {last}; workspace_file_list of a directory below {path} shows all of that, and \
         workspace_exec with workspace_id {workspace_id} can search with find"
    )
}

fn text(output: &Output) -> String {
    let mut text = format!("path: {}\n", output.path);
    tell(&mut text, &output.notices);
    // Writing to a string cannot fail.
    for Listed { path, artifact_type, size_bytes, link_target } in &output.entries {
        let _ = match (artifact_type.as_str(), link_target) {
            ("directory", _) => writeln!(text, "{path}/"),
            (_, Some(target)) => writeln!(text, "{path} -> {target}"),
            ("file", None) => writeln!(text, "{path} {size_bytes}"),
            (other, None) => writeln!(text, "{path} ({other})"),
        };
    }
    if output.entries.is_empty() {
        text.push_str("(empty)\n");
    }
    if let Some(next) = &output.next {
        let _ = writeln!(text, "next: {next}");
    }
    text
}

impl Listed {
    fn of(entry: FileEntry) -> Self {
        // the contract's word for it is the serialized one
        let artifact_type = match serde_json::to_value(entry.artifact_type) {
            Ok(Value::String(word)) => word,
            _ => "other".to_owned(),
        };
        Self {
            path: entry.path,
            artifact_type,
            size_bytes: entry.size_bytes,
            link_target: entry.link_target,
        }
    }
}
