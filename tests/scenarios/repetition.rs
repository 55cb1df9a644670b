//! Often, and several at once: nothing grows.

use scenarios::{ENVIRONMENT, Process, Running, World, descendants, often};
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};

#[test]
fn twenty_runs_in_a_row_leave_no_more_than_one() {
    let world = World::new();
    let _ = world.run(&["true"]).succeeds();
    world.assert_clean();
    let before = world.files();
    for _ in 0..often(20) {
        let _ = world.run(&["true"]).succeeds();
    }
    world.assert_clean();
    assert_eq!(world.files(), before);
}

#[test]
fn machines_at_once_do_not_meet() {
    let world = World::new();
    // four on one emulated processor stand in each other's way for minutes
    let count = often(4) as usize;
    let machines: Vec<Running> = (0..count)
        .map(|number| {
            let script =
                format!("hostname; echo {number} > /workspace/mine; read go; cat /workspace/*");
            world.script(&script).holding_stdin().within(Duration::from_secs(90)).start()
        })
        .collect();
    for running in &machines {
        running.prints("vm-");
    }
    assert_eq!(world.machines().len(), count);
    assert_eq!(descendants().iter().filter(|process| process.is_vmm()).count(), count);
    let mut names = Vec::new();
    for (number, mut running) in machines.into_iter().enumerate() {
        running.write(b"go\n");
        let run = running.end().succeeds();
        assert_eq!(run.lines()[1], number.to_string());
        names.push(run.lines()[0].to_owned());
    }
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
    world.assert_clean();
}

/// A process that lives as long as a chat session, and starts machine after machine.
#[test]
fn a_server_that_runs_twenty_machines_opens_no_more_files_than_for_one() {
    let world = World::new();
    let mut server = world
        .pyro(&["mcp", "serve", "--profile", "vm-run"])
        .holding_stdin()
        .within(Duration::from_secs(200))
        .start();
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {},
                       "clientInfo": {"name": "scenario", "version": "1"}});
    say(&mut server, &json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}));
    server.prints("serverInfo");
    say(&mut server, &json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    run_in_a_machine(&mut server, 1);
    let before = (open_files(&server), world.files());
    for number in 2..=1 + often(20) {
        run_in_a_machine(&mut server, number);
    }
    assert_eq!((open_files(&server), world.files()), before);
    let others = || {
        let all = descendants().into_iter();
        all.filter(|process| process.pid != server.pid()).collect::<Vec<_>>()
    };
    // whatever held the last machine together takes a moment to be gone
    let deadline = Instant::now() + Duration::from_secs(3);
    while Instant::now() < deadline && !others().is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(others().is_empty(), "{:#?}", others());
    let _ = server.end().succeeds();
    world.assert_clean();
}

fn run_in_a_machine(server: &mut Running, number: u32) {
    let arguments =
        json!({"environment": ENVIRONMENT, "command": format!("echo done-$(({number} * 7))")});
    let call = json!({"name": "vm_run", "arguments": arguments});
    say(server, &json!({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": call}));
    server.prints(&format!("done-{}", number * 7));
    // the answer comes when the machine is gone, its shim a moment later
    while descendants().iter().any(Process::is_shim) {
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn say(server: &mut Running, message: &Value) {
    server.write(format!("{message}\n").as_bytes());
}

fn open_files(server: &Running) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}
