//! What a machine that died long ago left, read by a sweep that must not believe too much: pids have
//! other owners after a reboot and after a while, and two front ends may sweep at once.

use super::death::process;
use crate::host::processes::Process;
use crate::host::{Host, machine, trial};
use libtest_mimic::Trial;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("the_process_that_a_ledger_names_is_killed", || sweep_with(Truth::Now)),
        trial("after_a_reboot_nobody_is_killed", || sweep_with(Truth::BeforeTheReboot)),
        trial("a_pid_with_a_new_owner_is_spared", || sweep_with(Truth::OfAnotherProcess)),
        trial("a_directory_that_cannot_be_swept_hides_no_other", one_broken_directory),
        trial("a_torn_ledger_is_no_obstacle", torn_ledgers),
        trial("two_front_ends_sweep_at_once", two_sweep),
    ]
}

#[derive(PartialEq)]
enum Truth {
    Now,
    BeforeTheReboot,
    OfAnotherProcess,
}

/// A process that a ledger names, and that has nothing to do with pyro.
fn bystander() -> Child {
    Command::new("sleep").arg("600").spawn().unwrap()
}

/// A machine's directory as a dead shim leaves it.
pub(crate) fn dead_machine(host: &Host, name: &str, ledger: &str) -> PathBuf {
    // the first run makes the parent, with the right mode
    let directory = host.machines().join(name);
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("lock"), "").unwrap();
    fs::write(directory.join("machine.json"), "{}").unwrap();
    fs::write(directory.join("ledger"), ledger).unwrap();
    directory
}

fn ledger_of(process: &Process, truth: &Truth) -> String {
    let boot_id = match truth {
        Truth::BeforeTheReboot => "00000000-0000-0000-0000-000000000000".to_owned(),
        _ => fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim().to_owned(),
    };
    let start_time = process.start_time + u64::from(*truth == Truth::OfAnotherProcess);
    let identity = format!(r#"{{"pid":{},"start_time":{start_time}}}"#, process.pid);
    format!(
        "{{\"entry\":\"shim\",\"process\":{identity},\"boot_id\":\"{boot_id}\"}}\n\
         {{\"entry\":\"vmm_intended\"}}\n{{\"entry\":\"vmm\",\"processes\":[{identity}]}}\n"
    )
}

async fn sweep_with(truth: Truth) {
    let host = Host::new();
    host.run(machine(), "true").await.unwrap();
    let mut bystander = bystander();
    let dead = dead_machine(&host, "vm-dead", &ledger_of(&process(&bystander), &truth));
    host.run(machine(), "true").await.unwrap();
    assert!(!dead.exists());
    let killed = bystander.try_wait().unwrap().is_some();
    assert_eq!(killed, truth == Truth::Now);
    let _ = bystander.kill();
    bystander.wait().unwrap();
    host.assert_clean().await;
}

async fn one_broken_directory() {
    let host = Host::new();
    host.run(machine(), "true").await.unwrap();
    // a directory in the lock's place: it cannot be opened for writing, even by root
    let broken = host.machines().join("vm-0-broken");
    fs::create_dir_all(broken.join("lock")).unwrap();
    let dead: Vec<PathBuf> =
        (1..9).map(|n| dead_machine(&host, &format!("vm-{n}-dead"), "")).collect();
    pyro::shim::sweep(&host.machines()).expect_err("the broken one is reported");
    assert!(dead.iter().all(|directory| !directory.exists()), "the others are still there");
    host.run(machine(), "true").await.unwrap();
    fs::remove_dir_all(broken).unwrap();
    host.assert_clean().await;
}

async fn torn_ledgers() {
    let host = Host::new();
    host.run(machine(), "true").await.unwrap();
    for (n, ledger) in ["", "{", "{\"entry\":", "\0\0\0", "\n\n{}\n[]\nnull\n"].iter().enumerate() {
        dead_machine(&host, &format!("vm-torn-{n}"), ledger);
    }
    host.run(machine(), "true").await.unwrap();
    host.assert_clean().await;
}

async fn two_sweep() {
    let host = Host::new();
    host.run(machine(), "true").await.unwrap();
    for round in 0..20 {
        for n in 0..10 {
            dead_machine(&host, &format!("vm-{round}-{n}"), "");
        }
        let sweeps: Vec<_> = (0..2)
            .map(|_| {
                let machines = host.machines();
                std::thread::spawn(move || pyro::shim::sweep(&machines))
            })
            .collect();
        let removed: Vec<String> = sweeps
            .into_iter()
            .flat_map(|sweep| sweep.join().unwrap().expect("a sweep disturbed the other"))
            .collect();
        assert_eq!(removed.len(), 10, "each one is removed once: {removed:?}");
    }
    host.assert_clean().await;
}
