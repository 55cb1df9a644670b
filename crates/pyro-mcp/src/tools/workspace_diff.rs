//! `workspace_diff`: what was changed in a workspace.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::{MAX_CHARACTERS, excerpt, text};
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use crate::work::{notices, open, tell};
use pyro::Error;
use pyro::patch::{DiffEntry, Limits};
use pyro::workspace::diff::WorkspaceDiff;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_diff",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Show what was changed in a workspace since workspace_create: the changed paths, and one patch that git \
apply accepts in the project it began with. Whatever lies in .git is left out. A long patch comes in \
pages; the answer says how to read on.";

/// What the facts and the list of changed paths may have, of the whole answer.
const FACTS: usize = 6_000;
/// What may stand behind the patch.
const CLOSING: usize = 500;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Where in the patch to begin, in bytes. Default 0.
    #[serde(default)]
    offset: usize,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Show what was changed in a workspace")
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let Input { workspace_id, offset } = arguments::read(arguments)?;
    let workspace = open(server, &workspace_id, phrase).await?;
    phrase.set("comparing with the beginning");
    let diff = workspace.diff(Limits::default()).await?;
    Ok(text(page(&diff, offset, &notices(&workspace).await)))
}

/// The facts, then a page of the patch.
fn page(found: &WorkspaceDiff, offset: usize, notices: &[String]) -> String {
    let mut page = String::new();
    let patch = &found.diff.patch.text;
    if offset == 0 {
        facts(&mut page, found);
        tell(&mut page, notices);
        page = excerpt(&page, FACTS, "git status in the workspace lists them all");
    }
    if !found.diff.changed {
        return page;
    }
    let begin = (0..=offset.min(patch.len())).rev().find(|at| patch.is_char_boundary(*at));
    let rest = patch.get(begin.unwrap_or(0)..).unwrap_or_default();
    let room = MAX_CHARACTERS.saturating_sub(page.chars().count() + CLOSING);
    let shown = whole_files(rest, room);
    page += "patch:\n";
    page += shown;
    let next = patch.len() - (rest.len() - shown.len());
    if next < patch.len() {
        let (left, id) = (patch.len() - next, &found.workspace_id);
        let _ = writeln!(
            page,
            "[... {left} bytes of the patch follow; workspace_diff with workspace_id {id} and offset \
             {next} reads on ...]"
        );
    }
    page
}

fn facts(text: &mut String, found: &WorkspaceDiff) {
    let WorkspaceDiff { diff, workspace_id, .. } = found;
    let summary = &diff.summary;
    // Writing to a string cannot fail.
    let _ = writeln!(text, "workspace_id: {workspace_id}\nchanged: {}", diff.changed);
    let _ = writeln!(
        text,
        "summary: {} total, {} added, {} modified, {} deleted, {} type_changed",
        summary.total, summary.added, summary.modified, summary.deleted, summary.type_changed
    );
    if found.git_metadata_changed {
        text.push_str("git_metadata_changed: true (commits or branches; git log shows them)\n");
    }
    if found.entries_truncated {
        text.push_str("note: there are more changed paths than are told\n");
    }
    let left_out = &diff.patch.left_out;
    if !left_out.is_empty() {
        let named = excerpt(&left_out.join(", "), 1_000, "there are more");
        let _ = writeln!(text, "note: not in the patch, {} path(s): {named}", left_out.len());
    }
    for DiffEntry { path, status, .. } in &diff.entries {
        let status = format!("{status:?}").to_lowercase();
        let _ = writeln!(text, "{status} {path}");
    }
}

/// As many whole files of the patch as fit; where not even one does, whole lines of it.
fn whole_files(patch: &str, room: usize) -> &str {
    let Some((end, _)) = patch.char_indices().nth(room) else { return patch };
    let fitting = patch.get(..end).unwrap_or(patch);
    let file = fitting.rfind("\ndiff --git ").map(|at| at + 1);
    let line = || fitting.rfind('\n').map(|at| at + 1);
    fitting.get(..file.or_else(line).unwrap_or(end)).unwrap_or(fitting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyro::patch::{Content, PatchWriter, Side};

    fn diff(files: usize, lines: usize) -> WorkspaceDiff {
        let mut writer = PatchWriter::new(Limits::default());
        for number in 0..files {
            let text = format!("line ä {number}\n").repeat(lines);
            let side = Side::file(0o644, Content::Bytes(text.as_bytes()));
            writer.add(format!("file-{number:04}").as_bytes(), None, Some(side));
        }
        WorkspaceDiff {
            workspace_id: "ws-1".into(),
            diff: writer.finish(),
            entries_truncated: false,
            git_metadata_changed: false,
            notices: vec![],
        }
    }

    #[test]
    fn pages_put_together_are_the_patch_and_none_is_too_long() {
        for (files, lines) in [(1, 3), (3, 5), (400, 9), (1, 20_000), (4, 4000)] {
            let found = diff(files, lines);
            let (mut offset, mut whole) = (0, String::new());
            loop {
                let page = page(&found, offset, &[]);
                assert!(page.chars().count() <= MAX_CHARACTERS, "{}", page.chars().count());
                let shown = page.split_once("patch:\n").unwrap().1;
                let Some((shown, rest)) = shown.split_once("[... ") else {
                    whole += shown;
                    break;
                };
                whole += shown;
                offset = rest
                    .split_once("offset ")
                    .unwrap()
                    .1
                    .split(' ')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap();
                assert_eq!(offset, whole.len());
            }
            assert_eq!(whole, found.diff.patch.text, "{files} files");
        }
    }

    #[test]
    fn no_change_is_said_in_words() {
        let page = page(&diff(0, 0), 0, &["soon".into()]);
        assert!(page.contains("changed: false\n") && page.contains("note: soon\n"), "{page}");
        assert!(!page.contains("patch:"));
    }
}
