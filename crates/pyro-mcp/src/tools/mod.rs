//! The tools, one file each, and which profile has which.

pub(crate) mod vm_run;

use crate::Profile;
use crate::server::Server;
use rmcp::RoleServer;
use rmcp::model::{CallToolResult, JsonObject, Tool};
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
pub(crate) const TOOLS: [Entry; 1] = [Entry {
    name: vm_run::NAME,
    profiles: &[Profile::VmRun, Profile::WorkspaceCore, Profile::WorkspaceFull],
    describe: vm_run::describe,
    call: |server, arguments, context| Box::pin(vm_run::call(server, arguments, context)),
}];

/// The tools of one profile.
pub(crate) fn of(profile: Profile) -> impl Iterator<Item = &'static Entry> {
    TOOLS.iter().filter(move |tool| tool.profiles.contains(&profile))
}
