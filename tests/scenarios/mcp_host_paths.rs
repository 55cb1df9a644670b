//! What a model may name of the host over MCP: what lies below the directories that a human has opened,
//! and nothing else, whatever the path looks like.

use scenarios::{Era, Server, World};
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A home directory with what must stay there, and a project with what may go.
fn home(world: &World) {
    let below = |path: &str| world.home().join(path);
    for directory in [".ssh", "project/src", "project/secrets/.ssh", "project-private", "other"] {
        fs::create_dir_all(below(directory)).unwrap();
    }
    for (file, text) in [
        (".ssh/id_ed25519", "private"),
        ("project/src/main.c", "int main(void) { return 0; }\n"),
        ("project/secrets/.ssh/id_rsa", "private"),
        ("project/.netrc", "machine example.org password x"),
        ("project-private/file", "private"),
        ("other/file", "private"),
    ] {
        fs::write(below(file), text).unwrap();
    }
    symlink(below("other"), below("project/way-out")).unwrap();
    symlink(below("other/file"), below("project/out.tar")).unwrap();
    symlink("src", below("project/inside")).unwrap();
    let fifo = Command::new("mkfifo").arg(below("project/pipe.tar")).status();
    assert!(fifo.unwrap().success());
    let made = Command::new("git").args(["init", "--quiet"]).arg(below("project")).status();
    assert!(made.unwrap().success());
}

#[test]
fn no_path_leads_out_of_what_the_human_has_opened() {
    let world = World::new();
    home(&world);
    let project = world.home().join("project");
    let mut server =
        Server::of(world.pyro(&["mcp", "serve"]).within_directory(&project), Era::Initialize);
    let at = |path: &str| world.home().join(path).display().to_string();
    let slashes = |path: &str| at(path).replace('/', "//");
    let refused = [
        at(".ssh"),
        at(".ssh/id_ed25519"),
        at(""),
        "~/.ssh".to_owned(),
        "/".to_owned(),
        "/proc/self/environ".to_owned(),
        "/proc/1/root".to_owned(),
        "/proc/self/cwd/src".to_owned(),
        "/proc/self/root".to_owned(),
        "/dev/zero".to_owned(),
        "/dev/fd/0".to_owned(),
        "/etc/passwd".to_owned(),
        at("project-private"),
        at("project-private/"),
        slashes("project-private"),
        at("project/../other"),
        "..".to_owned(),
        "../other".to_owned(),
        "src/../../other".to_owned(),
        at("project/way-out"),
        at("project/way-out/"),
        at("project/way-out/file"),
        "way-out".to_owned(),
        "inside".to_owned(),
        at("project/out.tar"),
        "pipe.tar".to_owned(),
        ".netrc".to_owned(),
        "secrets/.ssh".to_owned(),
        "secrets/.ssh/id_rsa".to_owned(),
        "src\0/etc".to_owned(),
    ];
    for path in &refused {
        let began = Instant::now();
        let said = server.refused("workspace_create", &json!({"seed_path": path}));
        assert!(said.contains("code: host_path_denied"), "{path:?}: {said}");
        assert!(said.contains("--seed-root"), "{path:?} names no next step: {said}");
        let push = json!({"workspace_id": "none", "source_path": path});
        let said = server.refused("workspace_sync_push", &push);
        assert!(said.contains("code: host_path_denied"), "{path:?}: {said}");
        assert!(began.elapsed() < Duration::from_secs(10), "{path:?} took {:?}", began.elapsed());
    }
    // what may be named is not refused for its form, only because there is no such workspace
    for path in
        [&at("project/src"), &at("project/src/"), &slashes("project/src"), "src", "./src/", "."]
    {
        let push = json!({"workspace_id": "none", "source_path": path});
        let said = server.refused("workspace_sync_push", &push);
        assert!(said.contains("code: not_found") && said.contains("workspace"), "{path:?}: {said}");
    }
    let _ = server.end();
    world.assert_clean();
}

#[test]
fn what_a_model_exports_goes_where_the_human_allows_it_and_nowhere_else() {
    let world = World::new();
    home(&world);
    let project = world.home().join("project");
    let mut server =
        Server::of(world.pyro(&["mcp", "serve"]).within_directory(&project), Era::Initialize);
    let at = |path: &str| world.home().join(path).display().to_string();
    for path in [
        at("out"),
        at(".ssh/authorized_keys"),
        at("project/src/new.c"),
        at("project/.git/hooks/pre-commit"),
        at("project/.pyro/out/../../x"),
        "/etc/cron.d/x".to_owned(),
        "~/x".to_owned() + "/../../..",
        "..".to_owned(),
        "../x".to_owned(),
        "".to_owned(),
        ".".to_owned(),
        ".git/config".to_owned(),
        "a/.GIT/config".to_owned(),
        ".bashrc".to_owned(),
        "CLAUDE.md".to_owned(),
        ".mcp.json".to_owned(),
        ".claude/settings.json".to_owned(),
        ".vscode/tasks.json".to_owned(),
        ".ssh/config".to_owned(),
        ".env".to_owned(),
        "a\0b".to_owned(),
    ] {
        let wanted = json!({"workspace_id": "none", "path": "x", "output_path": path});
        let said = server.refused("workspace_export", &wanted);
        assert!(said.contains("code: host_path_denied"), "{path:?}: {said}");
        assert!(said.contains("--export-root"), "{path:?} names no next step: {said}");
    }
    let out = project.join(".pyro/out");
    symlink(world.home().join("other"), out.join("way-out")).unwrap();
    let through = json!({"workspace_id": "none", "path": "x", "output_path": "way-out/x"});
    assert!(server.refused("workspace_export", &through).contains("host_path_denied"));
    for path in ["x", "a/b/x", &out.join("x").display().to_string()] {
        let wanted = json!({"workspace_id": "none", "path": "x", "output_path": path});
        let said = server.refused("workspace_export", &wanted);
        assert!(said.contains("code: not_found") && said.contains("workspace"), "{path:?}: {said}");
    }
    assert_eq!(fs::read_dir(world.home().join("other")).unwrap().count(), 1);

    let made = server.call("workspace_create", &json!({}));
    let id = made["workspace_id"].as_str().unwrap().to_owned();
    let patch = "--- a/src/main.c\n+++ b/src/main.c\n@@ -1 +1 @@\n-int main(void) { return 0; }\n\
                 +int main(void) { return 1; }\n";
    let patching = json!({"workspace_id": id, "patch": patch});
    let said = server.text("workspace_patch_apply", &patching);
    assert!(said.contains("changed: true\n") && said.contains("modified src/main.c\n"), "{said}");
    let said = server.refused("workspace_patch_apply", &patching);
    assert!(said.contains("code: patch_already_applied"), "{said}");
    let wanted = json!({"workspace_id": id, "path": "src", "output_path": "results/src"});
    let told = server.call("workspace_export", &wanted);
    assert_eq!((&told["artifact_type"], &told["entry_count"]), (&json!("directory"), &json!(1)));
    let exported = fs::read_to_string(out.join("results/src/main.c")).unwrap();
    assert_eq!(exported, "int main(void) { return 1; }\n");
    assert!(server.refused("workspace_export", &wanted).contains("code: output_exists"));
    let mut status = Command::new("git");
    let status =
        status.args(["status", "--porcelain", "--", ".pyro"]).current_dir(&project).output();
    let status = status.unwrap();
    assert_eq!(String::from_utf8_lossy(&status.stdout), "");
    server.call("workspace_delete", &json!({"workspace_id": id}));
    let _ = server.end();
    world.assert_clean();
}

#[test]
fn what_is_put_in_the_place_of_an_opened_directory_is_not_looked_at() {
    let world = World::new();
    home(&world);
    let root = world.home().join("data");
    fs::create_dir_all(root.join("good")).unwrap();
    let words = ["mcp", "serve", "--seed-root", root.to_str().unwrap()];
    let mut server = Server::of(world.pyro(&words), Era::Initialize);
    let push = |path: &str| json!({"workspace_id": "none", "source_path": path});
    let found = server.refused("workspace_sync_push", &push("good"));
    assert!(found.contains("code: not_found"), "{found}");
    fs::rename(&root, world.home().join("moved")).unwrap();
    symlink(world.home().join("other"), &root).unwrap();
    let swapped = server.refused("workspace_sync_push", &push("file"));
    assert!(swapped.contains("seed_not_found"), "{swapped}");
    let _ = server.end();
}

#[test]
fn roots_that_open_too_much_end_the_server_at_once() {
    let world = World::new();
    for (flag, root) in [
        ("--seed-root", Path::new("/")),
        ("--seed-root", world.home()),
        ("--seed-root", world.home().parent().unwrap()),
        ("--export-root", world.home()),
    ] {
        let words = ["mcp", "serve", flag, root.to_str().unwrap()];
        let _ = world.pyro(&words).outcome().complains(&format!("cannot be a root for {flag}"));
    }
    let missing = ["mcp", "serve", "--project-path", "missing"];
    let _ = world.pyro(&missing).outcome().complains("missing");
}

#[test]
fn without_a_project_and_without_a_root_no_path_is_opened() {
    let world = World::new();
    home(&world);
    let mut server = Server::of(world.pyro(&["mcp", "serve"]), Era::Stateless);
    let said = server.refused("workspace_create", &json!({"seed_path": "project"}));
    assert!(said.contains("host_path_denied") && said.contains("--seed-root DIRECTORY"), "{said}");
    let _ = server.end();
}
