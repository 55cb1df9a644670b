//! Workspaces over MCP, as a model lives in them: from a project to a patch, commands that outlast
//! calls and servers, and several servers at once.

use scenarios::{ENVIRONMENT, Era, Server, World};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long several servers work on one workspace.
const HAMMERING: Duration = Duration::from_secs(20);

fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    let mut command = Command::new("git");
    command.current_dir(directory).args(identity).args(arguments);
    assert!(command.status().unwrap().success(), "git {arguments:?}");
}

/// A repository with something tracked, something new, something ignored and something secret.
fn project(world: &World) -> PathBuf {
    let project = world.home().join("project");
    fs::create_dir(&project).unwrap();
    git(&project, &["init", "--quiet"]);
    fs::write(project.join("greet.sh"), "#!/bin/sh\necho \"hello, $1\"\n").unwrap();
    fs::write(project.join(".gitignore"), "built/\n").unwrap();
    git(&project, &["add", "."]);
    git(&project, &["commit", "--quiet", "-m", "begin"]);
    fs::create_dir(project.join("built")).unwrap();
    fs::write(project.join("built/greet"), "not wanted").unwrap();
    fs::write(project.join(".env"), "TOKEN=not-wanted-either").unwrap();
    fs::write(project.join("notes.txt"), "new\n").unwrap();
    project
}

fn core(world: &World, project: &Path, era: Era) -> Server {
    Server::of(world.pyro(&["mcp", "serve"]).within_directory(project), era)
}

/// An empty workspace with this name.
fn workspace(server: &mut Server, name: &str) -> Value {
    let wish = json!({"environment": ENVIRONMENT, "name": name, "seed_path": ""});
    let made = server.call("workspace_create", &wish);
    assert_eq!((&made["state"], &made["name"]), (&json!("started"), &json!(name)), "{made}");
    json!({"workspace_id": made["workspace_id"]})
}

fn exec(server: &mut Server, workspace: &str, command: &str) -> String {
    server.text("workspace_exec", &json!({"workspace_id": workspace, "command": command}))
}

/// The value of a line `name: value`.
fn fact<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
}

fn delete(server: &mut Server, workspace: &str) {
    let deleted = server.call("workspace_delete", &json!({"workspace_id": workspace}));
    assert_eq!(deleted["deleted"], true);
}

/// From the project to a patch that gives the project the same content.
fn life(era: Era) {
    let world = World::new();
    let project = project(&world);
    let mut server = core(&world, &project, era);
    assert_eq!(server.tools().len(), 19);

    let made = server.call("workspace_create", &json!({"name": "fix", "labels": {"for": "tests"}}));
    assert_eq!(made["state"], "started", "{made}");
    let seed = &made["workspace_seed"];
    assert_eq!((&seed["mode"], &seed["ignored_count"]), (&json!("project"), &json!(1)), "{seed}");
    assert_eq!(seed["withheld"], json!([".env"]));
    let fix = json!({"workspace_id": "fix"});
    let with = |more: Value| {
        let mut arguments = fix.clone();
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let listed = server.call("workspace_list", &json!({}));
    assert_eq!((&listed["count"], &listed["workspaces"][0]["name"]), (&json!(1), &json!("fix")));

    let clean = exec(&mut server, "fix", "git status --porcelain; sh greet.sh world; ls -A");
    assert!(
        clean.contains("output:\n?? notes.txt\nhello, world\n.git\n.gitignore\ngreet.sh\n"),
        "{clean}"
    );
    assert!(!clean.contains("built") && !clean.contains(".env"), "{clean}");

    let entries = server.call("workspace_file_list", &fix)["entries"].clone();
    assert!(entries.as_array().unwrap().iter().any(|e| e["path"] == "/workspace/greet.sh"));
    let read =
        server.text("workspace_file_read", &with(json!({"path": "greet.sh", "first_line": 2})));
    assert!(read.ends_with("content:\necho \"hello, $1\"\n"), "{read}");
    let wrong = with(json!({"path": "greet.sh", "old": "echo 'hello, $1'", "new": "x"}));
    let refused = server.refused("workspace_file_edit", &wrong);
    assert!(refused.contains("closest is line 2"), "{refused}");
    let edit = with(json!({"path": "greet.sh", "old": "hello", "new": "good day"}));
    assert_eq!(server.call("workspace_file_edit", &edit)["replacements"], 1);
    let write = with(json!({"path": "docs/a b.md", "text": "# Greeting\n"}));
    assert_eq!(server.call("workspace_file_write", &write)["bytes_written"], 11);
    assert!(exec(&mut server, "fix", "sh greet.sh world").contains("output:\ngood day, world\n"));

    let diff = server.text("workspace_diff", &fix);
    assert!(diff.contains("summary: 3 total, 2 added, 1 modified"), "{diff}");
    let patch = world.home().join("patch");
    fs::write(&patch, diff.split_once("patch:\n").unwrap().1).unwrap();
    git(&project, &["apply", patch.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(project.join("docs/a b.md")).unwrap(), "# Greeting\n");
    let greet = fs::read_to_string(project.join("greet.sh")).unwrap();
    assert_eq!(greet, "#!/bin/sh\necho \"good day, $1\"\n");

    let logs = server.text("workspace_logs", &fix);
    assert!(
        logs.contains("count: 2\n") && logs.contains("$ sh greet.sh world\nstdout:\ngood day"),
        "{logs}"
    );
    let pushed =
        server.call("workspace_sync_push", &with(json!({"source_path": "docs", "dest": "more"})));
    assert_eq!(pushed["workspace_sync"]["entry_count"], 1, "{pushed}");
    let renamed =
        server.call("workspace_update", &with(json!({"name": "done", "ttl_seconds": 60})));
    assert_eq!((&renamed["name"], &renamed["ttl_seconds"]), (&json!("done"), &json!(60)));
    assert!(renamed["notices"].to_string().contains("expires_in_seconds"), "{renamed}");
    let reset = server.call("workspace_reset", &json!({"workspace_id": "done"}));
    assert_eq!(reset["workspace_reset"]["snapshot_name"], "baseline");
    assert!(
        server.text("workspace_diff", &json!({"workspace_id": "done"})).contains("changed: false")
    );
    delete(&mut server, "done");
    assert_eq!(server.call("workspace_list", &json!({}))["count"], 0);
    let _ = server.end();
    world.assert_clean();
}

#[test]
fn from_a_project_to_a_patch_for_a_client_that_introduces_itself() {
    life(Era::Initialize);
}

#[test]
fn from_a_project_to_a_patch_for_a_stateless_client() {
    life(Era::Stateless);
}

#[test]
fn a_command_outlasts_its_call_and_is_followed_in_order() {
    let world = World::new();
    let mut server = core(&world, world.home(), Era::Initialize);
    let _ = workspace(&mut server, "w");
    let script = "echo begin; sleep 0.3; echo oops >&2; sleep 4; echo end; exit 3";
    let asked = Instant::now();
    let begun = server.text(
        "workspace_exec",
        &json!({"workspace_id": "w", "command": script, "wait_seconds": 2}),
    );
    assert!(asked.elapsed() < Duration::from_secs(10));
    assert_eq!(fact(&begun, "state"), "running");
    assert!(begun.contains("output:\nbegin\n[stderr]\noops\nnext: "), "{begun}");
    let exec_id = fact(&begun, "exec_id").to_owned();

    let (mut cursor, mut text) = (0, String::new());
    loop {
        let read = json!({"exec_id": exec_id, "cursor": cursor, "wait_ms": 30_000});
        let page = server.text("workspace_exec_read", &read);
        let output = page.split_once("output:\n").map_or("next: ", |(_, output)| output);
        text += output.split_once("next: ").unwrap().0;
        cursor = fact(&page, "next_cursor").split(' ').next().unwrap().parse::<u64>().unwrap();
        if fact(&page, "state") == "exited" {
            assert_eq!(fact(&page, "exit_code"), "3");
            break;
        }
    }
    assert_eq!(text.replace("[stdout]\n", ""), "begin\n[stderr]\noops\nend\n");
    assert_eq!(cursor, 15);

    let long = exec(&mut server, "w", "seq 1 30000");
    assert!(long.chars().count() <= 24_000 && long.contains("\n30000\n"), "{}", long.len());
    let (head, rest) = long.split_once("output:\n").unwrap().1.split_once("\n[... ").unwrap();
    let cursor: usize =
        rest.split_once("and cursor ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(head.len(), cursor, "the cut is named exactly");
    let read = json!({"exec_id": fact(&long, "exec_id"), "cursor": cursor});
    let page = server.text("workspace_exec_read", &read);
    let whole: String = (1..=30_000).map(|n| format!("{n}\n")).collect();
    let shown = page.split_once("output:\n").unwrap().1;
    assert!(shown.starts_with(&whole[cursor..cursor + 1000]), "{}", &shown[..50]);

    let sleeping = json!({"workspace_id": "w", "command": "sleep 600", "wait_seconds": 0});
    let exec_id = fact(&server.text("workspace_exec", &sleeping), "exec_id").to_owned();
    let stopped = server.call("workspace_exec_stop", &json!({"exec_id": exec_id}));
    assert_eq!(
        (&stopped["state"], &stopped["exit_code"]),
        (&json!("exited"), &json!(143)),
        "{stopped}"
    );
    let again = server.call("workspace_exec_stop", &json!({"exec_id": exec_id}));
    assert_eq!(again, stopped, "one that has ended is left as it is");
    let stubborn = json!({
        "workspace_id": "w", "command": "trap '' TERM; while :; do sleep 1; done", "wait_seconds": 1
    });
    let exec_id = fact(&server.text("workspace_exec", &stubborn), "exec_id").to_owned();
    let killed = server.call("workspace_exec_stop", &json!({"exec_id": exec_id}));
    assert_eq!(
        (&killed["state"], &killed["exit_code"]),
        (&json!("stopped"), &json!(137)),
        "{killed}"
    );
    assert!(server.refused("workspace_exec_read", &json!({"exec_id": "w.99"})).contains("next: "));
    delete(&mut server, "w");
    let _ = server.end();
    world.assert_clean();
}

#[test]
fn a_command_goes_on_when_its_call_is_cancelled() {
    let world = World::new();
    let mut server = core(&world, world.home(), Era::Initialize);
    let _ = workspace(&mut server, "w");
    let call = server.begin(
        "workspace_exec",
        &json!({"workspace_id": "w", "command": "sleep 3; echo survived > proof"}),
    );
    let running = |server: &mut Server| {
        server.call("workspace_status", &json!({"workspace_id": "w"}))["running_commands"].clone()
    };
    while running(&mut server) == json!([]) {}
    server.cancel(call);
    while running(&mut server) != json!([]) {
        std::thread::sleep(Duration::from_millis(100));
    }
    let proof = server.text("workspace_file_read", &json!({"workspace_id": "w", "path": "proof"}));
    assert!(proof.ends_with("content:\nsurvived\n"), "{proof}");
    delete(&mut server, "w");
    let _ = server.end();
    world.assert_clean();
}

#[test]
fn a_second_server_finds_the_workspace_of_a_killed_one_and_the_command_in_it() {
    let world = World::new();
    let mut first = core(&world, world.home(), Era::Initialize);
    let _ = workspace(&mut first, "kept");
    let _ = first.begin(
        "workspace_exec",
        &json!({"workspace_id": "kept", "command": "echo one; sleep 4; echo two"}),
    );
    let status =
        |server: &mut Server| server.call("workspace_status", &json!({"workspace_id": "kept"}));
    let exec_id = loop {
        if let Some(id) = status(&mut first)["running_commands"][0].as_str() {
            break id.to_owned();
        }
    };
    first.kill();
    let mut second = core(&world, world.home(), Era::Stateless);
    assert_eq!(status(&mut second)["state"], "started");
    let mut page = String::new();
    while !page.contains("state: exited") {
        let read = json!({"exec_id": exec_id, "wait_ms": 1000});
        page = second.text("workspace_exec_read", &read);
    }
    assert!(page.contains("output:\none\ntwo\n"), "{page}");
    delete(&mut second, "kept");
    let _ = second.end();
    world.assert_clean();
}

#[test]
fn two_calls_for_one_name_make_one_workspace() {
    let world = World::new();
    let mut server = core(&world, world.home(), Era::Initialize);
    let wish = json!({"name": "one", "seed_path": ""});
    let calls = [(); 2].map(|()| server.begin("workspace_create", &wish));
    let made = calls.map(|call| server.end_of(call)["structuredContent"].clone());
    assert_eq!(made[0]["workspace_id"], made[1]["workspace_id"], "{made:?}");
    assert_eq!(server.call("workspace_list", &json!({}))["count"], 1);
    assert!(server.refused("workspace_create", &wish).contains("code: name_taken"));

    let cancelled = server.begin("workspace_create", &json!({"name": "two", "seed_path": ""}));
    std::thread::sleep(Duration::from_millis(300));
    server.cancel(cancelled);
    delete(&mut server, "one");
    let listed = server.call("workspace_list", &json!({}));
    assert_eq!(listed["count"], 0, "a cancelled creation leaves nothing: {listed}");
    let _ = server.end();
    world.assert_clean();
}

#[test]
fn a_server_gives_no_more_than_its_human_allows() {
    let world = World::new();
    let flags = ["--max-mem-mib", "512", "--max-vcpus", "1", "--max-workspaces", "1"];
    let words = [&["mcp", "serve"], &flags[..]].concat();
    let mut server = Server::of(world.pyro(&words), Era::Initialize);
    let refused = |server: &mut Server, tool: &str, wish: Value| server.refused(tool, &wish);
    let memory = refused(&mut server, "workspace_create", json!({}));
    assert!(memory.contains("mem_mib is 1024") && memory.contains("--max-mem-mib"), "{memory}");
    let cpus = json!({"command": "true", "mem_mib": 512, "vcpu_count": 2});
    assert!(refused(&mut server, "vm_run", cpus).contains("--max-vcpus"));
    let small = json!({"mem_mib": 512, "seed_path": ""});
    let made = server.call("workspace_create", &small);
    let second = refused(&mut server, "workspace_create", small);
    assert!(second.contains("--max-workspaces"), "{second}");
    delete(&mut server, made["workspace_id"].as_str().unwrap());
    let _ = server.end();
    world.assert_clean();
}

#[test]
fn a_workspace_begins_with_a_repository_that_is_fetched() {
    let world = World::new();
    let url = format!("file://{}", project(&world).display());
    let serve = world.pyro(&["mcp", "serve", "--repo-url", &url]);
    let mut server = Server::of(serve, Era::Initialize);
    let made = server.call("workspace_create", &json!({"name": "fetched"}));
    assert_eq!(made["workspace_seed"]["mode"], "project", "{made}");
    let said = exec(&mut server, "fetched", "git status --porcelain; git log --format=%s; ls");
    assert!(said.contains("output:\nbegin\ngreet.sh\n"), "{said}");
    let checkouts = fs::read_dir(world.state().join("pyro/checkouts")).unwrap().flatten();
    let left: Vec<_> = checkouts.map(|c| c.file_name()).filter(|name| name != ".lock").collect();
    assert!(left.is_empty(), "{left:?}");
    delete(&mut server, "fetched");
    let _ = server.end();
    world.assert_clean();
}

#[test]
fn servers_that_hammer_one_workspace_lose_nothing() {
    let world = World::new();
    let mut first = core(&world, world.home(), Era::Initialize);
    let _ = workspace(&mut first, "shared");
    let mut servers = [first, core(&world, world.home(), Era::Stateless)];
    let written: Vec<u64> = std::thread::scope(|scope| {
        let working = servers
            .iter_mut()
            .enumerate()
            .map(|(number, server)| scope.spawn(move || hammer(server, number)));
        let working: Vec<_> = working.collect();
        working.into_iter().map(|work| work.join().unwrap()).collect()
    });
    let [mut first, second] = servers;
    for (number, rounds) in written.iter().enumerate() {
        assert!(*rounds > 2, "{written:?}");
        let check = format!("cat own-{number} | wc -l; sort -u own-{number} | wc -l");
        let said = exec(&mut first, "shared", &check);
        assert!(said.contains(&format!("output:\n{rounds}\n{rounds}\n")), "{said}");
    }
    let total: u64 = written.iter().sum();
    let common = exec(&mut first, "shared", "tr -d '\\n' < counter");
    assert!(
        common.contains(&format!("output:\n{}", "x".repeat(usize::try_from(total).unwrap()))),
        "{common}"
    );
    delete(&mut first, "shared");
    for server in [first, second] {
        let _ = server.end();
    }
    world.assert_clean();
}

/// Everything that is no lifecycle verb must succeed, whatever the others do; how many rounds it was.
fn hammer(server: &mut Server, number: usize) -> u64 {
    let shared = |more: Value| {
        let mut arguments = json!({"workspace_id": "shared"});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    let end = Instant::now() + HAMMERING;
    let mut round = 0;
    while Instant::now() < end {
        round += 1;
        let said = exec(server, "shared", &format!("echo {round} >> own-{number}"));
        assert_eq!(fact(&said, "exit_code"), "0");
        if round == 1 && number == 0 {
            let _ = server
                .text("workspace_file_write", &shared(json!({"path": "counter", "text": "\n"})));
        }
        // two edits of one file lose nothing
        let edit = shared(json!({"path": "counter", "old": "\n", "new": "x\n"}));
        while server.result("workspace_file_edit", &edit)["isError"] == true {
            assert_eq!((round, number), (1, 1), "the file is not there yet");
        }
        let file = format!("file-{number}");
        let text = format!("{round}\n");
        let _ = server.text("workspace_file_write", &shared(json!({"path": file, "text": text})));
        let read = server.text("workspace_file_read", &shared(json!({"path": file})));
        assert!(read.ends_with(&format!("content:\n{text}")), "{read}");
        assert!(server.text("workspace_diff", &shared(json!({}))).contains(&file));
        for look in ["workspace_status", "workspace_logs", "workspace_file_list"] {
            let _ = server.text(look, &shared(json!({})));
        }
        let labels = shared(json!({"labels": {format!("of-{number}"): round.to_string()}}));
        let updated = server.result("workspace_update", &labels);
        let busy = updated["content"][0]["text"].as_str().unwrap().contains("code: busy");
        assert!(updated["isError"] != true || busy, "{updated}");
    }
    let labels = server.call("workspace_status", &shared(json!({})))["labels"].clone();
    assert_eq!(labels[format!("of-{number}")], round.to_string(), "no update is lost");
    round
}
