//! The tools, one file each, and which profile has which.

#[cfg(test)]
mod any_arguments;
mod service_list;
mod service_logs;
mod service_start;
mod service_status;
mod service_stop;
mod shell_close;
mod shell_list;
mod shell_open;
mod shell_read;
mod shell_signal;
mod shell_write;
mod snapshot_create;
mod snapshot_delete;
mod snapshot_list;
mod vm_create;
mod vm_delete;
mod vm_exec;
mod vm_list_environments;
mod vm_network_info;
mod vm_reap_expired;
mod vm_run;
mod vm_start;
mod vm_status;
mod vm_stop;
mod workspace_create;
mod workspace_delete;
mod workspace_diff;
mod workspace_disk_export;
mod workspace_disk_list;
mod workspace_disk_read;
mod workspace_exec;
mod workspace_exec_read;
mod workspace_exec_stop;
mod workspace_export;
mod workspace_file_edit;
mod workspace_file_list;
mod workspace_file_read;
mod workspace_file_write;
mod workspace_list;
mod workspace_logs;
mod workspace_patch_apply;
mod workspace_reset;
mod workspace_start;
mod workspace_status;
mod workspace_stop;
mod workspace_sync_push;
mod workspace_update;

use crate::Profile;
use crate::progress::Phrase;
use crate::server::Server;
use pyro::Error;
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use std::future::Future;
use std::pin::Pin;

/// A call of a tool in progress.
pub(crate) type Call<'a> = Pin<Box<dyn Future<Output = Result<CallToolResult, Error>> + Send + 'a>>;

/// A tool: what the model reads about it, and what it does.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) profiles: &'static [Profile],
    pub(crate) describe: fn() -> Tool,
    /// The phrase says what is going on, for whoever waits.
    pub(crate) call: for<'a> fn(&'a Server, JsonObject, &'a Phrase) -> Call<'a>,
}

/// Every tool, in the order of `tools/list`: by name, so that hosts can cache it.
pub(crate) const TOOLS: [Entry; 49] = [
    service_list::ENTRY,
    service_logs::ENTRY,
    service_start::ENTRY,
    service_status::ENTRY,
    service_stop::ENTRY,
    shell_close::ENTRY,
    shell_list::ENTRY,
    shell_open::ENTRY,
    shell_read::ENTRY,
    shell_signal::ENTRY,
    shell_write::ENTRY,
    snapshot_create::ENTRY,
    snapshot_delete::ENTRY,
    snapshot_list::ENTRY,
    vm_create::ENTRY,
    vm_delete::ENTRY,
    vm_exec::ENTRY,
    vm_list_environments::ENTRY,
    vm_network_info::ENTRY,
    vm_reap_expired::ENTRY,
    vm_run::ENTRY,
    vm_start::ENTRY,
    vm_status::ENTRY,
    vm_stop::ENTRY,
    workspace_create::CORE,
    workspace_create::FULL,
    workspace_delete::ENTRY,
    workspace_diff::ENTRY,
    workspace_disk_export::ENTRY,
    workspace_disk_list::ENTRY,
    workspace_disk_read::ENTRY,
    workspace_exec::CORE,
    workspace_exec::FULL,
    workspace_exec_read::ENTRY,
    workspace_exec_stop::ENTRY,
    workspace_export::ENTRY,
    workspace_file_edit::ENTRY,
    workspace_file_list::ENTRY,
    workspace_file_read::ENTRY,
    workspace_file_write::ENTRY,
    workspace_list::ENTRY,
    workspace_logs::ENTRY,
    workspace_patch_apply::ENTRY,
    workspace_reset::ENTRY,
    workspace_start::ENTRY,
    workspace_status::ENTRY,
    workspace_stop::ENTRY,
    workspace_sync_push::ENTRY,
    workspace_update::ENTRY,
];

/// The tools of one profile.
pub(crate) fn of(profile: Profile) -> impl Iterator<Item = &'static Entry> {
    TOOLS.iter().filter(move |tool| tool.profiles.contains(&profile))
}

/// The tools with which a model runs what it writes: that reaches what the machine reaches.
const RUNNING: [&str; 5] = ["service_start", "shell_write", "vm_exec", "vm_run", "workspace_exec"];

/// What a model reads about a tool of a server whose machines can have a network, or cannot. That images come
/// from registries does not count: a model's commands reach nobody by it.
pub(crate) fn described(tool: &Entry, can_reach_out: bool) -> Tool {
    let mut described = (tool.describe)();
    let is_open = can_reach_out && RUNNING.contains(&tool.name);
    described.annotations = described.annotations.map(|hints| hints.open_world(is_open));
    described
}

/// Of a tool that only looks. That an expired workspace is started for it changes none of its files.
fn looks() -> ToolAnnotations {
    ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false)
}

/// Of a tool that changes vms or workspaces.
fn changes() -> ToolAnnotations {
    ToolAnnotations::new().read_only(false).destructive(false).idempotent(false).open_world(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a profile's `tools/list` has, in JSON.
    fn listed(profile: Profile) -> String {
        let tools: Vec<Tool> = of(profile).map(|tool| (tool.describe)()).collect();
        serde_json::to_string(&tools).unwrap()
    }

    #[test]
    fn a_profile_costs_a_model_no_more_than_it_may() {
        // counted as hosts estimate: four characters a token. A scenario counts with a tokenizer.
        let tokens = |profile| listed(profile).chars().count().div_ceil(4);
        let core = tokens(Profile::WorkspaceCore);
        assert!(core <= 6_000, "workspace-core: {core} tokens");
        let full = tokens(Profile::WorkspaceFull);
        assert!(full <= 14_000, "workspace-full: {full} tokens");
    }

    #[test]
    fn where_commands_can_reach_out_the_tools_that_run_them_say_so() {
        for can_reach_out in [false, true] {
            let open = TOOLS.iter().filter(|tool| {
                described(tool, can_reach_out).annotations.unwrap().open_world_hint != Some(false)
            });
            let open: Vec<&str> = open.map(|tool| tool.name).collect();
            let mut running = RUNNING.to_vec();
            // one for each profile
            running.push("workspace_exec");
            assert_eq!(open, if can_reach_out { running } else { Vec::new() });
        }
    }

    #[test]
    fn the_models_of_workspace_core_choose_neither_network_policies_nor_secrets() {
        let described: Vec<Tool> =
            of(Profile::WorkspaceCore).map(|tool| (tool.describe)()).collect();
        assert_eq!(described.len(), 19);
        for tool in described {
            let schema = serde_json::to_string(&tool.input_schema).unwrap();
            for word in ["network_policy", "secret", "uint", "\"format\""] {
                assert!(!schema.contains(word), "{}: {word}", tool.name);
            }
        }
    }

    #[test]
    fn the_table_is_in_the_order_of_names_and_every_tool_is_fully_described() {
        assert!(TOOLS.is_sorted_by(|one, other| one.name <= other.name));
        for tool in &TOOLS {
            let described = (tool.describe)();
            assert_eq!(described.name, tool.name);
            assert!(described.title.is_some(), "{}", tool.name);
            let annotations = described.annotations.unwrap();
            assert!(annotations.read_only_hint.is_some(), "{}", tool.name);
            assert!(annotations.destructive_hint.is_some(), "{}", tool.name);
            assert_eq!(annotations.open_world_hint, Some(false), "{}", tool.name);
            // Claude Code cuts descriptions at 4,096 characters; half of it is enough for anybody.
            let length = described.description.unwrap().len();
            assert!((80..=2_048).contains(&length), "{}: {length}", tool.name);
            let whole = serde_json::to_string(&(tool.describe)()).unwrap();
            assert!(!whole.contains("uint"), "{}: hosts warn of it", tool.name);
        }
    }
}
