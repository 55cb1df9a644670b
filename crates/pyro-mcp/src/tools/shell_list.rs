//! `shell_list`: the shells of a workspace.

use crate::Profile;
use crate::arguments::{self, ByWorkspace};
use crate::progress::Phrase;
use crate::result::text;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use crate::work::{notices, open, tell};
use pyro::Error;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use std::fmt::Write;

pub(crate) const ENTRY: Entry = Entry {
    name: "shell_list",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
List the shells of a workspace with their state, those included that ended since its machine was started.";

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ByWorkspace>())
        .with_title("List shells")
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let ByWorkspace { workspace_id } = arguments::read(arguments)?;
    let workspace = open(server, &workspace_id, phrase).await?;
    let found = workspace.shell_list().await?;
    let mut list = format!("workspace_id: {}\ncount: {}\n", found.workspace_id, found.count);
    tell(&mut list, &notices(&workspace).await);
    for shell in &found.shells {
        let code = shell.exit_code.map_or(String::new(), |code| format!(", exit_code {code}"));
        // Writing to a string cannot fail.
        let _ = writeln!(
            list,
            "{} ({}{code}, started_at {}): {}",
            shell.shell_id, shell.state, shell.started_at, shell.cwd
        );
    }
    Ok(text(list))
}
