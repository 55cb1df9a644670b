//! `vm_create`: makes a vm, and prepares what it boots.

use crate::Profile;
use crate::arguments::{self, defaults};
use crate::preparation::{PATIENCE, Readiness};
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::vm_object::{VmObject, show};
use pyro::Error;
use pyro::vm::kept::create;
use pyro::vm::{Vm, VmSpec};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

pub(crate) const ENTRY: Entry = Entry {
    name: "vm_create",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(prepare_and_create(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Make a disposable Linux virtual machine, isolated from the user's computer, without booting it yet, \
and return its vm_id: then vm_start boots it and vm_exec runs its one command. It outlives this \
session; its ttl_seconds count from now and are hard. For a single command use vm_run, which does \
all of this at once. The first call for an environment may answer `state: preparing`, without a \
vm_id: call again with the same arguments to continue.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// What to boot: debian:12 (with git), debian:12-base (minimal), debian:12-build (git, C and
    /// C++ build tools), or a container image such as python:3.12. Default debian:12.
    #[serde(default = "defaults::environment")]
    environment: String,
    /// Virtual CPUs. Default 1.
    #[serde(default = "defaults::vcpu_count")]
    vcpu_count: u32,
    /// Memory in MiB, at least 128. Default 1024.
    #[serde(default = "defaults::mem_mib")]
    mem_mib: u32,
    /// The machine ends so many seconds after this call in any case. Default 600.
    #[serde(default = "defaults::ttl_seconds")]
    ttl_seconds: u64,
    /// Let the machine reach the internet over TCP. Default false; refused where the human forbids it.
    #[serde(default)]
    network: bool,
    /// Where no machine can boot, run its command on the user's computer without any isolation.
    /// Default false; refused unless the human allowed it when starting the server.
    #[serde(default)]
    allow_host_compat: bool,
}

/// While the environment is not ready there is no vm.
#[derive(Debug, Serialize)]
struct Preparing<'a> {
    state: &'static str,
    environment: &'a str,
    progress: &'a str,
    next: &'static str,
}

const CALL_AGAIN: &str = "call vm_create again with the same arguments to continue";

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<Input>())
        .with_title("Make a virtual machine")
        .with_raw_output_schema(output())
        .with_annotations(changes())
}

/// A vm, or what is known before there is one.
fn output() -> Arc<JsonObject> {
    let mut schema = schema::output::<VmObject>();
    let fields = Arc::make_mut(&mut schema);
    fields.insert("required".into(), json!(["state", "environment", "next"]));
    if let Some(properties) = fields.get_mut("properties") {
        let state = "created; or preparing, and then there is no vm_id yet.";
        properties["state"]["description"] = json!(state);
        properties["progress"] = json!({"type": "string", "description": "Of the preparation."});
    }
    schema
}

async fn prepare_and_create(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let spec = spec(server, arguments::read(arguments)?)?;
    server.check(&spec)?;
    let environment = &spec.environment;
    if Vm::boots(server.config(), &spec)?
        && let Readiness::Preparing(doing) = server.prepare(environment, PATIENCE, phrase).await?
    {
        return Ok(still_preparing(environment, &doing));
    }
    phrase.set("making the machine");
    let observer = |event| phrase.follow(&event);
    Ok(show(create(server.config(), &spec, &observer).await?))
}

fn spec(server: &Server, input: Input) -> Result<VmSpec, Error> {
    let (rule, profile) = server.network();
    Ok(VmSpec {
        environment: input.environment,
        vcpu_count: input.vcpu_count,
        mem_mib: input.mem_mib,
        ttl_seconds: input.ttl_seconds,
        network: rule.grant_network(profile, input.network)?,
        allow: rule.allow.clone(),
        allow_host_compat: input.allow_host_compat,
        allow_weak_isolation: false,
    })
}

fn still_preparing(environment: &str, progress: &str) -> CallToolResult {
    let text = format!(
        "state: preparing\nenvironment: {environment}\nprogress: {progress}\n\nThere is no vm yet. The \
         environment is being prepared, once, and that goes on in the background.\nnext: {CALL_AGAIN}\n"
    );
    both(text, &Preparing { state: "preparing", environment, progress, next: CALL_AGAIN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_vm_keeps_the_schemas_promises_and_says_what_comes_next() {
        let answer = still_preparing("debian:12", "building debian:12: 40 %");
        let fields = answer.structured_content.unwrap();
        let schema = output();
        for required in schema["required"].as_array().unwrap() {
            assert!(fields.get(required.as_str().unwrap()).is_some(), "{required}");
        }
        for field in fields.as_object().unwrap().keys() {
            assert!(schema["properties"].get(field).is_some(), "{field}");
        }
        let text = serde_json::to_string(&answer.content).unwrap();
        for said in ["state: preparing", "building debian:12: 40 %", CALL_AGAIN] {
            assert!(text.contains(said), "{text}");
        }
    }
}
