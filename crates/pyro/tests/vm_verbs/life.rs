//! What each verb does to a vm in each state.

use crate::front_end::perform_elsewhere;
use crate::host::processes::{descendants, own_memory, playing};
use crate::host::{Host, machine, trial, within};
use crate::{STUCK, code};
use libtest_mimic::Trial;
use pyro::event;
use pyro::machine::process::AGENT_ROLE;
use pyro::vm::VmSpec;
use pyro::vm::kept::{VmState, create, network_info};
use std::fs;
use std::time::Duration;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("from_create_to_exec", from_create_to_exec),
        trial("a_vm_outlives_the_processes_that_made_and_started_it", outlives),
        trial("a_stopped_vm_can_be_started_again", a_stopped_vm),
        trial("verbs_on_vms_in_the_wrong_state", the_wrong_state),
        trial("ids_and_their_prefixes", ids_and_prefixes),
        trial("a_vm_that_cannot_be_is_refused_when_it_is_created", refused),
        trial("a_vm_that_does_not_boot_stays_created", does_not_boot),
        trial("the_network_of_a_vm", the_network),
        trial("fifty_lives_leave_no_trace", fifty_lives),
    ]
}

async fn from_create_to_exec() {
    let host = Host::new();
    let made = host.create(&machine()).await;
    assert_eq!((made.state, made.ttl_seconds), (VmState::Created, 120));
    assert_eq!(made.expires_at, made.created_at + 120);
    assert_eq!(descendants(), [], "nothing is booted");
    assert_eq!(host.status(&made.vm_id).await.unwrap(), made);

    let started = host.start_vm(&made.vm_id).await.unwrap();
    assert_eq!(started.state, VmState::Started);
    assert_eq!(host.status(&made.vm_id).await.unwrap(), started);
    assert_eq!(host.start_vm(&made.vm_id).await.unwrap(), started, "once more changes nothing");

    let ran = host.exec(&made.vm_id, "echo out; echo err >&2; exit 7").await.unwrap();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.exit_code), ("out\n", "err\n", 7));
    assert_eq!((ran.vm_id.as_str(), ran.cleanup.deleted), (made.vm_id.as_str(), true));
    assert_eq!(code(host.status(&made.vm_id).await), "not_found");
    host.assert_clean().await;
}

async fn outlives() {
    let host = Host::new();
    let made: serde_json::Value =
        serde_json::from_str(&perform_elsewhere(&host, "create", "")).unwrap();
    let id = made["vm_id"].as_str().unwrap();
    assert!(perform_elsewhere(&host, "start", id).contains("\"state\":\"started\""));
    assert_eq!(host.status(id).await.unwrap().state, VmState::Started);
    assert_eq!(host.exec(id, "echo still here").await.unwrap().stdout, "still here\n");
    host.assert_clean().await;
}

async fn a_stopped_vm() {
    let host = Host::new();
    let id = host.started(&machine()).await;
    let stopped = host.stop(&id).await.unwrap();
    assert_eq!(stopped.state, VmState::Stopped);
    assert!(playing(AGENT_ROLE).is_none());
    assert!(!host.machines().join(&id).exists(), "the machine's directory goes, with the disk");
    assert_eq!(host.stop(&id).await.unwrap(), stopped, "once more changes nothing");
    assert_eq!(host.start_vm(&id).await.unwrap().state, VmState::Started);
    assert_eq!(host.exec(&id, "echo again").await.unwrap().stdout, "again\n");
    host.assert_clean().await;
}

async fn the_wrong_state() {
    let host = Host::new();
    let id = host.create(&machine()).await.vm_id;
    let error = host.exec(&id, "true").await.unwrap_err();
    assert_eq!((error.code(), error.hints().len()), ("vm_not_started", 1));
    assert!(error.to_string().contains("is created"), "{error}");
    assert_eq!(host.stop(&id).await.unwrap().state, VmState::Created);
    host.start_vm(&id).await.unwrap();
    host.stop(&id).await.unwrap();
    assert_eq!(code(host.exec(&id, "true").await), "vm_not_started");
    let deleted = host.delete(&id).await.unwrap();
    assert_eq!((deleted.vm_id.as_str(), deleted.deleted), (id.as_str(), true));
    for outcome in [host.start_vm(&id).await, host.stop(&id).await, host.status(&id).await] {
        assert_eq!(code(outcome), "not_found");
    }
    assert_eq!(code(host.delete(&id).await), "not_found");
    assert_eq!(code(host.exec(&id, "true").await), "not_found");
    host.assert_clean().await;
}

async fn ids_and_prefixes() {
    let host = Host::new();
    let id = host.create(&machine()).await.vm_id;
    assert_eq!(host.status(&id[..5]).await.unwrap().vm_id, id);
    let other = host.create(&machine()).await.vm_id;
    assert_eq!(code(host.status("vm-").await), "ambiguous_id");
    assert_eq!(code(host.delete("").await), "not_found");
    assert_eq!(host.delete(&other).await.unwrap().vm_id, other);
    assert_eq!(host.delete("vm-").await.unwrap().vm_id, id);
    host.assert_clean().await;
}

async fn refused() {
    let host = Host::new();
    let attempt = async |spec| code(create(&host.config, &spec, &event::ignore).await);
    assert_eq!(attempt(VmSpec { mem_mib: 1, ..machine() }).await, "out_of_range");
    let at_home = VmSpec { allow_host_compat: false, ..machine() };
    assert_eq!(attempt(at_home).await, "host_compat_denied");
    assert_eq!(host.list().await, []);
    host.assert_clean().await;
}

async fn does_not_boot() {
    let mut host = Host::new();
    host.config.boot_deadlines = [Duration::from_millis(300); 2];
    let id = host.create(&machine()).await.vm_id;
    fs::write(host.home().join(STUCK), "").unwrap();
    assert_eq!(code(host.start_vm(&id).await), "boot_deadline");
    assert_eq!(host.status(&id).await.unwrap().state, VmState::Created);
    within(Duration::from_secs(5), "its processes end", || descendants().is_empty()).await;
    fs::remove_file(host.home().join(STUCK)).unwrap();
    host.start_vm(&id).await.unwrap();
    host.delete(&id).await.unwrap();
    host.assert_clean().await;
}

async fn the_network() {
    let host = Host::new();
    let id = host.create(&machine()).await.vm_id;
    let info = network_info(&host.config, &id, &event::ignore).await.unwrap();
    assert!(!info.network_enabled && info.outbound_connectivity_expected, "{info:?}");
    assert!(info.reason.contains("this host"), "{}", info.reason);
    host.delete(&id).await.unwrap();
    host.assert_clean().await;
}

async fn fifty_lives() {
    let host = Host::new();
    let mut warm = 0;
    for life in 0..50 {
        if life == 10 {
            warm = own_memory("VmRSS");
        }
        let id = host.started(&machine()).await;
        match life % 3 {
            0 => drop(host.delete(&id).await.unwrap()),
            1 => assert_eq!(host.exec(&id, "echo x").await.unwrap().stdout, "x\n"),
            _ => {
                host.stop(&id).await.unwrap();
                host.delete(&id).await.unwrap();
            }
        }
    }
    let growth = own_memory("VmRSS").saturating_sub(warm);
    println!("40 lives grew this process by {growth} KiB");
    assert!(growth < 2 << 10, "{growth} KiB");
    host.assert_clean().await;
}
