//! The tools, one file each, and which profile has which.

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

use crate::Profile;
use crate::server::Server;
use rmcp::RoleServer;
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use rmcp::service::RequestContext;
use std::future::Future;
use std::pin::Pin;

/// A call of a tool in progress.
pub(crate) type Call<'a> = Pin<Box<dyn Future<Output = CallToolResult> + Send + 'a>>;

/// A tool: what the model reads about it, and what it does.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) profiles: &'static [Profile],
    pub(crate) describe: fn() -> Tool,
    pub(crate) call: for<'a> fn(&'a Server, JsonObject, &'a RequestContext<RoleServer>) -> Call<'a>,
}

/// Every tool, in the order of `tools/list`: by name, so that hosts can cache it.
pub(crate) const TOOLS: [Entry; 10] = [
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
];

/// The tools of one profile.
pub(crate) fn of(profile: Profile) -> impl Iterator<Item = &'static Entry> {
    TOOLS.iter().filter(move |tool| tool.profiles.contains(&profile))
}

/// Of a tool that only looks.
fn looks() -> ToolAnnotations {
    ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false)
}

/// Of a tool that changes vms and reaches nothing else.
fn changes() -> ToolAnnotations {
    ToolAnnotations::new().read_only(false).destructive(false).idempotent(false).open_world(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_names_and_every_tool_is_fully_described() {
        assert!(TOOLS.is_sorted_by(|one, other| one.name < other.name));
        for tool in &TOOLS {
            let described = (tool.describe)();
            assert_eq!(described.name, tool.name);
            assert!(described.title.is_some(), "{}", tool.name);
            let annotations = described.annotations.unwrap();
            assert!(annotations.read_only_hint.is_some(), "{}", tool.name);
            assert!(annotations.destructive_hint.is_some(), "{}", tool.name);
            assert_eq!(annotations.open_world_hint, Some(false), "{}", tool.name);
            // Claude Code cuts descriptions at 4,096 characters.
            let length = described.description.unwrap().chars().count();
            assert!((80..4_096).contains(&length), "{}: {length}", tool.name);
        }
    }
}
