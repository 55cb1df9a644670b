//! What each policy lets through, how the rest fails, and where that is to be seen.

use scenarios::{Era, Peer, Server, World};
use serde_json::json;
use std::time::Duration;

#[test]
fn without_a_network_everything_fails_at_once_and_says_so() {
    let world = World::new();
    let peer = Peer::without_files();
    let run = world
        .run(&[
            "bash",
            "-c",
            &format!(
                "for to in 203.0.113.7/80 10.0.0.1/80 a.example/80 host.pyro.internal/{}; do \
                 begin=$(date +%s%N); (exec 3<>/dev/tcp/$to) && echo open; \
                 echo $((($(date +%s%N) - begin) / 1000000)); done",
                peer.port
            ),
        ])
        .succeeds()
        .complains("Network is unreachable")
        .complains("Temporary failure in name resolution");
    let took: Vec<u64> = run.lines().iter().map(|line| line.parse().unwrap()).collect();
    assert_eq!(took.len(), 4, "{}", run.text());
    assert!(took.iter().all(|ms| *ms < 2000), "{took:?}");
    assert_eq!(peer.said(), Vec::<String>::new());
}

#[test]
fn a_list_lets_through_what_is_on_it_and_the_rest_is_named() {
    let world = World::new();
    let peer = Peer::without_files();
    let workspace = world.workspace(&["--network-policy", "egress", "--allow-host", &peer.name()]);
    let status = workspace.json(&["status"], &[]);
    assert_eq!(status["network_policy"], "egress");
    assert_eq!(status["network_enabled"], true);
    assert_eq!(status["guest_ip"], "198.18.0.1");
    assert_eq!(status["network_allow"]["hosts"][0], peer.name());

    // what is on the list
    let to = format!("/dev/tcp/host.pyro.internal/{}", peer.port);
    let echo = format!("exec 3<>{to}; printf 'echo\\nhello\\n' >&3; read -r line <&3; echo $line");
    assert_eq!(workspace.exec(&["bash", "-c", &echo]).succeeds().text(), "hello");

    // another port, another name, an address: refused, and both forms of the result say which
    let others = "(exec 3<>/dev/tcp/host.pyro.internal/1); (exec 3<>/dev/tcp/a.example/443); \
                  (exec 3<>/dev/tcp/203.0.113.7/443; cat <&3); true";
    let _ = workspace
        .exec(&["bash", "-c", others])
        .succeeds()
        .complains("host.pyro.internal:1 was refused: servers of this host")
        .complains("a.example was refused: the name is not on the list of --allow-host")
        .complains("203.0.113.7:443 was refused: the address is not in a range of --allow-net");
    let report = workspace.json(&["exec"], &["--", "bash", "-c", others]);
    let refused = report["refused_connections"].as_array().unwrap();
    let hosts: Vec<&str> = refused.iter().map(|one| one["host"].as_str().unwrap()).collect();
    assert!(hosts.contains(&"a.example") && hosts.contains(&"203.0.113.7"), "{hosts:?}");

    // and the log has all of it, with what was moved
    let log = workspace.json(&["network", "log"], &[]);
    let connections = log["connections"].as_array().unwrap();
    let allowed: Vec<_> = connections.iter().filter(|one| one["decision"] == "allowed").collect();
    assert_eq!(allowed.len(), 1, "{log}");
    assert_eq!(allowed[0]["host"], "host.pyro.internal");
    assert_eq!(allowed[0]["sent_bytes"], 11);
    assert_eq!(allowed[0]["received_bytes"], 6);
    assert_eq!(allowed[0]["address"], "127.0.0.1");
    let table = workspace.call(&["network", "log"], &[]).succeeds();
    assert!(table.text().contains("a.example  "), "{}", table.text());
    assert_eq!(peer.said(), ["echo"]);

    // the policy and its log are the workspace's, not the machine's
    let _ = workspace.call(&["stop"], &[]).succeeds();
    let _ = workspace.call(&["start"], &[]).succeeds();
    assert_eq!(workspace.exec(&["bash", "-c", &echo]).succeeds().text(), "hello");
    let log = workspace.json(&["network", "log"], &[]);
    assert!(log["count"].as_u64().unwrap() > connections.len() as u64, "{log}");
    workspace.delete();
    world.assert_clean();
}

#[test]
fn a_run_names_what_it_was_refused() {
    let world = World::new();
    let script = "(exec 3<>/dev/tcp/169.254.169.254/80; cat <&3)";
    let options = ["--network", "--json"];
    let run = world.run_with(&options, &["bash", "-c", script]).outcome();
    let refused = &run.json()["refused_connections"][0];
    assert_eq!((&refused["host"], &refused["port"]), (&json!("169.254.169.254"), &json!(80)));
    let why = refused["reason"].as_str().unwrap();
    assert!(why.contains("a cloud's metadata service"), "{why}");
    world.assert_clean();
}

#[test]
fn wishes_that_cannot_be_granted_are_refused_before_anything_starts() {
    let world = World::new();
    let create = |options: &[&str]| {
        let words = [&["workspace", "create"], options].concat();
        world.pyro(&words).within(Duration::from_secs(10)).outcome().exits(2)
    };
    let _ = create(&["--network-policy", "open"]).complains("off, egress");
    let _ = create(&["--allow-host", "a.example"]).complains("--network-policy egress");
    let _ = create(&["--network-policy", "egress", "--allow-host", "10.0.0.1"])
        .complains("--allow-net");
    let _ = create(&["--network-policy", "egress", "--allow-net", "10.0.0.1/8"])
        .complains("10.1.0.0/16");
    assert!(world.workspaces().is_empty());
}

#[test]
fn over_mcp_the_human_gives_the_network_and_the_model_is_told_of_refusals() {
    let world = World::new();
    let peer = Peer::without_files();
    let words = ["mcp", "serve", "--network-policy", "egress", "--allow-host", &peer.name()];
    let mut server = Server::of(world.pyro(&words), Era::Initialize);
    let made = server.call("workspace_create", &json!({"seed_path": ""}));
    assert_eq!(made["network_policy"], "egress");
    let id = &made["workspace_id"];
    let command = format!(
        "bash -c 'exec 3<>/dev/tcp/host.pyro.internal/{}; printf \"echo\\nhello\\n\" >&3; read -r l <&3; \
         echo got $l; (exec 4<>/dev/tcp/a.example/443)'",
        peer.port
    );
    let said = server.text("workspace_exec", &json!({"workspace_id": id, "command": command}));
    assert!(said.contains("got hello"), "{said}");
    assert!(said.contains("note: a.example was refused: the name is not on the list"), "{said}");
    server.call("workspace_delete", &json!({"workspace_id": id}));
    let _ = server.end();

    // without the human's word there is none in this profile
    let mut server = Server::of(world.pyro(&["mcp", "serve"]), Era::Initialize);
    let refused = server.refused("vm_run", &json!({"command": "true", "network": true}));
    assert!(
        refused.contains("network_denied") && refused.contains("--network-policy"),
        "{refused}"
    );
    let _ = server.end();
}
