//! The hard time to live.

use crate::code;
use crate::host::processes::descendants;
use crate::host::{Host, machine, trial, within};
use libtest_mimic::Trial;
use pyro::vm::VmSpec;
use pyro::vm::kept::VmState;
use std::time::Duration;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("when_its_time_is_over_a_vm_reads_stopped_and_is_reaped", over),
        trial("a_command_that_outlives_its_vm_is_told_why", a_long_command),
        trial("the_time_counts_from_the_creation", from_the_creation),
    ]
}

fn short(ttl_seconds: u64) -> VmSpec {
    VmSpec { ttl_seconds, ..machine() }
}

async fn over() {
    let host = Host::new();
    let (runs, never_ran) = (host.started(&short(2)).await, host.create(&short(2)).await.vm_id);
    let lasting = host.create(&machine()).await.vm_id;
    assert_eq!(host.reap().await, [""; 0]);
    within(Duration::from_secs(5), "the machine's end", || descendants().is_empty()).await;
    assert_eq!(host.status(&runs).await.unwrap().state, VmState::Stopped);
    assert_eq!(host.status(&never_ran).await.unwrap().state, VmState::Created);
    for id in [&runs, &never_ran] {
        assert_eq!(code(host.start_vm(id).await), "vm_expired");
        assert_eq!(code(host.exec(id, "true").await), "vm_expired");
    }
    let mut expected = vec![runs, never_ran];
    expected.sort();
    assert_eq!(host.reap().await, expected);
    assert_eq!(host.reap().await, [""; 0]);
    host.delete(&lasting).await.unwrap();
    host.assert_clean().await;
}

async fn a_long_command() {
    let host = Host::new();
    let id = host.started(&short(2)).await;
    let error = host.exec(&id, "sleep 60").await.unwrap_err();
    assert!(error.to_string().contains("time to live"), "{error}");
    assert_eq!(code(host.status(&id).await), "not_found");
    host.assert_clean().await;
}

async fn from_the_creation() {
    let host = Host::new();
    let id = host.create(&short(6)).await.vm_id;
    tokio::time::sleep(Duration::from_secs(3)).await;
    host.start_vm(&id).await.unwrap();
    within(Duration::from_millis(4500), "the machine's end", || descendants().is_empty()).await;
    host.delete(&id).await.unwrap();
    host.assert_clean().await;
}
