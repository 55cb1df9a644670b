//! A model goes back to a snapshot, and looks into a workspace that is stopped.

use scenarios::{Era, Server, World};
use serde_json::{Value, json};

#[test]
fn a_model_goes_back_to_a_snapshot_and_looks_into_a_stopped_workspace() {
    let world = World::new();
    let out = world.home().join("out");
    std::fs::create_dir(&out).unwrap();
    let words =
        ["mcp", "serve", "--profile", "workspace-full", "--export-root", out.to_str().unwrap()];
    let mut server = Server::of(world.pyro(&words), Era::Initialize);
    let _ = server.call("workspace_create", &json!({"name": "w", "seed_path": ""}));
    let of = |more: Value| {
        let mut arguments = json!({"workspace_id": "w"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let write = |text: &str| of(json!({"path": "notes/a.txt", "text": text}));
    let _ = server.text("workspace_file_write", &write("kept\n"));

    let name = of(json!({"snapshot_name": "good"}));
    let taken = server.call("snapshot_create", &name);
    assert_eq!((&taken["kind"], &taken["consistency"]), (&json!("named"), &json!("filesystem")));
    assert_eq!((&taken["entry_count"], &taken["bytes_written"]), (&json!(2), &json!(5)));
    assert!(server.refused("snapshot_create", &name).contains("another name"));
    let _ = server.text("workspace_file_write", &write("lost\n"));
    let reset = server.call("workspace_reset", &of(json!({"snapshot": "good"})));
    assert_eq!(reset["workspace_reset"]["snapshot_name"], "good");
    let listed = server.call("snapshot_list", &of(json!({})));
    assert_eq!((&listed["count"], &listed["snapshots"][1]), (&json!(2), &taken));

    let path = of(json!({"path": "notes/a.txt"}));
    assert!(server.refused("workspace_disk_read", &path).contains("stop "));
    let _ = server.call("workspace_stop", &of(json!({})));
    assert!(server.text("workspace_disk_read", &path).ends_with("content:\nkept\n"));
    let listed = server.call("workspace_disk_list", &of(json!({"recursive": true})));
    let paths: Vec<_> = listed["entries"].as_array().unwrap().iter().map(|e| &e["path"]).collect();
    assert_eq!(paths, ["/workspace/notes", "/workspace/notes/a.txt"]);
    let exported = server.call("workspace_disk_export", &of(json!({"output_path": "w.ext4"})));
    assert_eq!((&exported["disk_format"], &exported["is_clean"]), (&json!("ext4"), &json!(true)));
    let length = std::fs::metadata(out.join("w.ext4")).unwrap().len();
    assert_eq!(exported["size_bytes"], length);
    let outside = of(json!({"output_path": "../w.ext4"}));
    assert!(server.refused("workspace_disk_export", &outside).contains("host_path_denied"));

    assert_eq!(server.call("snapshot_delete", &name)["deleted"], true);
    assert!(
        server.refused("workspace_reset", &of(json!({"snapshot": "good"}))).contains("baseline")
    );
    let _ = server.call("workspace_delete", &of(json!({})));
    let _ = server.end();
    world.assert_clean();
}
