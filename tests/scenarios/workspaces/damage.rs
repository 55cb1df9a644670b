//! Records that are damaged, cut off or of a later pyro: each costs its own workspace or snapshot, and nothing
//! beside it.

use scenarios::World;
use std::fs;
use std::process::Command;

const LATER: &str = r#"{"version": 99, "everything": "is different"}"#;

#[test]
fn a_damaged_record_costs_its_own_workspace_or_snapshot_alone() {
    let world = World::new();
    let workspace = world.workspace(&["--name", "sound"]);
    let _ = workspace.call(&["file", "write"], &["kept", "--text", "kept"]).succeeds();
    let _ = workspace.call(&["stop"], &[]).succeeds();
    let record = fs::read_to_string(workspace.directory().join("workspace.json")).unwrap();
    let damages = [
        ("ws-empty", "", "bad_record"),
        ("ws-cut", &record[..record.len() / 2], "bad_record"),
        ("ws-noise", "\0\u{1}\u{2}", "bad_record"),
        ("ws-later", LATER, "newer_record"),
    ];
    for (id, damaged, _) in damages {
        let copy = workspace.directory().with_file_name(id);
        let copied = Command::new("cp").arg("-a").arg(workspace.directory()).arg(&copy).status();
        assert!(copied.unwrap().success());
        fs::write(copy.join("workspace.json"), damaged).unwrap();
    }
    let listed = world.pyro(&["workspace", "list", "--json"]).succeeds();
    assert_eq!(
        (&listed.json()["count"], &listed.json()["workspaces"][0]["name"]),
        (&1.into(), &"sound".into())
    );
    for (id, _, code) in damages {
        assert!(listed.stderr.contains(id), "{id}: {}", listed.stderr);
        for verb in
            [&["status"][..], &["start"], &["reset"], &["snapshot", "list"], &["disk", "list"]]
        {
            let words = [&["workspace"], verb, &[id, "--json"]].concat();
            let refused = world.pyro(&words).outcome().exits(1).json();
            assert_eq!(refused["code"], code, "{words:?}: {refused}");
        }
    }
    for (id, ..) in damages {
        let _ = world.pyro(&["workspace", "delete", id]).succeeds();
    }

    let take = |name: &str| workspace.call(&["snapshot", "create"], &[name]).succeeds();
    let _ = (take("good"), take("bad"), take("later"));
    let record_of =
        |name: &str| workspace.directory().join("snapshots").join(name).join("snapshot.json");
    fs::write(record_of("bad"), "{\"version\": 1, ").unwrap();
    fs::write(record_of("later"), LATER).unwrap();
    let listed = workspace.call(&["snapshot", "list"], &["--json"]).succeeds();
    assert_eq!(listed.json()["count"], 2, "the baseline and the good one");
    assert!(listed.stderr.contains("\"bad\"") && listed.stderr.contains("\"later\""));
    for (name, code) in [("bad", "bad_record"), ("later", "newer_record")] {
        let refused =
            workspace.call(&["reset"], &["--snapshot", name, "--json"]).outcome().exits(1);
        assert_eq!(refused.json()["code"], code);
        let _ = workspace.call(&["snapshot", "delete"], &[name]).succeeds();
    }
    let _ = workspace.call(&["reset"], &["--snapshot", "good"]).succeeds();
    assert_eq!(workspace.exec(&["cat", "kept"]).succeeds().text(), "kept");
    workspace.delete();
    assert_eq!(world.workspaces().len(), 0);
    world.assert_clean();
}
