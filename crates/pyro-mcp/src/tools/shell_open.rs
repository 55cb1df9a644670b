//! `shell_open`: opens a shell that stays open between calls.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::secrets;
use crate::server::Server;
use crate::shell_object::ShellObject;
use crate::tools::{Entry, changes};
use crate::work::{notices, open};
use pyro::Error;
use pyro::workspace::shell_open::ShellSpec;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

pub(crate) const ENTRY: Entry = Entry {
    name: "shell_open",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Open a shell with a terminal in a workspace, for what workspace_exec cannot do: programs that ask, REPLs, \
debuggers, editors. It stays open between calls until shell_close, or the workspace stops or expires.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Its id or name.
    workspace_id: String,
    /// Default /workspace.
    #[serde(default = "cwd")]
    cwd: String,
    /// Default 120.
    #[serde(default = "cols")]
    cols: u16,
    /// Default 30.
    #[serde(default = "rows")]
    rows: u16,
    /// Secrets of the workspace in its environment: {secret: ENV_VAR}.
    secret_env: Option<BTreeMap<String, String>>,
}

fn cwd() -> String {
    ShellSpec::default().cwd
}

fn cols() -> u16 {
    ShellSpec::default().cols
}

fn rows() -> u16 {
    ShellSpec::default().rows
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Open a shell")
        .with_raw_output_schema(schema::output::<ShellObject>())
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let Input { workspace_id, cwd, cols, rows, secret_env } = arguments::read(arguments)?;
    let workspace = open(server, &workspace_id, phrase).await?;
    let secret_env = secrets::environment(server.profile(), secret_env)?;
    let spec = ShellSpec { cwd, cols, rows, secret_env };
    let shell = workspace.shell_open(&spec).await?;
    let object = ShellObject::of(shell, notices(&workspace).await);
    let next = "shell_write types, shell_read with plain true shows what came of it";
    Ok(both(object.text(next), &object))
}
