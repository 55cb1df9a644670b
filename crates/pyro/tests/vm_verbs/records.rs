//! Records that something has damaged, and what a vm leaves where it was half made.

use crate::code;
use crate::host::{Host, machine, trial};
use libtest_mimic::Trial;
use pyro::event::{self, Event};
use pyro::vm::kept::list;
use std::fs;
use std::sync::Mutex;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_damaged_record_harms_its_own_vm_alone", a_damaged_record),
        trial("what_was_half_made_is_swept", half_made),
    ]
}

async fn a_damaged_record() {
    let host = Host::new();
    let (good, bad) = (host.started(&machine()).await, host.started(&machine()).await);
    fs::write(host.config.paths.vms().join(&bad).join("vm.json"), "{\"spec\":").unwrap();
    assert_eq!(code(host.status(&bad).await), "bad_record");
    assert_eq!(code(host.start_vm(&bad).await), "bad_record");
    assert_eq!(code(host.stop(&bad).await), "bad_record");
    assert_eq!(host.reap().await, [""; 0]);
    let warnings = Mutex::new(Vec::new());
    let listed = list(&host.config, &|event| warnings.lock().unwrap().push(event)).await.unwrap();
    assert_eq!((listed.count, listed.vms[0].vm_id.as_str()), (1, good.as_str()));
    let warnings = warnings.into_inner().unwrap();
    assert!(matches!(&warnings[..], [Event::Warning(text)] if text.contains(&bad)), "{warnings:?}");
    host.delete(&bad).await.unwrap();
    assert_eq!(host.exec(&good, "echo well").await.unwrap().stdout, "well\n");
    host.assert_clean().await;
}

async fn half_made() {
    let host = Host::new();
    host.run(machine(), "true").await.unwrap();
    let vms = host.config.paths.vms();
    fs::create_dir_all(vms.join("vm-empty")).unwrap();
    fs::create_dir(vms.join("vm-locked")).unwrap();
    fs::write(vms.join("vm-locked/lock"), "").unwrap();
    fs::write(vms.join("vm-locked/vm.new"), "{").unwrap();
    fs::set_permissions(&vms, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!(list(&host.config, &event::ignore).await.unwrap().count, 0);
    host.assert_clean().await;
}
