//! `shell_read`: what a shell has shown.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::text;
use crate::schema;
use crate::server::Server;
use crate::shell_object::{OUTPUT, page};
use crate::tools::{Entry, looks};
use crate::work::{notices, open};
use pyro::Error;
use pyro::workspace::shell_read::ShellRead;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "shell_read",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Read what a shell has shown since a cursor, at most some 22,000 characters at a time; go on with the \
next_cursor of the last answer. With plain true it is what a person would read: the lines that were written \
to since then, as they are now, and the whole screen of an editor or pager. Without, escape sequences \
included.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The workspace's id or name.
    workspace_id: String,
    /// From shell_open.
    shell_id: String,
    /// In bytes. Default 0.
    #[serde(default)]
    cursor: u64,
    /// Default 65536.
    #[serde(default = "max_chars")]
    max_chars: usize,
    /// Default false.
    #[serde(default)]
    plain: bool,
    /// Wait first until nothing was shown for so long, at most 30000; 300 suits most programs.
    wait_for_idle_ms: Option<u64>,
}

fn max_chars() -> usize {
    65_536
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Read a shell")
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let input: Input = arguments::read(arguments)?;
    let workspace = open(server, &input.workspace_id, phrase).await?;
    let all = ShellRead::all(input.max_chars.clamp(1, OUTPUT));
    let now = ShellRead { cursor: input.cursor, plain: input.plain, ..all };
    let read = input.wait_for_idle_ms.map_or(now, |idle_ms| now.once_idle_for(idle_ms));
    phrase.set("reading the shell");
    let shown = workspace.shell_read(&input.shell_id, read).await?;
    Ok(text(page(&shown, &notices(&workspace).await)))
}
