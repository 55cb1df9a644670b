//! SIGKILL for whatever belongs to a started vm: the next verb shows the truth and cleans up.

use crate::front_end::spawn;
use crate::host::processes::{descendants, playing, read, shim};
use crate::host::{Host, machine, trial, within};
use crate::{STUCK, code};
use libtest_mimic::Trial;
use pyro::machine::process::AGENT_ROLE;
use pyro::vm::kept::VmState;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::time::Duration;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("death_of_the_shim", death_of_the_shim),
        trial("death_of_the_agent", death_of_the_agent),
        trial("termination_of_the_shim", termination),
        trial("death_of_the_front_end_of_a_command", death_during_a_command),
        trial("death_of_the_front_end_of_a_start", death_during_a_start),
        trial("a_shim_that_does_not_answer_is_ended_by_force", a_silent_shim),
    ]
}

/// The vm reads stopped, and is as good as new.
async fn assert_stopped(host: &Host, id: &str) {
    assert_eq!(host.status(id).await.unwrap().state, VmState::Stopped);
    assert!(!host.machines().join(id).exists());
    host.start_vm(id).await.unwrap();
    assert_eq!(host.exec(id, "echo again").await.unwrap().stdout, "again\n");
    host.assert_clean().await;
}

async fn death_of_the_shim() {
    let host = Host::new();
    let id = host.started(&machine()).await;
    shim().unwrap().kill();
    assert_stopped(&host, &id).await;
}

async fn death_of_the_agent() {
    let host = Host::new();
    let id = host.started(&machine()).await;
    playing(AGENT_ROLE).unwrap().kill();
    within(Duration::from_secs(5), "the shim's end", || shim().is_none()).await;
    assert_stopped(&host, &id).await;
}

async fn termination() {
    let host = Host::new();
    let id = host.started(&machine()).await;
    kill_process(Pid::from_raw(shim().unwrap().pid).unwrap(), Signal::TERM).unwrap();
    within(Duration::from_secs(5), "the shim's end", || descendants().is_empty()).await;
    assert_stopped(&host, &id).await;
}

async fn death_during_a_command() {
    let host = Host::new();
    let id = host.started(&machine()).await;
    let mut front_end = spawn(&host, "exec", &id, "setsid sleep 319 & sleep 320");
    // the front end's own words hold the command too
    let is_it = |words: &str| words.starts_with("sleep") && words.trim_end().ends_with("320");
    let runs = || descendants().iter().any(|process| is_it(&process.command.replace('\0', " ")));
    within(Duration::from_secs(5), "the command's start", runs).await;
    front_end.kill().unwrap();
    front_end.wait().unwrap();
    // even without a next verb
    within(Duration::from_secs(5), "the machine's end", || descendants().is_empty()).await;
    assert_eq!(host.list().await, [], "it had its command");
    assert_eq!(code(host.status(&id).await), "not_found");
    drop(front_end);
    host.assert_clean().await;
}

async fn death_during_a_start() {
    let host = Host::new();
    let id = host.create(&machine()).await.vm_id;
    fs::write(host.home().join(STUCK), "").unwrap();
    let mut front_end = spawn(&host, "start", &id, "");
    let boots = || playing(AGENT_ROLE).is_some();
    within(Duration::from_secs(5), "the agent's start", boots).await;
    front_end.kill().unwrap();
    front_end.wait().unwrap();
    drop(front_end);
    assert_eq!(host.status(&id).await.unwrap().state, VmState::Started, "it boots on");
    host.stop(&id).await.unwrap();
    fs::remove_file(host.home().join(STUCK)).unwrap();
    assert_stopped(&host, &id).await;
}

async fn a_silent_shim() {
    let host = Host::new();
    let id = host.started(&machine()).await;
    let shim = shim().unwrap();
    kill_process(Pid::from_raw(shim.pid).unwrap(), Signal::STOP).unwrap();
    assert!(host.delete(&id).await.unwrap().deleted);
    assert!(read(shim.pid).is_none());
    host.assert_clean().await;
}
