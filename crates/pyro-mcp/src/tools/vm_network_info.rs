//! `vm_network_info`: what network a vm has.

use crate::Profile;
use crate::arguments::{self, ById};
use crate::progress::Phrase;
use crate::result::both;
use crate::schema;
use crate::server::Server;
use crate::tools::{Entry, looks};
use pyro::Error;
use pyro::vm::kept::{NetworkInfo, network_info};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) const ENTRY: Entry = Entry {
    name: "vm_network_info",
    profiles: &[Profile::WorkspaceFull],
    describe,
    call: |server, arguments, phrase| Box::pin(call(server, arguments, phrase)),
};

const DESCRIPTION: &str = "\
Tell whether a virtual machine that vm_create made has a network, whether connections to the outside \
can be expected to succeed, and why.";

/// The network of a vm.
#[derive(Debug, Serialize, JsonSchema)]
struct Output {
    vm_id: String,
    /// Whether the guest was given a network.
    network_enabled: bool,
    outbound_connectivity_expected: bool,
    reason: String,
}

fn describe() -> Tool {
    Tool::new(ENTRY.name, DESCRIPTION, schema::input::<ById>())
        .with_title("Look at the network of a virtual machine")
        .with_raw_output_schema(schema::output::<Output>())
        .with_annotations(looks())
}

async fn call(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<CallToolResult, Error> {
    let observer = |event| phrase.follow(&event);
    let ById { vm_id } = arguments::read(arguments)?;
    let info = network_info(server.config(), &vm_id, &observer).await?;
    let NetworkInfo { vm_id, network_enabled, outbound_connectivity_expected, reason } = info;
    let text = format!(
        "vm_id: {vm_id}\nnetwork_enabled: {network_enabled}\n\
         outbound_connectivity_expected: {outbound_connectivity_expected}\nreason: {reason}\n"
    );
    let output = Output { vm_id, network_enabled, outbound_connectivity_expected, reason };
    Ok(both(text, &output))
}
