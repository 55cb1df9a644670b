//! `shell_write`: types into a shell.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::shell_object::ShellObject;
use crate::tools::{Entry, changes};
use crate::work::{notices, open};
use pyro::Error;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const ENTRY: Entry = Entry {
    name: "shell_write",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Type a text into a shell, as it is, with the Enter key after it unless append_newline is false. Control \
keys are characters, such as \\u0004 for Ctrl-D and \\u001b for Escape. It returns at once; shell_read shows \
what came of it.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The workspace's id or name.
    workspace_id: String,
    /// From shell_open.
    shell_id: String,
    input: String,
    /// Default true.
    #[serde(default = "append_newline")]
    append_newline: bool,
}

fn append_newline() -> bool {
    true
}

/// What was typed, and the shell after it.
#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    #[serde(flatten)]
    shell: ShellObject,
    /// In bytes.
    input_length: usize,
    append_newline: bool,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Type into a shell")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let Input { workspace_id, shell_id, input, append_newline } = arguments::read(arguments)?;
    let workspace = open(server, &workspace_id, phrase).await?;
    let written = workspace.shell_write(&shell_id, &input, append_newline).await?;
    let input_length = written.input_length;
    let shell = ShellObject::of(written.shell, notices(&workspace).await);
    let next = "shell_read with plain true and wait_for_idle_ms 300 shows what came of it";
    let text = format!("{}input_length: {input_length}\n", shell.text(next));
    Ok(both(text, &Output { shell, input_length, append_newline }))
}
