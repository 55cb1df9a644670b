//! `workspace_file_read`: a text file of a workspace, or a part of it.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::{MAX_CHARACTERS, text};
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use crate::work::{notices, open, tell};
use pyro::Error;
use pyro::workspace::file_read::{FileContent, FileRead, From};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "workspace_file_read",
    profiles: &[Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Read a text file of a workspace, or a part of it by bytes (offset, max_bytes) or by lines (first_line, \
line_count). At most some 22,000 characters at a time; the answer says how to read on.";

/// What everything but the content may need: paths have up to 4,095 bytes.
const FACTS: usize = 1_500;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Absolute, or relative to /workspace.
    path: String,
    /// Default 65536.
    #[serde(default = "max_bytes")]
    max_bytes: u64,
    /// The first byte. Default 0.
    #[serde(default)]
    offset: u64,
    /// The first line, from 1; instead of offset.
    first_line: Option<u64>,
    /// How many lines.
    line_count: Option<u64>,
}

fn max_bytes() -> u64 {
    65_536
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Read a file of a workspace")
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let input: Input = arguments::read(arguments)?;
    let workspace = open(server, &input.workspace_id, phrase).await?;
    let from = match (input.first_line, input.line_count) {
        (None, None) => From::Byte(input.offset),
        (first, count) => {
            From::Line { first: first.unwrap_or(1), count: count.unwrap_or(u64::MAX) }
        }
    };
    let read = FileRead { from, max_bytes: input.max_bytes };
    let content = workspace.file_read(&input.path, read).await?;
    Ok(text(page(&content, &notices(&workspace).await)))
}

/// The facts, then the content, cut where it is too long for one answer.
fn page(read: &FileContent, notices: &[String]) -> String {
    let FileContent { path, size_bytes, offset, content, .. } = read;
    let mut page = format!("path: {path}\nsize_bytes: {size_bytes}\noffset: {offset}\n");
    tell(&mut page, notices);
    let room = MAX_CHARACTERS.saturating_sub(FACTS + page.chars().count());
    let shown = match content.char_indices().nth(room) {
        Some((end, _)) => content.get(..end).unwrap_or(content),
        None => content,
    };
    let next = offset + shown.len() as u64;
    let left = size_bytes.saturating_sub(next);
    if left > 0 {
        page += &format!("next_offset: {next}\n");
    }
    page += "content:\n";
    page += shown;
    if left > 0 {
        let line_end = if shown.ends_with('\n') { "" } else { "\n" };
        page += &format!(
            "{line_end}[... {left} bytes follow; workspace_file_read with offset {next} reads on ...]\n"
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(content: &str, size_bytes: u64) -> FileContent {
        FileContent {
            workspace_id: "ws-1".into(),
            path: "/workspace/a".into(),
            size_bytes,
            max_bytes: 65_536,
            offset: 4,
            content: content.into(),
            truncated: false,
            next_offset: None,
            notices: vec![],
        }
    }

    #[test]
    fn a_file_is_shown_as_it_is_and_a_long_one_says_how_to_read_on() {
        let whole = page(&content("a\nb", 7), &[]);
        assert!(whole.ends_with("offset: 4\ncontent:\na\nb"), "{whole}");
        let long = page(&content(&"ü".repeat(60_000), 200_000), &["n".into()]);
        assert!(long.chars().count() <= MAX_CHARACTERS, "{}", long.chars().count());
        let shown = long.matches('ü').count();
        let next = 4 + 2 * shown;
        assert!(long.contains(&format!("next_offset: {next}\n")), "{}", &long[..100]);
        assert!(long.contains(&format!("workspace_file_read with offset {next} reads on")));
    }
}
