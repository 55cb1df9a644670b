//! `pyro demo ollama`: a language model, here one that follows a script, asks a machine and gets its answer.

use crate::model::{Model, calls, says};
use scenarios::World;
use serde_json::Value;

#[test]
fn what_the_guest_says_reaches_the_model_and_what_the_model_says_reaches_the_user() {
    let world = World::new();
    let model = Model::that(|number, question| match number {
        // the first is wrong: it is told so, and mends it
        0 => calls("vm_run", "{\"cmd\": \"id\"}"),
        1 => calls("vm_run", "{\"command\": \"echo guest-$((6 * 7)); uname -s; exit 3\"}"),
        _ => says(&format!("It said {}", last_message(question))),
    });
    let words = ["demo", "ollama", "--base-url", &model.base_url, "--model", "scripted"];
    let shown = world.pyro(&[&words[..], &["--json"]].concat()).succeeds().json();
    let run = &shown["runs"][0];
    assert_eq!((&run["stdout"], &run["exit_code"]), (&"guest-42\nLinux\n".into(), &3.into()));
    assert!(run["isolation"].as_str().unwrap().ends_with("-vm"), "{run}");
    assert_eq!(run["cleanup"]["deleted"], true);
    assert!(shown["answer"].as_str().unwrap().contains("guest-42\\nLinux"), "{shown}");
    let first = &model.asked()[0];
    assert_eq!((&first["model"], &first["stream"]), (&"scripted".into(), &false.into()));
    world.assert_clean();
}

fn last_message(question: &Value) -> &str {
    question["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap()
}
