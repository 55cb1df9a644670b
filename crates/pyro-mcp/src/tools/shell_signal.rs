//! `shell_signal`: sends a signal to what runs in a shell.

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
use pyro::workspace::shell_signal::ShellSignal;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "shell_signal",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Send a signal to the program that runs in the foreground of a shell, or to the shell where none does. INT is \
Ctrl-C.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The workspace's id or name.
    workspace_id: String,
    /// From shell_open.
    shell_id: String,
    /// Default INT.
    #[serde(default)]
    signal_name: Name,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
enum Name {
    Hup,
    #[default]
    Int,
    Term,
    Kill,
}

impl From<Name> for ShellSignal {
    fn from(name: Name) -> Self {
        match name {
            Name::Hup => Self::Hup,
            Name::Int => Self::Int,
            Name::Term => Self::Term,
            Name::Kill => Self::Kill,
        }
    }
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Signal a shell")
        .with_raw_output_schema(schema::output::<ShellObject>())
        .with_annotations(changes())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let Input { workspace_id, shell_id, signal_name } = arguments::read(arguments)?;
    let workspace = open(server, &workspace_id, phrase).await?;
    let shell = workspace.shell_signal(&shell_id, signal_name.into()).await?;
    let object = ShellObject::of(shell, notices(&workspace).await);
    Ok(both(object.text("shell_read shows what came of it"), &object))
}
