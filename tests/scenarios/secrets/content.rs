//! Content that holds a secret because the guest's own code wrote it there: it is named and not given out,
//! unless the human allows it.

use scenarios::{Canary, World};
use serde_json::Value;
use std::fs;

#[test]
fn a_file_that_holds_a_secret_stays_in_the_workspace_until_the_human_allows_it() {
    let world = World::new();
    let canary = Canary::new();
    let given = format!("TOKEN={}", canary.value);
    let workspace = world.workspace(&["--secret", &given]);
    // nothing of pyro's has put it on the disk, nor a command that only reads it
    let read = "cat /run/pyro-secrets/TOKEN | base64 -w0 | wc -c";
    let _ = workspace.exec_with(&["--secret-env", "TOKEN"], &["sh", "-c", read]).succeeds();
    let _ = workspace.call(&["snapshot", "create"], &["before"]).succeeds();
    canary.is_not_on_the_host(&world, |path| path.ends_with("secrets.json"));

    let leak = "mkdir -p out/deep && echo harmless > out/harmless && cp out/harmless free && \
                base64 -w0 < /run/pyro-secrets/TOKEN > out/deep/leak && \
                { head -c 70000 /dev/zero | tr '\\0' .; cat /run/pyro-secrets/TOKEN; } > big";
    let _ = workspace.script(leak).succeeds();
    let out = world.home().join("taken");
    let taken = out.to_str().unwrap();
    let refuses = |verb: &[&str], rest: &[&str], named: &str| {
        let refused = workspace.call(verb, &[&["--json"], rest].concat()).outcome();
        canary.is_not_in("a refusal", &refused.stdout);
        canary.is_not_in("a refusal", &refused.stderr);
        let error: Value = refused.json();
        assert_eq!(
            (&error["code"], &error["kind"]),
            (&"secret_in_content".into(), &"denied".into())
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(named), "{message}");
        assert!(error["hints"].to_string().contains("--allow-secrets"), "{error}");
        assert!(!out.exists());
        let left = fs::read_dir(world.home()).unwrap().flatten();
        let left: Vec<_> =
            left.filter(|e| e.path().to_string_lossy().contains("export-")).collect();
        assert!(left.is_empty(), "{left:?}");
    };
    let allows = |verb: &[&str], rest: &[&str]| {
        let _ = workspace.call(verb, &[&["--allow-secrets"], rest].concat()).succeeds();
    };
    refuses(&["file", "read"], &["out/deep/leak"], "/workspace/out/deep/leak");
    // neither half of it, and what lies far enough from it
    refuses(
        &["file", "read"],
        &["big", "--offset", "69990", "--max-bytes", "20"],
        "/workspace/big",
    );
    refuses(&["file", "read"], &["big", "--offset", "70010"], "/workspace/big");
    let _ = workspace.json(&["file", "read"], &["big", "--max-bytes", "60000"]);
    refuses(&["diff"], &[], "out/deep/leak");
    refuses(&["export"], &["out", "--output", taken], "/workspace/out/deep/leak");
    refuses(&["export"], &["big", "--output", taken], "/workspace/big");
    let _ = workspace.json(&["export"], &["free", "--output", taken]);
    fs::remove_file(&out).unwrap();
    allows(&["file", "read"], &["out/deep/leak"]);
    allows(&["diff"], &[]);
    allows(&["export"], &["out", "--output", taken]);
    assert!(out.join("deep/leak").exists());
    fs::remove_dir_all(&out).unwrap();

    let _ = workspace.call(&["stop"], &[]).succeeds();
    refuses(&["disk", "read"], &["out/deep/leak"], "/workspace/out/deep/leak");
    refuses(&["disk", "read"], &["big", "--offset", "70010"], "/workspace/big");
    refuses(&["disk", "export"], &["--output", taken], "the disk");
    allows(&["disk", "read"], &["out/deep/leak"]);
    allows(&["disk", "export"], &["--output", taken]);
    fs::remove_file(&out).unwrap();

    let _ = workspace.call(&["reset"], &["--snapshot", "before"]).succeeds();
    let _ = workspace.call(&["diff"], &[]).succeeds().complains("nothing has changed");
    workspace.delete();
    canary.is_not_on_the_host(&world, |_| false);
    world.assert_clean();
}
