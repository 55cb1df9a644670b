//! `docs/use-cases/repro-fix-loop.md`.

use crate::recipe::{MEDIAN, MENDED, Recipe};
use serde_json::json;

#[test]
fn repro_fix_loop() {
    let mut model = Recipe::begin("repro-fix-loop", &MEDIAN, &[]);
    model.ask("workspace_create", &json!({"name": "fix"}));

    // the mistake is there, and found
    let (code, said) = model.exec("fix", "prove -Ilib t");
    assert!(code != "0" && said.contains("numbers of several digits"), "{said}");
    let source =
        model.ask("workspace_file_read", &json!({"workspace_id": "fix", "path": "lib/Median.pm"}));
    assert!(source.contains("sort @_"), "{source}");

    // mended, and shown to be
    model.ask("workspace_patch_apply", &json!({"workspace_id": "fix", "patch": MENDED}));
    let (code, said) = model.exec("fix", "prove -Ilib t");
    assert_eq!(code, "0", "{said}");

    // it was the patch: without it the mistake is back
    let patch = model.patch("fix");
    model.ask("workspace_reset", &json!({"workspace_id": "fix"}));
    let (code, _) = model.exec("fix", "prove -Ilib t");
    assert_ne!(code, "0");
    model.ask("workspace_patch_apply", &json!({"workspace_id": "fix", "patch": patch}));
    let (code, _) = model.exec("fix", "prove -Ilib t");
    assert_eq!(code, "0");

    model.delete("fix");
    model.land(&patch);
    let landed = std::fs::read_to_string(model.project().join("lib/Median.pm")).unwrap();
    assert!(landed.contains("sort { $a <=> $b } @_"), "{landed}");
    model.end();
}
