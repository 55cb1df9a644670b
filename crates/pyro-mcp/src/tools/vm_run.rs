//! `vm_run`: one command in a machine of its own.

use crate::Profile;
use crate::arguments::{self, MAX_TIMEOUT_SECONDS, defaults};
use crate::command_report::command_report;
use crate::preparation::{PATIENCE, Readiness};
use crate::progress::Phrase;
use crate::result::text;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use pyro::Error;
use pyro::vm::run::{OutputLimits, RunRequest, run};
use pyro::vm::{Vm, VmSpec};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "vm_run",
    profiles: &[Profile::VmRun, Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Run one shell command in a fresh, disposable Linux virtual machine, isolated from the user's \
computer, and return stdout, stderr and the exit code. The machine is deleted afterwards; nothing \
is kept between calls. Runs as root with /bin/sh -lc; no files of the user's computer. \
Text output beyond 24,000 characters is cut in the middle. The first call for an environment may \
answer `state: preparing`: call again with the same arguments to continue.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// What to boot: debian:12 (with git), debian:12-base (minimal), debian:12-build (git, C and
    /// C++ build tools), or a container image such as python:3.12. Default debian:12.
    #[serde(default = "defaults::environment")]
    environment: String,
    /// One string for /bin/sh -lc. Carry files and scripts in it, for example as a here document.
    command: String,
    /// Virtual CPUs. Default 1.
    #[serde(default = "defaults::vcpu_count")]
    vcpu_count: u32,
    /// Memory in MiB, at least 128. Default 1024.
    #[serde(default = "defaults::mem_mib")]
    mem_mib: u32,
    /// The command is killed after so many seconds and its exit code is then 124. Default 30. Some
    /// hosts give up on a call after 300 seconds: stay below 240.
    #[serde(default = "defaults::timeout_seconds")]
    timeout_seconds: u64,
    /// The machine ends after so many seconds in any case. Default 600.
    #[serde(default = "defaults::ttl_seconds")]
    ttl_seconds: u64,
    /// Let the machine reach the internet over TCP. Default false; refused unless the human allowed it.
    #[serde(default)]
    network: bool,
    /// Where no machine can boot, run the command on the user's computer without any isolation.
    /// Default false; refused unless the human allowed it when starting the server.
    #[serde(default)]
    allow_host_compat: bool,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Run a command in a disposable virtual machine")
        // what it changes is gone when it returns
        .with_annotations(changes())
}

/// Prepares, runs, answers. Ends early, and the machine with it, when the client cancels or the
/// server ends.
async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    Ok(text(prepare_and_run(server, arguments, phrase).await?))
}

async fn prepare_and_run(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<String, Error> {
    let request = request(server, arguments)?;
    let environment = &request.vm.environment;
    if Vm::boots(server.config(), &request.vm)?
        && let Readiness::Preparing(doing) = server.prepare(environment, PATIENCE, phrase).await?
    {
        return Ok(still_preparing(environment, &doing));
    }
    phrase.set("waiting for a machine of this server to end");
    let _turn = server.turn().await;
    phrase.set("starting the machine");
    let observer = |event| phrase.follow(&event);
    let result = run(server.config(), &request, OutputLimits::default(), &observer).await?;
    Ok(command_report(&result, request.timeout_seconds))
}

fn request(server: &Server, arguments: JsonObject) -> Result<RunRequest, Error> {
    let input: Input = arguments::read(arguments)?;
    let (rule, profile) = server.network();
    let network = rule.grant_network(profile, input.network)?;
    let vm = VmSpec {
        environment: input.environment,
        vcpu_count: input.vcpu_count,
        mem_mib: input.mem_mib,
        ttl_seconds: input.ttl_seconds,
        network,
        allow: rule.allow.clone(),
        allow_host_compat: input.allow_host_compat,
        allow_weak_isolation: false,
    };
    server.check(&vm)?;
    let timeout_seconds = input.timeout_seconds.min(MAX_TIMEOUT_SECONDS);
    Ok(RunRequest { vm, command: input.command, timeout_seconds })
}

fn still_preparing(environment: &str, doing: &str) -> String {
    format!(
        "state: preparing\nenvironment: {environment}\nprogress: {doing}\n\nThe command has not \
         run yet. The environment is being prepared, once, and that goes on in the background.\n\
         next: call vm_run again with the same arguments to continue.\n"
    )
}
