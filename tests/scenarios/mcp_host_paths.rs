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
    for root in [Path::new("/"), world.home(), world.home().parent().unwrap()] {
        let words = ["mcp", "serve", "--seed-root", root.to_str().unwrap()];
        let _ = world.pyro(&words).outcome().complains("cannot be a root for --seed-root");
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
