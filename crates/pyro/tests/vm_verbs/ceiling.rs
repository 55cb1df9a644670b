//! The most vms that may be started at a time.

use crate::front_end::spawn;
use crate::host::{Host, machine, trial};
use libtest_mimic::Trial;
use pyro::vm::kept::VmState;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("one_too_many_is_refused_and_told_what_to_stop", one_too_many),
        trial("starts_at_once_share_the_last_places", at_once),
    ]
}

async fn one_too_many() {
    let mut host = Host::new();
    host.config.max_active_vms = 2;
    let (one, two) = (host.started(&machine()).await, host.started(&machine()).await);
    let third = host.create(&machine()).await.vm_id;
    let error = host.start_vm(&third).await.unwrap_err();
    assert_eq!(error.code(), "too_many_vms");
    assert!(error.hints()[0].contains(&one) && error.hints()[0].contains(&two), "{error}");
    assert_eq!(host.status(&third).await.unwrap().state, VmState::Created);
    // those of `run` do not count
    assert_eq!(host.run(machine(), "echo x").await.unwrap().stdout, "x\n");
    host.stop(&one).await.unwrap();
    host.start_vm(&third).await.unwrap();
    host.delete_all().await;
    host.assert_clean().await;
}

async fn at_once() {
    let host = Host::new();
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(host.create(&machine()).await.vm_id);
    }
    let starts: Vec<_> = ids.iter().map(|id| spawn(&host, "start", id, "")).collect();
    let mut started = 0;
    for start in starts {
        let output = start.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        match output.status.success() {
            true => started += 1,
            false => assert_eq!(said, "too_many_vms\n"),
        }
    }
    assert_eq!(started, host.config.max_active_vms);
    let runs = |state| state == VmState::Started;
    assert_eq!(host.list().await.into_iter().filter(|vm| runs(vm.state)).count(), started);
    host.delete_all().await;
    host.assert_clean().await;
}
