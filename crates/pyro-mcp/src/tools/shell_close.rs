//! `shell_close`: ends a shell.

use crate::Profile;
use crate::arguments;
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::shell_object::{ByShell, ShellObject};
use crate::tools::{Entry, changes};
use crate::work::{notices, open};
use pyro::Error;
use rmcp::model::{CallToolResult, JsonObject, Tool};

pub(crate) const ENTRY: Entry = Entry {
    name: "shell_close",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
End a shell and everything it started. What it showed can still be read; one that is closed is left as it is.";

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ByShell>())
        .with_title("Close a shell")
        .with_raw_output_schema(schema::output::<ShellObject>())
        .with_annotations(changes().idempotent(true))
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let ByShell { workspace_id, shell_id } = arguments::read(arguments)?;
    let workspace = open(server, &workspace_id, phrase).await?;
    phrase.set("closing the shell");
    let shell = workspace.shell_close(&shell_id).await?;
    let object = ShellObject::of(shell, notices(&workspace).await);
    Ok(both(object.text("shell_read shows what it showed last"), &object))
}
