//! Arguments of calls: how they are read, and what those that several tools take are called and
//! default to.

use crate::error::CallError;
use pyro::Error;
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The longest time limit of a command, in seconds.
pub(crate) const MAX_TIMEOUT_SECONDS: u64 = 86_400;

/// The arguments of a call.
pub(crate) fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Error> {
    Ok(serde_json::from_value(Value::Object(arguments)).map_err(CallError::Arguments)?)
}

/// Of tools that work on one vm.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ById {
    /// The vm's id from vm_create, or a beginning of it that no other vm has.
    pub(crate) vm_id: String,
}

/// Of tools that work on one workspace.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByWorkspace {
    /// Its id or name.
    pub(crate) workspace_id: String,
}

/// Of tools that need nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Those of the command line, except where a tool's own text says otherwise.
pub(crate) mod defaults {
    use pyro::vm::VmSpec;

    pub(crate) fn environment() -> String {
        VmSpec::default().environment
    }
    pub(crate) fn vcpu_count() -> u32 {
        VmSpec::default().vcpu_count
    }
    pub(crate) fn mem_mib() -> u32 {
        VmSpec::default().mem_mib
    }
    pub(crate) fn timeout_seconds() -> u64 {
        30
    }
    pub(crate) fn ttl_seconds() -> u64 {
        VmSpec::default().ttl_seconds
    }
}
