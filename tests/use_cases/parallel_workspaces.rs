//! `docs/use-cases/parallel-workspaces.md`.

use crate::recipe::{MEDIAN, MENDED, Recipe};
use serde_json::json;

#[test]
fn parallel_workspaces() {
    let mut model = Recipe::begin("parallel-workspaces", &MEDIAN, &[]);
    for name in ["by-number", "by-length"] {
        model.ask("workspace_create", &json!({"name": name, "labels": {"task": "median"}}));
    }
    // two ideas, each on its own
    model.ask("workspace_patch_apply", &json!({"workspace_id": "by-number", "patch": MENDED}));
    let other = MENDED.replace("$a <=> $b", "length $a <=> length $b || $a cmp $b");
    model.ask("workspace_patch_apply", &json!({"workspace_id": "by-length", "patch": other}));
    let more = "printf '%s\\n' 'use Test::More tests => 1; use Median;' \
                'is(Median::median(-10, 1, 2), 1);' > t/negative.t; prove -Ilib t";
    let outcomes = ["by-number", "by-length"].map(|name| model.exec(name, more).0);
    assert!(outcomes[0] == "0" && outcomes[1] != "0", "{outcomes:?}");

    // what there is, by its labels, and the one that is kept
    let listed = model.ask("workspace_list", &json!({}));
    assert!(listed.contains("by-number") && listed.contains("by-length"), "{listed}");
    model.ask(
        "workspace_update",
        &json!({"workspace_id": "by-number", "labels": {"verdict": "keep"}}),
    );
    model.delete("by-length");
    let patch = model.patch("by-number");
    assert!(patch.contains("t/negative.t") && patch.contains("$a <=> $b"), "{patch}");
    model.delete("by-number");
    model.land(&patch);
    model.end();
}
