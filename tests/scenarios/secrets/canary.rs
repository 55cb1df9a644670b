//! One random secret, used in every way there is; then everything that pyro wrote down, printed or ran is searched
//! for it. It is only where it is kept.

use scenarios::{Canary, ENVIRONMENT, Era, Server, Workspace, World, descendants};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Prints the secret in the forms that programs write it in, whole and in pieces, to both streams.
const PRINT: &str = "\
printf '%s\\n' \"$TOKEN\" >&2
cat /run/pyro-secrets/TOKEN; echo
for pad in '' x xx; do printf '%s%s' \"$pad\" \"$TOKEN\" | base64 -w0; echo; done
printf '%s' \"$TOKEN\" | base64 -w0 | tr '+/' '-_'; echo
printf '%s' \"$TOKEN\" | while IFS= read -r -n1 c; do printf '%s' \"$c\"; done; echo
perl -e '$_ = $ENV{TOKEN}; s/([^A-Za-z0-9._~-])/sprintf(\"%%%02X\", ord $1)/ge; print \"$_\\n\"'
perl -e '$_ = $ENV{TOKEN}; s/([\"\\\\])/\\\\$1/g; print \"{\\\"token\\\": \\\"$_\\\"}\\n\"'
perl -e '$| = 1; for (split //, $ENV{TOKEN}) { print; select(undef, undef, undef, 0.002) } print \"\\n\"'
";

/// Where the secret may be on the host: in its store.
fn store(path: &Path) -> bool {
    path.ends_with("secrets.json")
}

/// Whatever takes commands: each prints, fails and waits with the secret, and returns what its front end showed.
/// Shells and services have a line of their own in the table of the test.
type Way = fn(&Canary, &Workspace<'_>) -> Vec<String>;

fn streamed(_: &Canary, workspace: &Workspace<'_>) -> Vec<String> {
    let ran = workspace.exec_with(&["--secret-env", "TOKEN"], &["bash", "-c", PRINT]).succeeds();
    let marks = String::from_utf8_lossy(&ran.stdout).matches("[REDACTED:TOKEN]").count();
    assert_eq!(marks, 9, "{}", String::from_utf8_lossy(&ran.stdout));
    vec![String::from_utf8_lossy(&ran.stdout).into_owned(), ran.stderr]
}

fn in_one_document(_: &Canary, workspace: &Workspace<'_>) -> Vec<String> {
    let words = ["--json", "--secret-env", "TOKEN", "--", "bash", "-c", PRINT];
    vec![workspace.call(&["exec"], &words).succeeds().text().to_owned()]
}

/// The human's own mistake: the value is in the command.
fn in_the_command(canary: &Canary, workspace: &Workspace<'_>) -> Vec<String> {
    let ran =
        workspace.call(&["exec"], &["--json", "--", "false", &canary.value]).outcome().exits(1);
    vec![String::from_utf8_lossy(&ran.stdout).into_owned()]
}

/// Names of files, and what cannot be done with them.
fn in_paths(canary: &Canary, workspace: &Workspace<'_>) -> Vec<String> {
    let path = format!("notes/{}", canary.value);
    let said = |verb: &[&str], rest: &[&str]| {
        let outcome = workspace.call(verb, &[&["--json"], rest].concat()).outcome();
        String::from_utf8_lossy(&outcome.stdout).into_owned() + &outcome.stderr
    };
    let told = vec![
        said(&["file", "read"], &[&path]),
        said(&["file", "write"], &[&path, "--text", "harmless"]),
        said(&["file", "list"], &["--recursive"]),
        said(&["file", "edit"], &[&path, "--old", "nothing", "--new", "x"]),
        said(&["file", "read"], &[&format!("{path}/below")]),
        said(&["diff"], &[]),
        said(&["export"], &["notes", "--output", "notes"]),
        said(&["export"], &[&path, "--output", "note"]),
    ];
    assert!(told[0].contains("not_found"), "{}", told[0]);
    assert!(told[2].contains("notes/[REDACTED:TOKEN]"), "{}", told[2]);
    assert!(told[5].contains("secret_in_content"), "{}", told[5]);
    assert!(told[6].contains("secret_in_content"), "{}", told[6]);
    let _ = workspace.script("rm -r notes").succeeds();
    told
}

/// One that is killed while it has printed a part of it.
fn killed(canary: &Canary, workspace: &Workspace<'_>) {
    let half = "printf '%s' \"${TOKEN:0:20}\"; sleep 60";
    let options = ["--secret-env", "TOKEN", "--timeout-seconds", "1", "--json"];
    let ran = workspace.exec_with(&options, &["bash", "-c", half]).outcome().exits(124).json();
    let told = ran["stdout"].as_str().unwrap();
    // it was no whole one, and is lost no more than any output
    assert!(told.len() >= 20 && canary.value.starts_with(told), "{told}");
}

#[test]
fn a_secret_is_found_only_where_it_is_kept() {
    let world = World::new();
    let canary = Canary::new();
    let file = world.home().join("token");
    fs::write(&file, &canary.value).unwrap();
    let source = format!("TOKEN={}", file.display());
    let create = ["workspace", "create", ENVIRONMENT, "--id-only", "--secret-file", &source];
    let mut creating = world.pyro(&create).start();
    let mut seen = 0;
    while !creating.has_ended() {
        seen = seen.max(canary.is_not_in_processes(|_| false));
    }
    assert!(seen >= 3, "front end, shim, monitor: {seen}");
    let workspace = world.known(creating.end().succeeds().text());
    fs::remove_file(&file).unwrap();

    let ways: [Way; 4] = [streamed, in_one_document, in_the_command, in_paths];
    for way in ways {
        for told in way(&canary, &workspace) {
            canary.is_not_in("what was told", told);
        }
    }
    killed(&canary, &workspace);
    is_not_in_processes_while_a_command_has_it(&canary, &workspace);
    let model = asked_by_a_model(&canary, &world, &workspace);
    canary.is_not_in("what a model was told", model);

    // what was written down, and every front end's view of it
    for (verb, rest) in [
        (&["logs"][..], &[][..]),
        (&["logs"], &["--json"]),
        (&["status"], &[]),
        (&["status"], &["--json"]),
        (&["exec-read"], &[]),
    ] {
        let call = match verb {
            ["exec-read"] => world.pyro(&["workspace", "exec-read", &workspace.exec_id(1)]),
            verb => workspace.call(verb, rest),
        };
        let shown = call.succeeds();
        canary.is_not_in(&shown.call, &shown.stdout);
        canary.is_not_in(&shown.call, &shown.stderr);
    }
    // records, journals, output, notes, the shim's log; and the disk, where nobody has written it
    let disks = |path: &Path| store(path) || path.ends_with("disk");
    canary.is_not_on_the_host(&world, disks);
    let kept = fs::read(workspace.directory().join("secrets.json")).unwrap();
    assert!(!kept.is_empty());
    workspace.delete();
    canary.is_not_on_the_host(&world, |_| false);
    world.assert_clean();
}

/// The front end that was given a name, the shim, the jail and the monitor: none has the value in its
/// arguments or its environment.
fn is_not_in_processes_while_a_command_has_it(canary: &Canary, workspace: &Workspace<'_>) {
    let wait = "test -n \"$TOKEN\" && echo begun; cat";
    let mut running = workspace
        .exec_with(&["--secret-env", "TOKEN"], &["sh", "-c", wait])
        .holding_stdin()
        .start();
    running.prints("begun");
    assert!(canary.is_not_in_processes(|_| false) >= 3);
    assert!(descendants().iter().any(scenarios::Process::is_shim));
    running.write(b"end\n");
    let _ = running.end().succeeds();
}

/// Everything that a server of the whole profile says about it.
fn asked_by_a_model(canary: &Canary, world: &World, workspace: &Workspace<'_>) -> String {
    let mut server = Server::start(world);
    let mut said = String::new();
    let mut ask = |tool: &str, more: Value| {
        let mut arguments = json!({"workspace_id": workspace.id});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let result = server.result(tool, &arguments).to_string();
        said.push_str(&result);
        result
    };
    let secret_env = json!({"TOKEN": "TOKEN"});
    let ran = ask("workspace_exec", json!({"command": PRINT, "secret_env": secret_env}));
    assert!(ran.contains("[REDACTED:TOKEN]"), "{ran}");
    let missing = ask("workspace_exec", json!({"command": "true", "secret_env": {"NONE": "A"}}));
    assert!(missing.contains("unknown_secret"), "{missing}");
    let path = format!("/workspace/{}", canary.value);
    for (tool, more) in [
        ("workspace_exec", json!({"command": format!("exit 3; : {}", canary.value)})),
        ("workspace_status", json!({})),
        ("workspace_logs", json!({})),
        ("workspace_file_read", json!({"path": path})),
        ("workspace_file_write", json!({"path": path, "text": "x"})),
        ("workspace_file_list", json!({"path": "/workspace", "recursive": true})),
        ("workspace_file_edit", json!({"path": path, "old": "y", "new": "z"})),
        ("workspace_diff", json!({})),
        ("workspace_patch_apply", json!({"patch": format!("--- a/{0}\n+++ b/{0}\n", "none")})),
    ] {
        let _ = ask(tool, more);
    }
    let _ = ask("workspace_exec", json!({"command": "rm -rf /workspace/*"}));
    let stderr = server.end().stderr;
    said + &stderr
}

#[test]
fn a_model_gives_secrets_only_from_open_directories_and_in_the_whole_profile() {
    let world = World::new();
    let canary = Canary::new();
    let open = world.home().join("open");
    fs::create_dir(&open).unwrap();
    fs::write(open.join("token.txt"), &canary.value).unwrap();
    fs::write(world.home().join("closed.txt"), &canary.value).unwrap();
    let words = |profile: &'static str, more: &[&'static str]| {
        let serve = ["mcp", "serve", "--profile", profile, "--seed-root", open.to_str().unwrap()];
        world.pyro(&[&serve[..], more].concat())
    };
    let mut server = Server::of(words("workspace-full", &[]), Era::Initialize);
    let create = |secret: Value| json!({"seed_path": "", "name": "w", "secrets": [secret]});
    let refused = server.refused(
        "workspace_create",
        &create(json!({"name": "TOKEN", "file_path": world.home().join("closed.txt")})),
    );
    assert!(refused.contains("host_path_denied") && refused.contains("--seed-root"), "{refused}");
    let both = json!({"name": "TOKEN", "file_path": "token.txt", "value": canary.value});
    canary.is_not_in("a refusal", server.refused("workspace_create", &create(both)));
    let words_only = json!({"seed_path": "", "secrets": [format!("TOKEN={}", canary.value)]});
    canary.is_not_in("a refusal", server.refused("workspace_create", &words_only));

    let made = server
        .call("workspace_create", &create(json!({"name": "TOKEN", "file_path": "token.txt"})));
    assert_eq!(made["secrets"], json!([{"name": "TOKEN", "source_kind": "file"}]));
    let leak = json!({"workspace_id": "w", "command": "cp /run/pyro-secrets/TOKEN leak; cat leak"});
    let ran = server.text("workspace_exec", &leak);
    assert!(ran.contains("[REDACTED:TOKEN]"), "{ran}");
    canary.is_not_in("a result", ran);
    let read = json!({"workspace_id": "w", "path": "leak"});
    let refused = server.refused("workspace_file_read", &read);
    assert!(
        refused.contains("secret_in_content") && refused.contains("/workspace/leak"),
        "{refused}"
    );
    let _ = server.end();

    let mut core = Server::of(words("workspace-core", &["--allow-secrets"]), Era::Initialize);
    let denied = json!({"workspace_id": "w", "command": "true", "secret_env": {"TOKEN": "TOKEN"}});
    assert!(core.refused("workspace_exec", &denied).contains("secrets_denied"));
    let denied = create(json!({"name": "TOKEN", "value": "12345678"}));
    assert!(core.refused("workspace_create", &denied).contains("secrets_denied"));
    // the human has allowed this server what the other one may not do
    assert!(core.text("workspace_file_read", &read).contains(&canary.value));
    let _ = core.call("workspace_delete", &json!({"workspace_id": "w"}));
    let _ = core.end();
    world.assert_clean();
}
