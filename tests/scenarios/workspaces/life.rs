//! The life of a workspace, from a seed to nothing.

use super::seed;
use scenarios::{ENVIRONMENT, World};
use serde_json::json;
use std::fs;

#[test]
fn from_a_seed_through_work_to_a_patch_that_applies_to_the_original() {
    let world = World::new();
    let original = seed::directory(&world);
    let workspace = world.workspace(&["--seed-path", original.to_str().unwrap(), "--name", "fix"]);
    assert_eq!(
        workspace.exec(&["cat", "README.md"]).succeeds().text(),
        "# A seed\n\nwith two lines"
    );
    assert_eq!(workspace.exec(&["./run.sh"]).succeeds().text(), "ran");
    let untouched = workspace.call(&["diff"], &[]).succeeds().complains("nothing has changed");
    assert_eq!(untouched.stdout, b"");

    let work = "echo three >> README.md; rm 'src/deep/no newline'; chmod -x run.sh
        mkdir new; printf '\\000\\001' > new/bin; printf x > 'new/ä \"q\"'; ln -sf README.md link";
    let _ = workspace.script(work).succeeds();
    let patch = workspace.call(&["diff"], &[]).succeeds().complains("changed: ").stdout;
    let file = world.home().join("whole.patch");
    let _ = workspace.call(&["diff"], &["--output", file.to_str().unwrap()]).succeeds();
    assert_eq!(fs::read(&file).unwrap(), patch);
    let stat = workspace.call(&["diff"], &["--stat"]).succeeds();
    assert!(stat.lines().contains(&"added     file       new/bin"), "{}", stat.text());

    let (patched, live) = (world.home().join("patched"), world.home().join("live"));
    seed::copy(&original, &patched);
    seed::git(&patched, &["apply", file.to_str().unwrap()]);
    seed::unpack(&workspace.exec(&["tar", "c", "."]).succeeds().stdout, &live);
    seed::assert_same(&patched, &live);
    workspace.delete();
    world.assert_clean();
}

#[test]
fn reset_and_stop_and_start() {
    let world = World::new();
    let original = seed::directory(&world);
    let workspace = world.workspace(&["--seed-path", original.to_str().unwrap()]);
    let _ = workspace.script("echo more >> README.md; echo mine > /etc/mine").succeeds();
    let reset = workspace.json(&["reset"], &[]);
    assert_eq!((&reset["command_count"], &reset["reset_count"]), (&json!(0), &json!(1)));
    assert_eq!(workspace.json(&["logs"], &[])["count"], 0);
    let _ = workspace.call(&["diff"], &[]).succeeds().complains("nothing has changed");
    let _ = workspace.exec(&["test", "!", "-e", "/etc/mine"]).succeeds();

    let _ = workspace.script("echo kept > kept; sleep 600 & echo $! > pid").succeeds();
    assert_eq!(workspace.json(&["stop"], &[])["state"], "stopped");
    world.assert_no_process();
    let refused = workspace.exec(&["true"]).outcome().exits(125);
    assert!(refused.stderr.contains("is stopped"), "{}", refused.stderr);
    assert_eq!(workspace.json(&["start"], &[])["state"], "started");
    assert_eq!(workspace.exec(&["cat", "kept"]).succeeds().text(), "kept");
    let _ = workspace.script("! grep -aqs sleep /proc/$(cat pid)/cmdline").succeeds();
    let unknown = workspace.call(&["reset"], &["--snapshot", "nonesuch", "--json"]).outcome();
    assert_eq!(unknown.exits(1).json()["code"], "no_snapshot");
    assert_eq!(workspace.exec(&["cat", "kept"]).succeeds().text(), "kept", "nothing was given up");
    workspace.delete();
    world.assert_clean();
}

#[test]
fn deleting_gives_every_byte_and_every_process_back() {
    let world = World::new();
    let original = seed::directory(&world);
    // locks and facts about the host stay, once
    world.workspace(&[]).delete();
    let before = world.files();
    let workspace = world.workspace(&["--seed-path", original.to_str().unwrap()]);
    let _ = workspace.script("head -c 20M /dev/urandom > big; sleep 600 & echo done").succeeds();
    let _ = workspace.call(&["stop"], &[]).succeeds();
    let _ = workspace.call(&["start"], &[]).succeeds();
    let mut busy = workspace.exec_with(&["--timeout-seconds", "600"], &["sleep", "600"]).start();
    assert!(!busy.has_ended());
    workspace.delete();
    let _ = busy.end().exits(125);
    world.assert_clean();
    assert_eq!(world.files(), before);
}

#[test]
fn a_project_comes_with_its_history_and_without_what_is_ignored_or_secret() {
    let world = World::new();
    let project = seed::project(&world);
    let words = ["workspace", "create", ENVIRONMENT, "--project-path", project.to_str().unwrap()];
    let made = world.pyro(&[&words[..], &["--name", "project"]].concat()).succeeds();
    let said = &made.stderr;
    assert!(said.contains("withheld, because they look like credentials: .env"), "{said}");
    assert!(said.contains("; 1 ignored entry left out"), "{said}");
    assert!(said.contains("pyro workspace exec project -- "), "{said}");
    let exec = |words: &[&str]| {
        world.pyro(&[&["workspace", "exec", "project", "--"], words].concat()).succeeds()
    };
    assert_eq!(exec(&["git", "status", "--porcelain"]).text(), "");
    assert_eq!(exec(&["git", "log", "--format=%an %s"]).text(), "Grace Begin");
    let _ = exec(&["sh", "-c", "test ! -e .env && test ! -e target"]);
    let author = ["-c", "user.name=a", "-c", "user.email=a@b"];
    let commit = ["commit", "--allow-empty", "--quiet", "-m", "x"];
    let _ = exec(&[&["git"], &author[..], &commit].concat());
    let _ = world.pyro(&["workspace", "diff", "project"]).succeeds().complains("Git's own data");
    let _ = world.pyro(&["workspace", "delete", "project"]).succeeds();
    world.assert_clean();
}
