//! `vm_exec`: the one command of a vm.

use crate::Profile;
use crate::arguments::{self, MAX_TIMEOUT_SECONDS, defaults};
use crate::command_report::command_report;
use crate::progress::Phrase;
use crate::result::text;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use pyro::Error;
use pyro::vm::kept::{ExecRequest, exec, status};
use pyro::vm::run::OutputLimits;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "vm_exec",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Run the one shell command of a virtual machine that vm_start booted, and return stdout, stderr and \
the exit code. The machine is deleted afterwards, whatever comes of the command: use vm_run for \
single commands, and put all that belongs together into one command. Runs as root with /bin/sh -lc; \
no files of the user's computer. Text output beyond 24,000 characters is cut in the middle.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The vm's id from vm_create, or a beginning of it that no other vm has.
    vm_id: String,
    /// One string for /bin/sh -lc. Carry files and scripts in it, for example as a here document.
    command: String,
    /// The command is killed after so many seconds and its exit code is then 124. Default 30. Some
    /// hosts give up on a call after 300 seconds: stay below 240.
    #[serde(default = "defaults::timeout_seconds")]
    timeout_seconds: u64,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Run the command of a virtual machine and delete it")
        // The machine was made for this command, and reaches nothing outside.
        .with_annotations(changes())
}

/// Runs and answers. Ends early, and the machine with it, when the client cancels or the server ends.
async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let Input { vm_id, command, timeout_seconds } = arguments::read(arguments)?;
    let vm = status(server.config(), &vm_id, &observer).await?;
    server.permit(vm.allow_host_compat)?;
    let timeout_seconds = timeout_seconds.min(MAX_TIMEOUT_SECONDS);
    let request = ExecRequest { command, timeout_seconds };
    let limits = OutputLimits::default();
    phrase.set("running the command");
    let result = exec(server.config(), &vm.vm_id, &request, limits, &observer).await?;
    Ok(text(command_report(&result, timeout_seconds)))
}
