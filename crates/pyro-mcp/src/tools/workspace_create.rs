//! `workspace_create`: makes a workspace, and prepares what it boots.

use crate::Profile;
use crate::arguments::{self, defaults};
use crate::creation::{Creation, Wish};
use crate::preparation::{PATIENCE, Readiness};
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::secrets::{self, GivenSecret};
use crate::server::Server;
use crate::tools::{Entry, changes};
use crate::workspace_object::{self, show};
use pyro::Error;
use pyro::network::{AllowList, NetworkPolicy};
use pyro::vm::{Vm, VmSpec};
use pyro::workspace::{WorkspaceSpec, WorkspaceStatus};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the human chooses what a workspace may reach, and which secrets it has.
pub(crate) const CORE: Entry = Entry {
    name: "workspace_create",
    profiles: &[Profile::WorkspaceCore],
    describe: || described(without_the_humans(schema::input::<Input>())),
    call: |server, arguments, phrase| Box::pin(prepare_and_create(server, arguments, phrase)),
};

/// Where the model may.
pub(crate) const FULL: Entry = Entry {
    profiles: &[Profile::WorkspaceFull],
    describe: || described(schema::input::<Input>()),
    ..CORE
};

const DESCRIPTION: &str = "\
Make a workspace: a Linux virtual machine, isolated from the user's computer, whose files in /workspace \
stay from call to call. Without seed_path it begins with a copy of the user's project (Git history and \
changes included, ignored files and untracked credentials not), if this server has one. It outlives \
this session; unused for ttl_seconds it is stopped, and the next call starts it again. May answer \
`state: preparing` or `state: creating`, without a workspace_id: call again with the same arguments to \
continue; nothing is started twice.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// debian:12 (with git; the default), debian:12-base (minimal) or debian:12-build (git, C and C++
    /// build tools).
    #[serde(default = "defaults::environment")]
    environment: String,
    /// Virtual CPUs. Default 1.
    #[serde(default = "defaults::vcpu_count")]
    vcpu_count: u32,
    /// Memory in MiB. Default 1024.
    #[serde(default = "defaults::mem_mib")]
    mem_mib: u32,
    /// It is stopped after so many seconds without use. Default 600.
    #[serde(default = "defaults::ttl_seconds")]
    ttl_seconds: u64,
    /// Refused unless the human allowed it. Default false.
    #[serde(default)]
    allow_host_compat: bool,
    /// Directory or .tar, .tar.gz, .tgz, .tar.zst archive of the user's computer, below a directory the
    /// human has opened; relative to the project. An empty text begins with nothing.
    seed_path: Option<String>,
    /// How to call it: letters, digits, '.', '_', '-'.
    name: Option<String>,
    /// Notes about it.
    labels: Option<BTreeMap<String, String>>,
    /// What it may reach: off or egress. Default: what the human chose, else off.
    network_policy: Option<String>,
    /// Files of /run/pyro-secrets, in memory; no output shows their values.
    #[schemars(with = "Option<Vec<GivenSecret>>")]
    secrets: Option<Value>,
}

/// While there is no workspace.
#[derive(Debug, Serialize)]
struct NotYet<'a> {
    state: &'static str,
    name: Option<&'a str>,
    environment: &'a str,
    progress: &'a str,
    next: &'static str,
}

const CALL_AGAIN: &str = "call workspace_create again with the same arguments to continue";

fn described(input: Arc<JsonObject>) -> Tool {
    Tool::new(CORE.name, DESCRIPTION, input)
        .with_title("Make a workspace")
        .with_raw_output_schema(output())
        .with_annotations(changes())
}

fn without_the_humans(mut schema: Arc<JsonObject>) -> Arc<JsonObject> {
    if let Some(properties) = Arc::make_mut(&mut schema).get_mut("properties")
        && let Some(properties) = properties.as_object_mut()
    {
        properties.remove("network_policy");
        properties.remove("secrets");
    }
    schema
}

/// A workspace, or what is known before there is one.
fn output() -> Arc<JsonObject> {
    let mut schema = workspace_object::output();
    let fields = Arc::make_mut(&mut schema);
    fields.insert("required".into(), json!(["state", "environment", "next"]));
    if let Some(properties) = fields.get_mut("properties") {
        let state = "started; preparing or creating while there is no workspace_id yet.";
        properties["state"]["description"] = json!(state);
        properties["progress"] = json!({"type": "string"});
    }
    schema
}

async fn prepare_and_create(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let wish = wish(server, arguments::read(arguments)?).await?;
    let WorkspaceSpec { machine, name, .. } = &wish.spec;
    server.check(machine)?;
    wish.spec.check()?;
    let (environment, name) = (machine.environment.clone(), name.clone());
    if Vm::boots(server.config(), machine)?
        && let Readiness::Preparing(doing) = server.prepare(&environment, PATIENCE, phrase).await?
    {
        return Ok(not_yet("preparing", name.as_deref(), &environment, &doing));
    }
    Ok(match server.create(wish, phrase).await? {
        Creation::Made(status) => {
            let next = next(&status);
            show(*status, Some(&next), None)
        }
        Creation::Going(doing) => not_yet("creating", name.as_deref(), &environment, &doing),
    })
}

async fn wish(server: &Server, input: Input) -> Result<Wish, Error> {
    let (rule, profile) = server.network();
    let wish = input.network_policy.as_deref().map(str::parse).transpose()?;
    let network_policy = rule.grant(profile, wish)?;
    let allow = match network_policy {
        NetworkPolicy::Off => AllowList::default(),
        NetworkPolicy::Egress => rule.allow.clone(),
    };
    let machine = VmSpec {
        environment: input.environment,
        vcpu_count: input.vcpu_count,
        mem_mib: input.mem_mib,
        ttl_seconds: input.ttl_seconds,
        network: false,
        allow,
        allow_host_compat: input.allow_host_compat,
        allow_weak_isolation: false,
    };
    let labels = input.labels.unwrap_or_default();
    let secrets = secrets::read(profile, server.sources(), input.secrets).await?;
    let spec = WorkspaceSpec { machine, name: input.name, labels, network_policy, secrets };
    Ok(Wish { spec, seed_path: input.seed_path })
}

fn next(status: &WorkspaceStatus) -> String {
    let id = &status.workspace_id;
    match status.workspace_seed.as_ref().map_or(0, |seed| seed.entry_count) {
        0 => format!(
            "/workspace is empty: workspace_file_write or workspace_sync_push with workspace_id {id} \
             brings files; workspace_exec runs commands"
        ),
        _ => format!(
            "workspace_exec with workspace_id {id} runs commands in /workspace; workspace_diff shows \
             what was changed"
        ),
    }
}

fn not_yet(
    state: &'static str,
    name: Option<&str>,
    environment: &str,
    progress: &str,
) -> CallToolResult {
    let named = name.map(|name| format!("name: {name}\n")).unwrap_or_default();
    let text = format!(
        "state: {state}\n{named}environment: {environment}\nprogress: {progress}\n\nThere is no \
         workspace yet. The work goes on in the background, once.\nnext: {CALL_AGAIN}\n"
    );
    both(text, &NotYet { state, name, environment, progress, next: CALL_AGAIN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_workspace_keeps_the_schemas_promises_and_says_what_comes_next() {
        let answer = not_yet("creating", Some("fix"), "debian:12", "seeding: 40 MiB");
        let fields = answer.structured_content.unwrap();
        let schema = output();
        for required in schema["required"].as_array().unwrap() {
            assert!(fields.get(required.as_str().unwrap()).is_some(), "{required}");
        }
        for field in fields.as_object().unwrap().keys() {
            assert!(schema["properties"].get(field).is_some(), "{field}");
        }
        let text = serde_json::to_string(&answer.content).unwrap();
        for said in ["state: creating", "name: fix", "seeding: 40 MiB", CALL_AGAIN] {
            assert!(text.contains(said), "{text}");
        }
    }
}
