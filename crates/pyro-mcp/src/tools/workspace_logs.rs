//! `workspace_logs`: the commands that ran in a workspace.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::{MAX_CHARACTERS, excerpt, text};
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use pyro::Error;
use pyro::vm::run::OutputLimits;
use pyro::workspace::{LogEntry, Logs, logs};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_logs",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Show the commands that ran in a workspace since it was made or reset, with their exit codes and the ends \
of their output, the latest ones where there are many. workspace_exec_read returns the whole output of \
one.";

/// So many characters of a command, and of each of its streams, are shown.
const EXCERPT: usize = 1_000;
/// Around the entries.
const FACTS: usize = 500;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Show those before this sequence number. Default: the latest.
    before: Option<u64>,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Show a workspace's history")
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Input { workspace_id, before } = arguments::read(arguments)?;
    phrase.set("reading the history");
    let limits = OutputLimits { max_bytes_each: EXCERPT };
    let history = logs(server.config(), &workspace_id, limits, &observer).await?;
    Ok(text(page(&history, before)))
}

/// The latest entries that fit, in their order.
fn page(history: &Logs, before: Option<u64>) -> String {
    let mut room = MAX_CHARACTERS - FACTS;
    let mut shown = Vec::new();
    let mut left_out = None;
    let wanted = |entry: &&LogEntry| before.is_none_or(|before| entry.sequence < before);
    for entry in history.entries.iter().filter(wanted).rev() {
        let entry_text = entry_text(entry);
        let Some(rest) = room.checked_sub(entry_text.chars().count()) else {
            left_out = shown.len().checked_sub(1).map(|_| entry.sequence + 1);
            break;
        };
        room = rest;
        shown.push(entry_text);
    }
    let mut page = format!("workspace_id: {}\ncount: {}\n", history.workspace_id, history.count);
    // Writing to a string cannot fail.
    if let Some(before) = left_out {
        let id = &history.workspace_id;
        let _ = writeln!(
            page,
            "[... earlier ones left out; workspace_logs with workspace_id {id} and before {before} \
             shows them ...]"
        );
    }
    page.extend(shown.into_iter().rev());
    page
}

fn entry_text(entry: &LogEntry) -> String {
    let LogEntry { sequence, exec_id, command, stdout, stderr, failure, .. } = entry;
    let advice = format!("workspace_exec_read with exec_id {exec_id} returns all of it");
    let code = entry.exit_code.map_or("running".to_owned(), |code| format!("exit_code {code}"));
    let took = entry.duration_ms.map(|took| format!(", {took} ms")).unwrap_or_default();
    let command = excerpt(command, EXCERPT, "cut");
    let mut text = format!("\n#{sequence} {exec_id} ({code}{took})\n$ {command}\n");
    for (name, content) in [("stdout", stdout), ("stderr", stderr)] {
        if !content.is_empty() {
            let content = excerpt(content, EXCERPT, &advice);
            let _ = writeln!(text, "{name}:\n{}", content.trim_end());
        }
    }
    if let Some(why) = failure {
        let _ = writeln!(text, "note: {}", excerpt(why, 400, "see the server's host"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(count: u64, output: usize) -> Logs {
        let entry = |sequence| LogEntry {
            sequence,
            exec_id: format!("ws-1.{sequence}"),
            command: format!("step {sequence}"),
            cwd: "/workspace".into(),
            exit_code: Some(0),
            duration_ms: Some(5),
            execution_mode: "guest_vsock".into(),
            stdout: "o".repeat(output),
            stderr: String::new(),
            recorded_at: 0,
            failure: None,
        };
        let entries: Vec<LogEntry> = (1..=count).map(entry).collect();
        Logs { workspace_id: "ws-1".into(), count: entries.len(), entries }
    }

    #[test]
    fn the_latest_are_shown_and_the_calls_for_the_earlier_ones_reach_them_all() {
        let history = history(200, 5_000);
        let (mut before, mut seen) = (None, 0);
        loop {
            let page = page(&history, before);
            assert!(page.chars().count() <= MAX_CHARACTERS, "{}", page.chars().count());
            seen += page.matches("\n$ step ").count();
            let Some((_, rest)) = page.split_once("and before ") else { break };
            before = rest.split(' ').next().unwrap().parse().ok();
        }
        assert_eq!(seen, 200);
        let page = page(&history, None);
        assert!(
            page.contains("#200 ws-1.200 (exit_code 0, 5 ms)\n$ step 200\nstdout:\no"),
            "{page}"
        );
    }
}
