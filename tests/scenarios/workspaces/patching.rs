//! Patches into a workspace: all of one, or nothing of it.

use super::seed;
use scenarios::{Process, Signal, Workspace, World};
use std::fmt::Write;
use std::fs;
use std::time::Duration;

#[test]
fn what_does_not_fit_changes_nothing_and_says_what_is_there() {
    let world = World::new();
    let original = seed::directory(&world);
    let workspace = world.workspace(&["--seed-path", original.to_str().unwrap()]);
    let apply = |patch: &str| {
        workspace.call(&["patch", "apply"], &["--patch-file", "-"]).stdin(patch.as_bytes().to_vec())
    };
    let add = "--- /dev/null\n+++ b/new/file\n@@ -0,0 +1 @@\n+new\n";
    let wrong = "--- a/src/main.rs\n+++ b/src/main.rs\n@@ -1,3 +1,3 @@\n fn main() {\n\
                 -    let total = 1 + 2;\n+    let total = 3;\n }\n";
    let refused = apply(&[add, wrong].concat()).outcome().exits(2);
    for said in
        ["hunk 1 (line 7 of the patch)", "     | ", ">     2|     let total = 1 + 1;", "hint: "]
    {
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
    let _ = workspace.exec(&["mkdir", "real"]).succeeds();
    let _ = workspace.script("ln -s ../etc out; ln -s real through; echo x > real/x").succeeds();
    for (patch, code) in [
        (add.replace("b/new/file", "b/../file"), "patch_path_refused"),
        (add.replace("b/new/file", "/etc/file"), "patch_path_refused"),
        (add.replace("b/new/file", "b/.git/hooks/post-checkout"), "patch_path_refused"),
        (add.replace("new/file", "out/passwd"), "patch_mismatch"),
        (add.replace("new/file", "through/y"), "patch_mismatch"),
        (add.replace("new/file", "README.md/x"), "patch_mismatch"),
        ("no patch".to_owned(), "patch_syntax"),
    ] {
        let words = ["--json", "--patch", &patch];
        let error = workspace.call(&["patch", "apply"], &words).outcome().exits(2).json();
        assert_eq!(error["code"], code, "{patch}: {error}");
    }
    let untouched = workspace.script("test ! -e new; test ! -e /etc/file; ls real").succeeds();
    assert_eq!(untouched.text(), "x");

    let right = wrong.replace("1 + 2", "1 + 1").replace("@@ -1,3 +1,3 @@", "@@ -4,3 +4,3 @@");
    let _ = apply(&[add, &right].concat()).succeeds().complains("3 lines further up");
    let again = workspace.call(&["patch", "apply"], &["--json", "--patch", &right]).outcome();
    assert_eq!(again.json()["code"], "patch_already_applied");
    let models = "*** Begin Patch\n*** Update File: src/main.rs\n@@ fn main() {\n-    let total = 3;\n\
                  +    let total = 4;\n*** Delete File: new/file\n*** End Patch\n";
    let applied = workspace.json(&["patch", "apply"], &["--patch", models]);
    assert_eq!((&applied["changed"], &applied["summary"]["total"]), (&true.into(), &2.into()));
    assert!(applied["patch"].as_str().unwrap().contains("\n+    let total = 4;\n"), "{applied}");
    let there = workspace.script("sed -n 2p src/main.rs; test ! -e new").succeeds();
    assert_eq!(there.text(), "    let total = 4;");
    workspace.delete();
    world.assert_clean();
}

#[test]
fn a_patch_that_finds_the_guests_disk_full_changes_nothing_and_says_what_to_do() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let fill = "echo old > changed; n=0; mkdir fill; cd fill; \
        for size in 4G 1G 256M 64M 16M 1M 64K 4K; do \
        while fallocate -l $size $n 2> /dev/null; do n=$((n+1)); done; rm -f $n; done; sync";
    let _ = workspace.script(fill).succeeds();
    let mut patch = "--- a/changed\n+++ b/changed\n@@ -1 +1 @@\n-old\n+new\n".to_owned();
    for number in 0..40 {
        write!(patch, "--- /dev/null\n+++ b/new/{number}\n@@ -0,0 +1 @@\n+{number}\n").unwrap();
    }
    let apply = || {
        let call = workspace.call(&["patch", "apply"], &["--patch-file", "-", "--json"]);
        call.stdin(patch.clone().into_bytes()).outcome()
    };
    // no room at all, and then for some of the files
    for room in ["true", "rm $(find fill -size 64k | head -n 1)"] {
        let _ = workspace.script(room).succeeds();
        let error = apply().exits(1).json();
        assert_eq!(error["code"], "guest_no_space", "{error}");
        assert!(error["message"].as_str().unwrap().contains("No space left"), "{error}");
        assert!(error["hints"][0].as_str().unwrap().contains("remove something in it"), "{error}");
        let left = workspace.script("cat changed; test ! -e new; ls").succeeds();
        assert_eq!(left.text(), "old\nchanged\nfill");
    }
    let _ = workspace.exec(&["rm", "-r", "fill"]).succeeds();
    assert_eq!(apply().succeeds().json()["summary"]["total"], 41);
    assert_eq!(workspace.script("cat changed new/39").succeeds().text(), "new\n39");
    workspace.delete();
    world.assert_clean();
}

const FILES: usize = 300;

#[test]
fn whoever_dies_while_a_patch_is_applied_it_is_there_or_not() {
    let world = World::new();
    let seed = world.home().join("many");
    fs::create_dir(&seed).unwrap();
    for number in 0..FILES {
        fs::write(seed.join(format!("f{number}")), "old\n").unwrap();
    }
    let workspace = world.workspace(&["--seed-path", seed.to_str().unwrap()]);
    let (forth, back) = (patch("old", "new"), patch("new", "old"));
    let mut state = "old".to_owned();
    for (machine_dies, after) in [(false, 60), (false, 200), (true, 150), (true, 400)] {
        let patch = if state == "old" { &forth } else { &back };
        let call = workspace.call(&["patch", "apply"], &["--patch-file", "-"]);
        let running = call.stdin(patch.clone().into_bytes()).start();
        std::thread::sleep(Duration::from_millis(after));
        if machine_dies {
            running.process(Process::is_vmm).signal(Signal::KILL);
        } else {
            running.signal(Signal::KILL);
        }
        let _ = running.end();
        state = lines(&workspace);
        assert!(matches!(&state[..], "old" | "new"), "after {after} ms: {state}");
    }
    workspace.delete();
    world.assert_clean();
}

fn patch(from: &str, to: &str) -> String {
    let mut patch = String::new();
    for number in 0..FILES {
        let name = format!("f{number}");
        write!(patch, "--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-{from}\n+{to}\n").unwrap();
    }
    patch
}

/// The different lines of all files, and whatever else there is.
fn lines(workspace: &Workspace<'_>) -> String {
    workspace.script("cat f* | sort -u; find . -type f ! -name 'f*'").succeeds().text().to_owned()
}
