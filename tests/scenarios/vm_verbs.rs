//! Vms in single steps, over MCP: they outlive their server, and nothing outlives them.

use scenarios::{ENVIRONMENT, Process, Server, Signal, World, descendants};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

fn create(server: &mut Server, ttl_seconds: u64) -> Value {
    let made =
        server.call("vm_create", &json!({"environment": ENVIRONMENT, "ttl_seconds": ttl_seconds}));
    assert_eq!(made["state"], "created", "{made}");
    json!({"vm_id": made["vm_id"]})
}

fn started(server: &mut Server, ttl_seconds: u64) -> Value {
    let vm = create(server, ttl_seconds);
    assert_eq!(server.call("vm_start", &vm)["state"], "started");
    vm
}

fn exec(server: &mut Server, vm: &Value, command: &str) -> String {
    let arguments = json!({"vm_id": vm["vm_id"], "command": command});
    server.call("vm_exec", &arguments).as_str().unwrap().to_owned()
}

/// Neither machines nor records nor processes.
fn assert_nothing_left(world: &World) {
    world.assert_clean();
    let vms = fs::read_dir(world.state().join("pyro/vms")).unwrap().flatten();
    let left: Vec<_> = vms.map(|vm| vm.file_name()).filter(|name| name != ".lock").collect();
    assert!(left.is_empty(), "vms are left: {left:?}");
}

fn no_machine_within(limit: Duration) {
    let deadline = std::time::Instant::now() + limit;
    while descendants().iter().any(|process| process.is_vmm() || process.is_shim()) {
        assert!(std::time::Instant::now() < deadline, "{:#?}", descendants());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn from_create_to_exec() {
    let world = World::new();
    let mut server = Server::start(&world);
    let vm = create(&mut server, 600);
    assert!(!descendants().iter().any(Process::is_vmm), "nothing is booted");
    let running = server.call("vm_start", &vm);
    assert_eq!(
        (&running["state"], &running["environment"]),
        (&json!("started"), &json!("debian:12"))
    );
    assert!(["emulated-vm", "hardware-vm"].contains(&running["isolation"].as_str().unwrap()));
    assert_eq!(server.call("vm_status", &vm), running);
    assert_eq!(server.call("vm_network_info", &vm)["outbound_connectivity_expected"], false);
    let said = exec(&mut server, &vm, "hostname; cat /etc/debian_version; id -u; exit 5");
    let id = vm["vm_id"].as_str().unwrap();
    assert!(said.starts_with("exit_code: 5\n"), "{said}");
    assert!(said.contains(&format!("stdout:\n{id}\n12.")) && said.contains("\n0\n"), "{said}");
    assert!(server.refused("vm_status", &vm).contains("code: not_found"));
    let _ = server.end();
    assert_nothing_left(&world);
}

#[test]
fn a_vm_outlives_a_killed_server() {
    let world = World::new();
    let mut first = Server::start(&world);
    let vm = started(&mut first, 600);
    first.kill();
    let mut second = Server::start(&world);
    assert_eq!(second.call("vm_status", &vm)["state"], "started");
    assert_eq!(second.call("vm_stop", &vm)["state"], "stopped");
    no_machine_within(Duration::from_secs(3));
    assert_eq!(second.call("vm_start", &vm)["state"], "started", "it boots afresh");
    assert_eq!(second.call("vm_delete", &vm)["deleted"], true);
    let _ = second.end();
    assert_nothing_left(&world);
}

#[test]
fn a_server_that_is_killed_during_a_command_takes_its_vm_along() {
    let world = World::new();
    let mut server = Server::start(&world);
    let vm = started(&mut server, 600);
    let arguments = json!({"vm_id": vm["vm_id"], "command": "sleep 600", "timeout_seconds": 600});
    server.begin("vm_exec", &arguments);
    let claim = world.state().join("pyro/vms").join(vm["vm_id"].as_str().unwrap()).join("claim");
    while !claim.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    server.kill();
    no_machine_within(Duration::from_secs(8));
    let mut next = Server::start(&world);
    assert!(next.refused("vm_status", &vm).contains("code: not_found"));
    let _ = next.end();
    assert_nothing_left(&world);
}

#[test]
fn a_vm_whose_time_is_over_reads_stopped_and_is_reaped() {
    let world = World::new();
    let mut server = Server::start(&world);
    let vm = started(&mut server, 20);
    no_machine_within(Duration::from_secs(25));
    assert_eq!(server.call("vm_status", &vm)["state"], "stopped");
    assert!(server.refused("vm_start", &vm).contains("code: vm_expired"));
    let reaped = server.call("vm_reap_expired", &json!({}));
    assert_eq!(reaped, json!({"deleted_vm_ids": [vm["vm_id"]], "count": 1}));
    let _ = server.end();
    assert_nothing_left(&world);
}

#[test]
fn killed_machines_read_stopped() {
    let world = World::new();
    let mut server = Server::start(&world);
    let vm = create(&mut server, 600);
    for victim in [Process::is_shim as fn(&Process) -> bool, Process::is_vmm] {
        assert_eq!(server.call("vm_start", &vm)["state"], "started");
        descendants().into_iter().find(victim).unwrap().signal(Signal::KILL);
        no_machine_within(Duration::from_secs(8));
        assert_eq!(server.call("vm_status", &vm)["state"], "stopped");
        assert_eq!(world.machines(), [""; 0].map(std::path::PathBuf::from));
    }
    assert_eq!(server.call("vm_delete", &vm)["deleted"], true);
    let _ = server.end();
    assert_nothing_left(&world);
}

#[test]
fn eight_lives_leave_no_more_than_one() {
    let world = World::new();
    let mut server = Server::start(&world);
    let mut open_files = None;
    for life in 0..8 {
        let vm = started(&mut server, 600);
        if life % 2 == 0 {
            assert!(exec(&mut server, &vm, "echo alive").contains("stdout:\nalive\n"));
        } else {
            assert_eq!(server.call("vm_delete", &vm)["deleted"], true);
        }
        no_machine_within(Duration::from_secs(3));
        let now = server.open_files();
        assert_eq!(*open_files.get_or_insert(now), now, "life {life}");
    }
    let _ = server.end();
    assert_nothing_left(&world);
}
