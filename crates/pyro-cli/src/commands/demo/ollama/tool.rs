//! The one tool of the demonstration: `vm_run` of the MCP server with one parameter, because small models
//! get one right. The machine is a new one for each call, without a network, and gone afterwards.

use super::chat::Call;
use pyro::vm::run::{RunRequest, RunResult};
use pyro::vm::{DEFAULT_ENVIRONMENT, VmSpec};
use serde_json::{Value, json};

/// As the model knows it.
pub(super) const NAME: &str = "vm_run";
/// A command may take so long.
const TIMEOUT_SECONDS: u64 = 30;
/// So many characters of each stream are told the model, whose memory is short.
const TOLD: usize = 4_000;

/// What the model reads about it.
pub(super) fn described() -> Value {
    json!([{
        "type": "function",
        "function": {
            "name": NAME,
            "description": "Run a shell command in a new Linux virtual machine, which is deleted \
                            afterwards. Returns its exit code and what it wrote.",
            "parameters": {
                "type": "object",
                "properties": {
                    "command": {"type": "string", "description": "The command, for /bin/sh."},
                },
                "required": ["command"],
                "additionalProperties": false,
            },
        },
    }])
}

/// What a call asks for.
///
/// # Errors
/// What is wrong with it, for the model to mend.
pub(super) fn request(call: &Call) -> Result<RunRequest, String> {
    if call.name != NAME {
        return Err(format!("there is no tool {:?}; there is {NAME}", call.name));
    }
    let arguments = call.arguments.as_ref().map_err(Clone::clone)?;
    let command = arguments.get("command").and_then(Value::as_str).map(str::trim);
    let command = command.filter(|command| !command.is_empty());
    let command =
        command.ok_or("the argument \"command\" must be a string with a command in it")?;
    Ok(RunRequest {
        vm: VmSpec { environment: DEFAULT_ENVIRONMENT.into(), ..VmSpec::default() },
        command: command.to_owned(),
        timeout_seconds: TIMEOUT_SECONDS,
    })
}

/// What the model is told of a command's end.
pub(super) fn told(result: &RunResult) -> String {
    let beginning = |text: &str| text.chars().take(TOLD).collect::<String>();
    let (stdout, stderr) = (beginning(&result.stdout), beginning(&result.stderr));
    json!({"exit_code": result.exit_code, "stdout": stdout, "stderr": stderr}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, arguments: &Value) -> Call {
        let arguments = arguments.as_object().cloned().ok_or_else(|| "no object".to_owned());
        Call { id: "1".into(), name: name.into(), arguments }
    }

    #[test]
    fn a_call_is_carried_out_without_a_network_or_refused_with_what_to_mend() {
        let request = request(&call(NAME, &json!({"command": " id ", "network": true}))).unwrap();
        assert_eq!((request.command.as_str(), request.vm.network), ("id", false));
        for (name, arguments, why) in [
            ("shell", json!({"command": "id"}), "there is vm_run"),
            (NAME, json!({"cmd": "id"}), "\"command\""),
            (NAME, json!({"command": ["id"]}), "\"command\""),
            (NAME, json!({"command": ""}), "\"command\""),
            (NAME, json!([]), "no object"),
        ] {
            let refused = super::request(&call(name, &arguments)).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
