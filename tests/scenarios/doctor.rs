//! `pyro doctor` says what is so. Each test changes the host, or asks it by other means.

use scenarios::{Process, Signal, World};
use serde_json::Value;
use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn diagnosis(world: &World) -> Value {
    let run = world.pyro(&["doctor", "--json"]).outcome();
    let diagnosis = run.json();
    assert_eq!(run.code() == 0, diagnosis["ready"].as_bool().unwrap(), "{diagnosis}");
    diagnosis
}

fn finding<'a>(diagnosis: &'a Value, topic: &str) -> &'a Value {
    let findings = diagnosis["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["topic"] == topic).unwrap()
}

#[test]
fn what_it_says_about_kvm_is_what_qemu_finds() {
    let world = World::new();
    let diagnosis = diagnosis(&world);
    let reason = diagnosis["kvm"]["reason"].as_str().unwrap();
    let opens = OpenOptions::new().read(true).write(true).open("/dev/kvm").is_ok();
    let runs = opens && qemu_boots_on_kvm(&a_kernel(&world));
    assert_eq!(diagnosis["kvm"]["usable"], runs, "{diagnosis}");
    let (backend, isolation) = match (runs, diagnosis["firecracker"]["state"] == "usable") {
        (true, true) => ("firecracker", "hardware-vm"),
        (true, false) => ("qemu-kvm", "hardware-vm"),
        (false, _) => ("qemu-tcg", "emulated-vm"),
    };
    assert_eq!(diagnosis["machines"]["backend"], backend);
    assert_eq!(diagnosis["machines"]["isolation"], isolation);
    assert!(diagnosis["verdict"].as_str().unwrap().contains(isolation));
    if opens && !runs {
        assert!(reason.contains("/dev/kvm opens but cannot run guests"), "{reason}");
    }
    let ran = world.run_with(&["--json"], &["true"]).succeeds().json();
    assert_eq!(ran["isolation"], isolation);
    assert_eq!(ran["jail"], diagnosis["machines"]["jail"]);
}

#[test]
fn the_monitor_it_names_is_the_one_that_runs() {
    let world = World::new();
    let backend = diagnosis(&world)["machines"]["backend"].as_str().unwrap().to_owned();
    let running = world.script("echo ready; sleep 600").start();
    running.prints("ready");
    let monitor = running.process(Process::is_vmm).vmm().unwrap();
    assert_eq!(monitor == "firecracker", backend == "firecracker", "{monitor} for {backend}");
    running.signal(Signal::TERM);
    let _ = running.end().exits(128 + 15);
    world.assert_clean();
}

fn a_kernel(world: &World) -> std::path::PathBuf {
    let kernels = std::fs::read_dir(world.cache().join("kernels")).unwrap().flatten();
    kernels.map(|entry| entry.path().join("vmlinux")).find(|path| path.exists()).unwrap()
}

/// A kernel without a root panics, and QEMU ends: on a KVM that works within a second, and some ten
/// where that is emulated itself.
fn qemu_boots_on_kvm(kernel: &Path) -> bool {
    let mut qemu = Command::new("qemu-system-x86_64")
        .args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
        .args(["-M", "microvm,acpi=on,isa-serial=on", "-accel", "kvm", "-cpu", "host", "-m", "256"])
        .args(["-serial", "stdio", "-append", "console=ttyS0 panic=-1 reboot=t", "-kernel"])
        .arg(kernel)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let ended_well = loop {
        match qemu.try_wait().unwrap() {
            Some(status) => break status.success(),
            None if Instant::now() > deadline => break false,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let _ = qemu.kill();
    let _ = qemu.wait();
    ended_well
}

#[test]
fn a_host_without_kvm_is_ready_and_says_what_it_lacks() {
    let world = World::new().on_a_host(&["--without-kvm"]);
    let diagnosis = diagnosis(&world);
    assert_eq!((&diagnosis["ready"], &diagnosis["kvm"]["usable"]), (&true.into(), &false.into()));
    assert_eq!(diagnosis["machines"]["backend"], "qemu-tcg");
    assert_eq!(finding(&diagnosis, "kvm")["level"], "warning");
    assert!(finding(&diagnosis, "kvm")["hint"].is_string(), "{diagnosis}");
    let text = world.pyro(&["doctor"]).succeeds();
    assert!(text.text().contains("QEMU with software emulation: emulated-vm"), "{}", text.text());
}

#[test]
fn a_kvm_device_with_nothing_behind_it_is_not_believed() {
    if !Path::new("/dev/kvm").exists() {
        // there is no device to put something else in the place of; the test above is this host's
        return a_host_without_kvm_is_ready_and_says_what_it_lacks();
    }
    let world = World::new().on_a_host(&["--with-mute-kvm"]);
    let diagnosis = diagnosis(&world);
    assert_eq!((&diagnosis["ready"], &diagnosis["kvm"]["usable"]), (&true.into(), &false.into()));
    assert_eq!(diagnosis["machines"]["isolation"], "emulated-vm");
}

#[test]
fn an_installed_firecracker_is_found_and_only_used_where_kvm_works() {
    let world = World::new().on_a_host(&["--without-kvm"]);
    let directory = world.home().join("data/pyro/runtimes/firecracker-v1.12.1");
    let program = directory.join("firecracker");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(&program, "#!/bin/sh\necho Firecracker v1.12.1\n").unwrap();
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let diagnosis = diagnosis(&world);
    let firecracker = &diagnosis["firecracker"];
    assert_eq!(firecracker["path"], program.display().to_string());
    assert_eq!(
        (&firecracker["version"], &firecracker["source"]),
        (&"1.12.1".into(), &"installed".into())
    );
    assert_eq!((&firecracker["static"], &firecracker["state"]), (&false.into(), &"usable".into()));
    assert_eq!(diagnosis["machines"]["backend"], "qemu-tcg");
    let told = finding(&diagnosis, "firecracker")["detail"].as_str().unwrap();
    assert!(told.ends_with("not used: it needs a KVM that runs guests"), "{told}");
}

#[test]
fn a_host_without_qemu_is_not_ready_and_says_what_to_install() {
    let world = World::new().on_a_host(&["--without-qemu", "--without-firecracker"]);
    let diagnosis = diagnosis(&world);
    assert_eq!((&diagnosis["ready"], &diagnosis["machines"]), (&false.into(), &Value::Null));
    assert_eq!(finding(&diagnosis, "qemu")["level"], "problem");
    let run = world.pyro(&["doctor"]).outcome().exits(1);
    assert!(run.text().contains("apt-get install qemu-system-x86"), "{}", run.text());
}
