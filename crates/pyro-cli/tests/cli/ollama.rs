//! `pyro demo ollama` with models that do not do what they should: each is told apart, and says what to do.

use crate::model::{Model, Script, calls, says};
use crate::world::{Ran, World};
use insta::assert_snapshot;
use serde_json::json;

fn demo(script: Script) -> (Ran, Model) {
    let model = Model::that(script);
    let ran = World::new().pyro(&["demo", "ollama", "--base-url", &model.base_url]);
    (ran, model)
}

/// What the user reads at the end, with the endpoint's changing address left out.
fn end((ran, model): (Ran, Model)) -> String {
    assert_eq!(ran.code(), 1, "{ran}");
    ran.stderr().replace(&model.base_url, "BASE")
}

#[test]
fn nobody_listens() {
    // a port that was free a moment ago
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let ran =
        World::new().pyro(&["demo", "ollama", "--base-url", &base_url, "--model", "qwen3:8b"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert_snapshot!(ran.stderr().replace(&base_url, "BASE"), @"
    error: nobody listens at BASE/chat/completions
    hint: install Ollama (https://ollama.com/download) and start it: `ollama serve`
    hint: then get the model: `ollama pull qwen3:8b`
    hint: --base-url names another endpoint that speaks OpenAI's chat completions
    ");
}

#[test]
fn a_model_that_is_not_there() {
    let missing = demo(|_, _| {
        (
            404,
            json!({"error": {"message": "model \"llama3.2:3b\" not found, try pulling it first"}}),
        )
    });
    assert_snapshot!(end(missing), @r#"
    error: BASE/chat/completions has no model "llama3.2:3b": model "llama3.2:3b" not found, try pulling it first
    hint: `ollama pull llama3.2:3b` gets it; `ollama list` shows what is there
    "#);
}

#[test]
fn an_endpoint_that_is_another() {
    assert_snapshot!(end(demo(|_, _| (404, json!("404 page not found")))), @"
    error: BASE/chat/completions answers with something that is no chat completion: HTTP status 404: 404 page not found
    hint: --base-url must end where /chat/completions begins, as in …:11434/v1
    ");
    assert_snapshot!(end(demo(|_, _| (200, json!({"models": []})))), @"
    error: BASE/chat/completions answers with something that is no chat completion: missing field `choices` at line 1 column 13
    hint: --base-url must end where /chat/completions begins, as in …:11434/v1
    ");
}

#[test]
fn a_model_that_cannot_call_tools_and_one_that_does_not() {
    let cannot = demo(|_, _| (400, json!({"error": {"message": "gemma does not support tools"}})));
    assert_snapshot!(end(cannot), @"
    error: llama3.2:3b cannot call tools: gemma does not support tools
    hint: --model names another one; small models often call no tools, or call them wrongly
    hint: -v shows what is said
    ");
    assert_snapshot!(end(demo(|_, _| says("I believe it is Linux 5."))), @"
    error: llama3.2:3b did not call the tool; it said: I believe it is Linux 5.
    hint: --model names another one; small models often call no tools, or call them wrongly
    hint: -v shows what is said
    ");
}

#[test]
fn a_model_that_calls_wrongly_is_told_so_and_given_up_at_last() {
    let (ran, model) = demo(|number, _| match number {
        0 => calls("shell", "{}"),
        1 => calls("vm_run", "{\"command\": "),
        _ => calls("vm_run", "{\"cmd\": \"id\"}"),
    });
    let asked = model.asked();
    assert_eq!(asked.len(), 6);
    let told: Vec<&str> = asked[3]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| message["role"] == "tool")
        .map(|message| message["content"].as_str().unwrap())
        .collect();
    assert!(told[0].contains("there is vm_run"), "{told:?}");
    assert!(told[1].contains("no JSON"), "{told:?}");
    assert!(told[2].contains("\"command\""), "{told:?}");
    let end = end((ran, model));
    assert!(end.starts_with("error: llama3.2:3b made no call that could be carried out"), "{end}");
}

#[test]
fn a_model_that_takes_too_long() {
    let model = Model::that(|_, _| {
        loop {
            std::thread::park();
        }
    });
    let words = ["demo", "ollama", "--base-url", &model.base_url, "--timeout-seconds", "1"];
    let ran = World::new().pyro(&[&words[..], &["--json"]].concat());
    let error = ran.json();
    assert_eq!((&error["code"], &error["kind"]), (&json!("model_timeout"), &json!("timeout")));
}

#[test]
fn what_is_said_is_shown_to_who_asks() {
    let model = Model::that(|_, _| says("no \u{1b}[31m"));
    let ran = World::new().pyro(&["demo", "ollama", "--base-url", &model.base_url, "-v"]);
    let shown = ran.stderr();
    assert!(shown.contains("> POST http://") && shown.contains("\"name\": \"vm_run\""), "{shown}");
    assert!(shown.contains("< 200\n") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn plain_http_goes_to_this_host_only() {
    let words = ["demo", "ollama", "--base-url", "http://model.example/v1", "--json"];
    let ran = World::new().pyro(&words);
    assert_eq!((ran.code(), &ran.json()["code"]), (1, &json!("model_endpoint_in_the_open")));
}

#[test]
fn no_proxy_stands_before_this_host() {
    let model = Model::that(|_, _| says("no"));
    let world = World::new();
    let mut command = world.command(&["demo", "ollama", "--base-url", &model.base_url, "--json"]);
    let child = command.env("http_proxy", "http://127.0.0.1:1").spawn().unwrap();
    assert_eq!(world.finish(child).json()["code"], "model_calls_no_tool");
}
