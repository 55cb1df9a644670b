//! Commands in a workspace: their codes, their words, and several at once.

use scenarios::{ENVIRONMENT, World};
use std::time::Duration;

#[test]
fn the_exit_code_is_the_commands_own_and_125_is_ours() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let _ = workspace.script("exit 7").outcome().exits(7);
    let _ = workspace.script("kill -KILL $$").outcome().exits(128 + 9);
    let _ = workspace.exec(&["no-such-program"]).outcome().exits(127);
    let _ = workspace.exec(&["/etc/passwd"]).outcome().exits(126);
    let late = workspace.exec_with(&["--timeout-seconds", "1"], &["sleep", "60"]).outcome();
    let _ = late.exits(124).complains("--timeout-seconds");
    for words in [
        &["workspace", "exec", "nonesuch", "--", "true"][..],
        &["workspace", "exec", "--", "true"],
        &["workspace", "exec", &workspace.id, "--nonesuch", "--", "true"],
    ] {
        let _ = world.pyro(words).outcome().exits(125).complains("error: ");
    }
    let _ = world.pyro(&["workspace", "status", "nonesuch"]).outcome().exits(1);
    let _ =
        world.pyro(&["workspace", "create", ENVIRONMENT, "--vcpu-count", "0"]).outcome().exits(2);
    workspace.delete();
    world.assert_clean();
}

#[test]
fn commands_run_in_the_workspace_one_after_another_and_side_by_side() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    assert_eq!(workspace.script("pwd; id -u").succeeds().text(), "/workspace\n0");
    let odd = ["a b", "it's", "$HOME", "*", "new\nline", "", "-n", "\\", "ü"];
    let printed = workspace.exec(&[&["printf", "<%s>"][..], &odd].concat()).succeeds();
    assert_eq!(printed.text(), odd.map(|word| format!("<{word}>")).concat());

    // each waits for the other: they run at the same time or not at all
    let meet = |own: &str, other: &str| {
        workspace
            .script(&format!("touch {own}; until test -e {other}; do sleep 0.1; done; echo {own}"))
    };
    let (one, two) = (meet("one", "two").start(), meet("two", "one").start());
    assert_eq!((one.end().succeeds().text(), two.end().succeeds().text()), ("one", "two"));

    let logs = workspace.json(&["logs"], &["--output-bytes", "100"]);
    assert_eq!(logs["count"], 4, "{logs}");
    assert_eq!(
        (&logs["entries"][0]["stdout"], &logs["entries"][0]["exit_code"]),
        (&"/workspace\n0\n".into(), &0.into())
    );
    workspace.delete();
}

#[test]
fn a_detached_command_goes_on_and_is_read_and_ended_by_its_id() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let script = "echo begun; until test -e go; do sleep 0.1; done; echo err >&2; echo gone";
    let options = ["--detach", "--timeout-seconds", "100"];
    let begun = workspace.exec_with(&options, &["sh", "-c", script]).succeeds();
    let exec_id = begun.text().to_owned();
    assert_eq!(exec_id, workspace.exec_id(1));
    let read = |rest: &[&str]| world.pyro(&[&["workspace", "exec-read", &exec_id], rest].concat());
    let following = read(&["--follow"]).start();
    following.prints("begun\n");
    assert_eq!(read(&["--json"]).succeeds().json()["state"], "running");
    let _ = workspace.exec(&["touch", "go"]).succeeds();
    let followed = following.end().succeeds();
    assert_eq!((followed.text(), followed.stderr.as_str()), ("begun\ngone", "err\n"));
    let end = read(&["--cursor", "6", "--json"]).succeeds().json();
    assert_eq!(
        end["stdout"].as_str().unwrap().to_owned() + end["stderr"].as_str().unwrap(),
        "gone\nerr\n"
    );
    assert_eq!(
        (&end["state"], &end["exit_code"], &end["next_cursor"]),
        (&"exited".into(), &0.into(), &15.into())
    );

    let stubborn = ["sh", "-c", "trap '' TERM; echo ready; sleep 600"];
    let begun = workspace.exec_with(&options, &stubborn).succeeds();
    let following = world.pyro(&["workspace", "exec-read", begun.text(), "--follow"]).start();
    following.prints("ready");
    let stop = || world.pyro(&["workspace", "exec-stop", begun.text(), "--json"]);
    let stopped = stop().within(Duration::from_secs(30)).succeeds().json();
    assert_eq!(
        (&stopped["state"], &stopped["exit_code"]),
        (&"stopped".into(), &137.into()),
        "{stopped}"
    );
    assert_eq!(stop().succeeds().json(), stopped, "once more changes nothing");
    assert_eq!(following.end().succeeds().text(), "ready");
    let unknown = world.pyro(&["workspace", "exec-stop", "ws-0.1", "--json"]).outcome().exits(1);
    assert_eq!(unknown.json()["kind"], "not_found");
    workspace.delete();
}
