//! `workspace_patch_apply`: applies a patch to the files of a workspace.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::{excerpt, text};
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::work::{notices, open, tell};
use pyro::Error;
use pyro::patch::DiffEntry;
use pyro::workspace::patch_apply::PatchApplied;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_patch_apply",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Change many files of a workspace at once, all or nothing: a unified diff (git's headers optional) or \
*** Begin Patch. Lines around a change must be there exactly, but may have moved; where they are not, \
nothing changes and the answer shows the lines that are there.";

/// What the list of changed paths may have.
const FACTS: usize = 6_000;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Paths in it are relative to /workspace.
    patch: String,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Apply a patch in a workspace")
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let Input { workspace_id, patch } = arguments::read(arguments)?;
    let workspace = open(server, &workspace_id, phrase).await?;
    phrase.set("applying the patch");
    let applied = workspace.patch_apply(patch.into_bytes()).await?;
    Ok(text(said(&applied, &notices(&workspace).await)))
}

/// The paths. What was done to them is what the model has written itself.
fn said(applied: &PatchApplied, notices: &[String]) -> String {
    let PatchApplied { workspace_id, diff, offsets, .. } = applied;
    let summary = &diff.summary;
    let mut text = format!(
        "workspace_id: {workspace_id}\nchanged: {}\nsummary: {} total, {} added, {} modified, {} deleted, \
         {} type_changed\n",
        diff.changed,
        summary.total,
        summary.added,
        summary.modified,
        summary.deleted,
        summary.type_changed
    );
    for DiffEntry { path, status, .. } in &diff.entries {
        let status = format!("{status:?}").to_lowercase();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{status} {path}");
    }
    for offset in offsets {
        let _ = writeln!(text, "note: {offset}");
    }
    let mut text = excerpt(&text, FACTS, "workspace_diff lists all that has changed");
    tell(&mut text, notices);
    text
}
