//! `pyro workspace` where there is no machine: wrong command lines, empty lists, refusals.

use crate::world::World;
use insta::assert_snapshot;

#[test]
fn nothing_is_listed_where_there_is_nothing() {
    let world = World::new();
    assert_snapshot!(world.pyro(&["workspace", "list"]), @r"
exit status: 0
--- stdout
ID  NAME  STATE  ENVIRONMENT  COMMANDS  LAST USED  EXPIRES  LABELS
");
    assert_snapshot!(world.pyro(&["workspace", "list", "--json"]), @r#"
exit status: 0
--- stdout
{
  "count": 0,
  "workspaces": []
}
"#);
}

#[test]
fn a_workspace_that_does_not_exist() {
    let world = World::new();
    assert_snapshot!(world.pyro(&["workspace", "status", "fix-42"]), @r#"
exit status: 1
--- stderr
error: there is no workspace "fix-42"
hint: check the id; if the workspace is gone, make a new one
"#);
    for (words, code) in [
        (&["exec", "fix-42", "--json", "--", "true"][..], 125),
        (&["exec-read", "ws-1.1", "--json"], 1),
        (&["exec-stop", "nonsense", "--json"], 1),
        (&["logs", "fix-42", "--json"], 1),
        (&["update", "fix-42", "--name", "x", "--json"], 1),
        (&["sync", "push", "fix-42", "/etc", "--json"], 1),
        (&["file", "list", "fix-42", "--json"], 1),
        (&["file", "read", "fix-42", "x", "--json"], 1),
        (&["file", "write", "fix-42", "x", "--text", "", "--json"], 1),
        (&["file", "edit", "fix-42", "x", "--old", "a", "--new", "b", "--json"], 1),
        (&["shell", "open", "fix-42", "--json"], 1),
        (&["shell", "list", "fix-42", "--json"], 1),
        (&["shell", "read", "fix-42", "sh-1", "--json"], 1),
        (&["shell", "write", "fix-42", "sh-1", "--input", "-x", "--json"], 1),
        (&["shell", "signal", "fix-42", "sh-1", "--json"], 1),
        (&["shell", "close", "fix-42", "sh-1", "--json"], 1),
        (&["diff", "fix-42", "--json"], 1),
        (&["reset", "fix-42", "--json"], 1),
        (&["stop", "fix-42", "--json"], 1),
        (&["start", "fix-42", "--json"], 1),
        (&["delete", "fix-42", "--json"], 1),
    ] {
        let ran = world.pyro(&[&["workspace"], words].concat());
        assert_eq!((ran.code(), ran.json()["kind"].as_str()), (code, Some("not_found")), "{ran}");
        assert!(ran.stderr.is_empty(), "{ran}");
    }
}

#[test]
fn wrong_command_lines_are_refused_before_anything_happens() {
    let world = World::new();
    for words in [
        &["create", "--project", "--seed-path", "."][..],
        &["create", "--repo-ref", "main"],
        &["create", "--label", "owner"],
        &["create", "--network-policy", "open"],
        &["update", "x"],
        &["update", "x", "--name", "y", "--clear-name"],
        &["file", "read", "x", "y", "--lines", "3-1"],
        &["file", "write", "x", "y"],
        &["file", "edit", "x", "y", "--old", "a"],
        &["diff", "x", "--stat", "--output", "z"],
        &["shell", "write", "x", "y"],
        &["shell", "read", "x", "y", "--max-chars", "0"],
        &["shell", "signal", "x", "y", "--signal", "USR1"],
        &["shell", "open", "x", "--cols", "many"],
    ] {
        let ran = world.pyro(&[&["workspace"], words].concat());
        assert_eq!(ran.code(), 2, "{words:?}: {ran}");
        assert!(ran.stdout.is_empty() && ran.stderr().starts_with("error: "), "{ran}");
    }
    let ran = world.pyro(&["workspace", "exec", "x", "--nonesuch", "--", "true"]);
    assert_eq!(ran.code(), 125, "{ran}");
    let ran = world.pyro(&["workspace", "exec", "x", "--json"]);
    assert_eq!((ran.code(), ran.json()["code"].as_str()), (125, Some("usage")));
    let ran = world.pyro(&["workspace", "shell", "attach", "x"]);
    assert_eq!(ran.code(), 125, "{ran}");
    let ran = world.pyro(&["workspace", "shell", "attach", "x", "y"]);
    assert_eq!(ran.code(), 125, "{ran}");
    assert!(ran.stderr().contains("no terminal"), "{ran}");
    let ran = world.pyro(&["workspace", "create", "--id-only", "--json"]);
    assert_eq!((ran.code(), ran.json()["code"].as_str()), (2, Some("usage")));
    assert!(!world.path(".local").exists());
}

#[test]
fn what_cannot_be_seeded_is_refused_before_anything_boots() {
    let world = World::new();
    std::fs::write(world.path("notes.txt"), "no archive").unwrap();
    let create = |options: &[&str]| {
        world.pyro(&[&["workspace", "create", "--json"], options].concat()).json()
    };
    assert_eq!(create(&["--seed-path", "nonesuch"])["kind"], "not_found");
    assert_eq!(create(&["--seed-path", "notes.txt"])["kind"], "usage");
    let nowhere = create(&["--project"]);
    assert_eq!(nowhere["kind"], "not_found");
    let here = world.path("").display().to_string();
    assert!(nowhere["message"].as_str().unwrap().contains(here.trim_end_matches('/')), "{nowhere}");
    assert_eq!(create(&["--repo-url", "ext::sh -c id"])["kind"], "usage");
    assert_eq!(create(&["--name", "a b"])["code"], "bad_text");
    assert_eq!(create(&["--mem-mib", "1"])["code"], "out_of_range");
    assert_eq!(world.machines(), [""; 0]);
}

#[test]
fn a_workspace_never_runs_on_the_host() {
    let world = World::new();
    assert_snapshot!(world.pyro(&["workspace", "create", "--allow-host-compat"]), @r"
exit status: 1
--- stderr
error: a workspace cannot run on the host in this release: PYRO_BACKEND=process asks for it
hint: `pyro doctor` says what is missing for a virtual machine
");
    let ran = world.pyro(&["workspace", "create", "--json"]);
    assert_eq!((ran.code(), ran.json()["code"].as_str()), (1, Some("host_compat_denied")), "{ran}");
}
