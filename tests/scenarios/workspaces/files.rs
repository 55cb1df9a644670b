//! The files of a workspace, one by one.

use super::seed;
use scenarios::World;
use serde_json::json;
use std::fs;

#[test]
fn list_read_write_and_edit() {
    let world = World::new();
    let original = seed::directory(&world);
    let workspace = world.workspace(&["--seed-path", original.to_str().unwrap()]);

    let listed = workspace.call(&["file", "list"], &["--recursive"]).succeeds();
    let has = |row: &str| listed.lines().contains(&row);
    assert!(has("file       7 B   /workspace/logo.bin"), "{}", listed.text());
    assert!(has("symlink    -     /workspace/link -> src/main.rs"), "{}", listed.text());
    assert!(has("directory  -     /workspace/src/deep"), "{}", listed.text());
    let flat = workspace.json(&["file", "list"], &["src"]);
    assert_eq!(flat["entries"].as_array().unwrap().len(), 2, "{flat}");

    let read = |rest: &[&str]| workspace.call(&["file", "read"], rest);
    assert_eq!(read(&["README.md"]).succeeds().stdout, b"# A seed\n\nwith two lines\n");
    let part = read(&["README.md", "--max-bytes", "3"]).succeeds().complains("--offset 3 reads on");
    assert_eq!(part.stdout, b"# A");
    assert_eq!(
        read(&["/workspace/README.md", "--lines", "3-9"]).succeeds().text(),
        "with two lines"
    );
    for (path, code) in [
        ("nonesuch", "guest_not_found"),
        ("src", "bad_path"),
        ("link", "bad_path"),
        ("logo.bin", "not_text"),
    ] {
        let error = read(&[path, "--json"]).outcome().json();
        assert_eq!(error["code"], code, "{path}: {error}");
    }

    let write = |rest: &[&str]| workspace.call(&["file", "write"], rest);
    let _ = write(&["new/made.txt", "--text", "-one\n"]).succeeds();
    let bytes: Vec<u8> = (0..=255).collect();
    let _ = write(&["new/bytes", "--text-file", "-"]).stdin(bytes.clone()).succeeds();
    fs::write(world.home().join("given"), "two\n").unwrap();
    let _ = write(&["run.sh", "--text-file", "given"]).succeeds();
    assert_eq!(workspace.exec(&["cat", "new/bytes"]).succeeds().stdout, bytes);
    let kept = workspace.script("cat new/made.txt run.sh; stat -c %a run.sh").succeeds();
    assert_eq!(kept.lines(), ["-one", "two", "755"]);
    let _ = write(&["src", "--text", "x"]).outcome().exits(2).complains("error: ");
    workspace.delete();
    world.assert_clean();
}

#[test]
fn an_edit_that_does_not_fit_says_what_is_there_and_changes_nothing() {
    let world = World::new();
    let original = seed::directory(&world);
    let workspace = world.workspace(&["--seed-path", original.to_str().unwrap()]);
    let edit =
        |rest: &[&str]| workspace.call(&["file", "edit"], &[&["src/main.rs"], rest].concat());
    let missing = edit(&["--old", "let total = 1+1;", "--new", "x"]).outcome().exits(2);
    assert!(
        missing.stderr.contains("closest is line 2:     let total = 1 + 1;"),
        "{}",
        missing.stderr
    );
    assert!(missing.stderr.contains("hint: "), "{}", missing.stderr);
    let twice = edit(&["--old", "1", "--new", "2", "--json"]).outcome().exits(2).json();
    assert_eq!(twice["code"], "edit_ambiguous", "{twice}");
    let same = fs::read(original.join("src/main.rs")).unwrap();
    assert_eq!(workspace.exec(&["cat", "src/main.rs"]).succeeds().stdout, same);

    let _ =
        edit(&["--old", "1", "--new", "2", "--replace-all"]).succeeds().complains("2 replacements");
    let _ = edit(&["--old", "total", "--new", "-sum"]).succeeds().complains("1 replacement");
    let edited = workspace.exec(&["sed", "-n", "2p", "src/main.rs"]).succeeds();
    assert_eq!(edited.text(), "    let -sum = 2 + 2;");
    workspace.delete();
}

#[test]
fn sync_push_goes_over_what_is_there_and_leaves_the_rest() {
    let world = World::new();
    let original = seed::directory(&world);
    let workspace = world.workspace(&["--seed-path", original.to_str().unwrap()]);
    let more = world.home().join("more");
    fs::create_dir_all(more.join("deep")).unwrap();
    fs::write(more.join("main.rs"), "fn main() {}\n").unwrap();
    fs::write(more.join("deep/new"), "new\n").unwrap();
    let push = |rest: &[&str]| workspace.call(&["sync", "push"], rest);
    let said = push(&["more", "--dest", "src"]).succeeds().complains("from more to /workspace/src");
    assert_eq!(said.stdout, b"");
    let there = workspace.script("cat src/main.rs src/deep/new 'src/deep/no newline'").succeeds();
    assert_eq!(there.text(), "fn main() {}\nnew\nthe end");
    let stat = workspace.json(&["diff"], &["--stat"]);
    assert_eq!((&stat["summary"]["total"], &stat["patch"]), (&json!(2), &json!("")), "{stat}");
    let refused = push(&["nonesuch", "--json"]).outcome().exits(1);
    assert_eq!(refused.json()["kind"], "not_found");
    workspace.delete();
}

#[test]
fn names_in_a_guest_never_command_the_terminal() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let _ = workspace.script("touch \"$(printf 'a\\033[31mb\\nc')\"").succeeds();
    for verb in [&["file", "list"][..], &["logs"]] {
        let said = workspace.call(verb, &[]).succeeds();
        assert!(!said.stdout.contains(&0x1b), "{}", said.text());
    }
    let listed = workspace.call(&["file", "list"], &[]).succeeds();
    assert!(listed.text().contains("a\\x1b[31mb\\nc"), "{}", listed.text());
    workspace.delete();
}
