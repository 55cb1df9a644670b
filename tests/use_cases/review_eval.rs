//! `docs/use-cases/review-eval-workflows.md`.

use crate::recipe::{MEDIAN, MENDED, Recipe};
use serde_json::json;

#[test]
fn review_eval_workflows() {
    let mut model =
        Recipe::begin("review-eval-workflows", &MEDIAN, &["--profile", "workspace-full"]);
    model.ask("workspace_create", &json!({"name": "review"}));
    model.ask("workspace_patch_apply", &json!({"workspace_id": "review", "patch": MENDED}));
    model.ask("snapshot_create", &json!({"workspace_id": "review", "snapshot_name": "candidate"}));

    // by hand, in a terminal that keeps its state
    let opened = model.ask("shell_open", &json!({"workspace_id": "review"}));
    let shell = opened.lines().find_map(|line| line.strip_prefix("shell_id: ")).unwrap().to_owned();
    let to = |more: serde_json::Value| {
        let mut arguments = json!({"workspace_id": "review", "shell_id": shell});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    model
        .ask("shell_write", &to(json!({"input": "export PERL5LIB=lib; prove t; echo verdict=$?"})));
    let mut seen = String::new();
    while !seen.contains("verdict=0") {
        seen = model.ask("shell_read", &to(json!({"plain": true, "wait_for_idle_ms": 500})));
        assert!(!seen.contains("verdict=1"), "{seen}");
    }
    model.ask("shell_close", &to(json!({})));

    // an experiment that goes wrong costs nothing
    let (code, _) = model.exec("review", "rm -rf lib t && prove t");
    assert_ne!(code, "0");
    model.ask("workspace_reset", &json!({"workspace_id": "review", "snapshot": "candidate"}));
    let (code, said) = model.exec("review", "prove -Ilib t");
    assert_eq!(code, "0", "{said}");

    // the verdict is about exactly this change
    let patch = model.patch("review");
    assert!(patch.contains("$a <=> $b") && !patch.contains("deleted file"), "{patch}");
    model.ask("snapshot_delete", &json!({"workspace_id": "review", "snapshot_name": "candidate"}));
    model.delete("review");
    model.end();
}
