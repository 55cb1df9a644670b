//! A workspace as a model sees it, in both forms.

use crate::result::{both, excerpt};
use crate::schema;
use crate::work::{expires_soon, tell};
use pyro::secret::SecretFacts;
use pyro::workspace::status::LastCommand;
use pyro::workspace::{SeedFacts, State, WorkspaceStatus};
use rmcp::model::{CallToolResult, JsonObject};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// So many characters of a warning or a command are shown.
const LINE_CHARACTERS: usize = 400;
/// So many files that were withheld are named.
const NAMED: usize = 20;
/// The structured form.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WorkspaceObject {
    workspace_id: String,
    name: Option<String>,
    labels: BTreeMap<String, String>,
    /// creating, started, stopped or expired.
    state: String,
    /// What to do with it.
    next: String,
    environment: String,
    environment_version: String,
    vcpu_count: u32,
    mem_mib: u32,
    ttl_seconds: u64,
    created_at: u64,
    last_activity_at: u64,
    expires_at: u64,
    network_policy: String,
    network_enabled: bool,
    allow_host_compat: bool,
    guest_ip: Option<String>,
    execution_mode: String,
    isolation: String,
    jail: String,
    workspace_path: String,
    workspace_seed: Option<Seed>,
    secrets: Vec<GivenSecret>,
    command_count: usize,
    last_command: Option<Last>,
    running_commands: Vec<String>,
    reset_count: u64,
    last_reset_at: Option<u64>,
    service_count: usize,
    running_service_count: usize,
    metadata: BTreeMap<String, String>,
    notices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_reset: Option<Reset>,
}

/// What a reset did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Reset {
    pub(crate) snapshot_name: String,
    pub(crate) kind: String,
    pub(crate) destination: String,
    pub(crate) entry_count: Option<u64>,
    pub(crate) bytes_written: Option<u64>,
}

/// What it was seeded with.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(inline)]
struct Seed {
    mode: String,
    path: Option<String>,
    destination: String,
    entry_count: u64,
    bytes_written: u64,
    ignored_count: u64,
    withheld_count: usize,
    /// The first 20.
    withheld: Vec<String>,
}

/// A secret that its guest has.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct GivenSecret {
    name: String,
    source_kind: String,
}

impl GivenSecret {
    fn of(SecretFacts { name, source_kind }: &SecretFacts) -> Self {
        Self { name: name.clone(), source_kind: source_kind.to_string() }
    }
}

/// Its last command.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Last {
    command: String,
    cwd: String,
    exit_code: Option<i32>,
    duration_ms: Option<u64>,
}

/// What the schema describes of the structured form: what a model acts upon. The rest of the contract's
/// object comes along undescribed; four tools answer with it, and every schema is read by every model.
const DESCRIBED: [&str; 12] = [
    "workspace_id",
    "name",
    "labels",
    "state",
    "next",
    "environment",
    "ttl_seconds",
    "workspace_path",
    "workspace_seed",
    "last_command",
    "running_commands",
    "notices",
];

/// The schema of the structured form. What no caller can do without is required.
pub(crate) fn output() -> Arc<JsonObject> {
    let mut schema = schema::output::<WorkspaceObject>();
    let fields = Arc::make_mut(&mut schema);
    fields.insert("required".into(), json!(["workspace_id", "state", "next"]));
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.retain(|name, _| DESCRIBED.contains(&name.as_str()));
        // what is in an object explains itself where it is read
        for property in properties.values_mut().filter_map(Value::as_object_mut) {
            property.remove("properties");
        }
    }
    schema
}

/// The answer that shows a workspace, after what was done to it.
pub(crate) fn show(
    status: WorkspaceStatus,
    next: Option<&str>,
    reset: Option<Reset>,
) -> CallToolResult {
    let next = next.map_or_else(|| next_of(&status), str::to_owned);
    let notices = notices(&status);
    let mut text = text(&status, reset.as_ref());
    tell(&mut text, &notices);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "next: {next}");
    both(text, &object(status, next, notices, reset))
}

/// The next step.
fn next_of(status: &WorkspaceStatus) -> String {
    match status.state {
        State::Creating => "wait until it is made: look again with workspace_status".into(),
        State::Started => match status.running_commands.first() {
            Some(exec_id) => {
                format!("workspace_exec_read with exec_id {exec_id} follows its command")
            }
            None => "workspace_exec runs a command in it".into(),
        },
        State::Stopped => "it keeps its files and does not run; workspace_delete removes it".into(),
        State::Expired => {
            "it keeps its files: the next call that works in it starts it again".into()
        }
    }
}

fn notices(status: &WorkspaceStatus) -> Vec<String> {
    let mut notices: Vec<String> = Vec::new();
    if let Some(seed) = &status.workspace_seed {
        let withheld = seed.withheld.len();
        if withheld > 0 {
            notices.push(format!(
                "{withheld} file(s) that look like credentials and that Git does not track were \
                 left out: {}",
                listed(&seed.withheld)
            ));
        }
        if !seed.changed_during_read.is_empty() {
            let changed = listed(&seed.changed_during_read);
            notices.push(format!(
                "changed while they were read, so perhaps not as they are now: {changed}"
            ));
        }
    }
    notices.extend(status.expires_in_seconds.map(expires_soon));
    let warnings = status.warnings.iter().take(3);
    notices.extend(warnings.map(|text| excerpt(text, LINE_CHARACTERS, "see the server's host")));
    notices
}

/// The first of several names.
fn listed(names: &[String]) -> String {
    let mut list = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        let _ = write!(list, " and {} more", names.len() - NAMED);
    }
    excerpt(&list, 5 * LINE_CHARACTERS, "there are more")
}

fn text(status: &WorkspaceStatus, reset: Option<&Reset>) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}: {value}");
    };
    line("workspace_id", &status.workspace_id);
    if let Some(name) = &status.name {
        line("name", name);
    }
    line("state", &status.state);
    if let Some(why) = status.metadata.get("ended_because") {
        line("ended_because", why);
    }
    line("environment", &format_args!("{} {}", status.environment, status.environment_version));
    line("vcpu_count", &status.vcpu_count);
    line("mem_mib", &status.mem_mib);
    line("ttl_seconds", &format_args!("{}, counted from the last use", status.ttl_seconds));
    line("isolation", &format_args!("{} (jail: {})", status.isolation, status.jail));
    line("network_enabled", &status.network_enabled);
    line("workspace_path", &status.workspace_path);
    if let Some(seed) = &status.workspace_seed {
        line("workspace_seed", &seed_line(seed));
    }
    if let Some(reset) = reset {
        let content = reset.entry_count.map(|entries| format!(": {entries} entries"));
        let content = content.unwrap_or_default();
        line("workspace_reset", &format_args!("to {}{content}", reset.snapshot_name));
    }
    for (label, value) in &status.labels {
        line("label", &format_args!("{label}={value}"));
    }
    for SecretFacts { name, source_kind } in &status.secrets {
        line("secret", &format_args!("{name} (from: {source_kind})"));
    }
    line("command_count", &status.command_count);
    if let Some(LastCommand { command, exit_code, .. }) = &status.last_command {
        let ended = exit_code.map_or("running".into(), |code| format!("exit_code {code}"));
        let command = excerpt(command, LINE_CHARACTERS, "workspace_logs has it");
        line("last_command", &format_args!("{ended}: {command}"));
    }
    if !status.running_commands.is_empty() {
        line("running_commands", &status.running_commands.join(" "));
    }
    text
}

fn seed_line(seed: &SeedFacts) -> String {
    let from = seed.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
    let ignored = match seed.ignored_count {
        0 => String::new(),
        count => format!("; {count} entries that Git ignores were left out"),
    };
    let (entries, bytes) = (seed.entry_count, seed.bytes_written);
    format!("{}{from}: {entries} entries, {bytes} bytes{ignored}", seed.mode)
}

fn object(
    status: WorkspaceStatus,
    next: String,
    notices: Vec<String>,
    workspace_reset: Option<Reset>,
) -> WorkspaceObject {
    WorkspaceObject {
        workspace_id: status.workspace_id,
        name: status.name,
        labels: status.labels,
        state: status.state.to_string(),
        next,
        environment: status.environment,
        environment_version: status.environment_version,
        vcpu_count: status.vcpu_count,
        mem_mib: status.mem_mib,
        ttl_seconds: status.ttl_seconds,
        created_at: status.created_at,
        last_activity_at: status.last_activity_at,
        expires_at: status.expires_at,
        // the only policy of this release
        network_policy: status.network_policy.to_string(),
        network_enabled: status.network_enabled,
        allow_host_compat: status.allow_host_compat,
        guest_ip: status.guest_ip,
        execution_mode: status.execution_mode,
        isolation: status.isolation.to_string(),
        jail: status.jail,
        workspace_path: status.workspace_path,
        workspace_seed: status.workspace_seed.map(Seed::of),
        secrets: status.secrets.iter().map(GivenSecret::of).collect(),
        command_count: status.command_count,
        last_command: status.last_command.map(Last::of),
        running_commands: status.running_commands,
        reset_count: status.reset_count,
        last_reset_at: status.last_reset_at,
        service_count: status.service_count,
        running_service_count: status.running_service_count,
        metadata: status.metadata,
        notices,
        workspace_reset,
    }
}

impl Seed {
    fn of(seed: SeedFacts) -> Self {
        let withheld_count = seed.withheld.len();
        let named = seed.withheld.into_iter().take(NAMED);
        Self {
            mode: seed.mode,
            path: seed.path,
            destination: seed.destination,
            entry_count: seed.entry_count,
            bytes_written: seed.bytes_written,
            ignored_count: seed.ignored_count,
            withheld_count,
            withheld: named.map(|path| excerpt(&path, LINE_CHARACTERS, "a long path")).collect(),
        }
    }
}

impl Last {
    fn of(last: LastCommand) -> Self {
        Self {
            command: excerpt(&last.command, LINE_CHARACTERS, "workspace_logs has it"),
            cwd: last.cwd,
            exit_code: last.exit_code,
            duration_ms: last.duration_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_described_is_there() {
        let schema = output();
        let properties = schema["properties"].as_object().unwrap();
        for name in DESCRIBED {
            assert!(properties.contains_key(name), "{name}");
        }
        assert!(schema.get("$defs").is_none(), "everything is written out");
    }
}
