//! What is said to a model and what it says, in OpenAI's chat completions
//! (`POST /chat/completions`), as far as the demonstration needs them. A model is believed nothing:
//! what does not fit is a reason to tell it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The most of what a model says that is shown in a message, in characters.
const SHOWN: usize = 300;

/// A model's message.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said {
    /// What it says to the user.
    pub(super) text: String,
    /// What it wants done.
    pub(super) calls: Vec<Call>,
}

/// A call of a tool.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    /// What its result is known by.
    pub(super) id: String,
    /// The tool.
    pub(super) name: String,
    /// Its arguments, or why they are none.
    pub(super) arguments: Result<Map<String, Value>, String>,
}

/// The fields of a chat completion that matter here; everything else is passed over.
#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
    tool_calls: Option<Vec<WrittenCall>>,
}

#[derive(Deserialize)]
struct WrittenCall {
    id: Option<String>,
    function: WrittenFunction,
}

#[derive(Deserialize)]
struct WrittenFunction {
    name: String,
    #[serde(default)]
    arguments: Value,
}

impl Said {
    /// Reads a completion.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn read(completion: &[u8]) -> Result<Self, String> {
        let completion: Completion =
            serde_json::from_slice(completion).map_err(|error| error.to_string())?;
        let choice = completion.choices.into_iter().next().ok_or("it has no choices")?;
        let Message { content, tool_calls } = choice.message;
        let calls = tool_calls.unwrap_or_default().into_iter().enumerate();
        Ok(Self {
            text: content.unwrap_or_default().trim().to_owned(),
            calls: calls.map(|(number, call)| Call::of(number, call)).collect(),
        })
    }

    /// The message as it is given back with the next question. Arguments that cannot be read are left out:
    /// some endpoints refuse a conversation in which there are such.
    pub(super) fn message(&self) -> Value {
        let call = |call: &Call| {
            let arguments =
                call.arguments.as_ref().map_or_else(|_| "{}".into(), |a| json!(a).to_string());
            json!({"id": call.id, "type": "function",
                   "function": {"name": call.name, "arguments": arguments}})
        };
        let calls: Vec<Value> = self.calls.iter().map(call).collect();
        json!({"role": "assistant", "content": self.text, "tool_calls": calls})
    }

    /// What it says, for a message.
    pub(super) fn excerpt(&self) -> String {
        if self.text.is_empty() { "nothing".to_owned() } else { excerpt(&self.text) }
    }
}

impl Call {
    fn of(number: usize, call: WrittenCall) -> Self {
        Self {
            id: call.id.unwrap_or_else(|| format!("call_{number}")),
            name: call.function.name,
            arguments: arguments(call.function.arguments),
        }
    }

    /// What the model is told about it.
    pub(super) fn result(&self, result: &str) -> Value {
        json!({"role": "tool", "tool_call_id": self.id, "content": result})
    }
}

/// Arguments are an object written as a string; some endpoints send the object itself.
fn arguments(written: Value) -> Result<Map<String, Value>, String> {
    let value = match written {
        Value::String(text) => serde_json::from_str(&text)
            .map_err(|error| format!("its arguments are no JSON ({error}): {}", excerpt(&text)))?,
        value => value,
    };
    match value {
        Value::Object(fields) => Ok(fields),
        other => Err(format!("its arguments are no JSON object: {}", excerpt(&other.to_string()))),
    }
}

/// The beginning of a text.
pub(super) fn excerpt(text: &str) -> String {
    let mut characters = text.trim().chars();
    let shown: String = characters.by_ref().take(SHOWN).collect();
    if characters.next().is_some() { shown + "…" } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &Value) -> Said {
        let completion = json!({"id": "x", "choices": [{"index": 0, "message": message}]});
        Said::read(completion.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn arguments_come_as_a_string_or_as_themselves() {
        for arguments in [json!("{\"command\": \"id\"}"), json!({"command": "id"})] {
            let call = json!({"id": "c1", "type": "function",
                              "function": {"name": "vm_run", "arguments": arguments}});
            let said = said(&json!({"role": "assistant", "content": null, "tool_calls": [call]}));
            assert_eq!(said.calls[0].arguments.as_ref().unwrap()["command"], "id");
            let back = said.message();
            assert_eq!(back["tool_calls"][0]["function"]["arguments"], "{\"command\":\"id\"}");
        }
    }

    #[test]
    fn arguments_that_are_none_are_a_reason_and_are_not_given_back() {
        for (arguments, why) in [
            (json!("{\"command\""), "no JSON ("),
            (json!("[1]"), "no JSON object"),
            (json!(7), "no JSON object"),
        ] {
            let said = said(
                &json!({"tool_calls": [{"function": {"name": "vm_run", "arguments": arguments}}]}),
            );
            let refused = said.calls[0].arguments.as_ref().unwrap_err();
            assert!(refused.contains(why), "{refused}");
            let back = said.message();
            assert_eq!(back["tool_calls"][0]["id"], "call_0");
            assert_eq!(back["tool_calls"][0]["function"]["arguments"], "{}");
        }
    }

    #[test]
    fn what_is_no_completion_is_refused() {
        for text in ["", "<html>", "{}", "{\"choices\": []}", "{\"choices\": [{}]}"] {
            assert!(Said::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
