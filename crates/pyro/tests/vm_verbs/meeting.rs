//! Verbs on the same vm at the same time.

use crate::code;
use crate::host::processes::descendants;
use crate::host::{Host, machine, trial, within};
use libtest_mimic::Trial;
use pyro::vm::kept::VmState;
use std::time::Duration;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("two_starts_make_one_machine", two_starts),
        trial("two_deletions_both_succeed", two_deletions),
        trial("a_vm_gets_one_command", one_command),
        trial("a_deletion_ends_the_command", deleted_during_exec),
        trial("a_dropped_command_takes_its_vm_along", a_dropped_command),
        trial("a_dropped_start_goes_on", a_dropped_start),
        trial("a_start_and_a_deletion_agree", start_and_deletion),
    ]
}

fn runs(words: &str) -> bool {
    descendants().iter().any(|process| process.command.replace('\0', " ").contains(words))
}

async fn two_starts() {
    let host = Host::new();
    let id = host.create(&machine()).await.vm_id;
    let (one, two) = tokio::join!(host.start_vm(&id), host.start_vm(&id));
    assert_eq!((one.unwrap().state, two.unwrap().state), (VmState::Started, VmState::Started));
    let shims = descendants().into_iter().filter(|process| process.command.contains("--stay"));
    assert_eq!(shims.count(), 1);
    host.delete(&id).await.unwrap();
    host.assert_clean().await;
}

async fn two_deletions() {
    let host = Host::new();
    for _ in 0..10 {
        let id = host.started(&machine()).await;
        let (one, two) = tokio::join!(host.delete(&id), host.delete(&id));
        assert!(one.unwrap().deleted && two.unwrap().deleted);
    }
    host.assert_clean().await;
}

async fn one_command() {
    let host = Host::new();
    let id = host.started(&machine()).await;
    let (first, second) = tokio::join!(host.exec(&id, "sleep 0.5; echo first"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        host.exec(&id, "echo second").await
    });
    assert_eq!(first.unwrap().stdout, "first\n");
    assert_eq!(code(second), "vm_used");
    host.assert_clean().await;
}

async fn deleted_during_exec() {
    let host = Host::new();
    let id = host.started(&machine()).await;
    let (ran, deleted) = tokio::join!(host.exec(&id, "sleep 317"), async {
        within(Duration::from_secs(5), "the command's start", || runs("sleep 317")).await;
        host.delete(&id).await
    });
    assert!(deleted.unwrap().deleted);
    assert!(ran.unwrap_err().to_string().contains("the machine ended"), "it is told why");
    assert!(!runs("sleep 317"));
    host.assert_clean().await;
}

async fn a_dropped_command() {
    let host = Host::new();
    let id = host.started(&machine()).await;
    {
        let command = host.exec(&id, "sleep 318");
        let begun = within(Duration::from_secs(5), "the command's start", || runs("sleep 318"));
        tokio::select! {
            ran = command => panic!("{ran:?}"),
            () = begun => {}
        }
    }
    within(Duration::from_secs(5), "the machine's end", || descendants().is_empty()).await;
    assert_eq!(code(host.status(&id).await), "not_found");
    host.assert_clean().await;
}

async fn a_dropped_start() {
    let host = Host::new();
    let id = host.create(&machine()).await.vm_id;
    {
        let start = host.start_vm(&id);
        let begun = within(Duration::from_secs(5), "the shim's start", || runs("--stay"));
        tokio::select! {
            biased;
            () = begun => {}
            // on a quick host it is done before
            started = start => drop(started.unwrap()),
        }
    }
    assert_eq!(host.status(&id).await.unwrap().state, VmState::Started);
    assert_eq!(host.exec(&id, "echo up").await.unwrap().stdout, "up\n");
    host.assert_clean().await;
}

async fn start_and_deletion() {
    let host = Host::new();
    for _ in 0..10 {
        let id = host.create(&machine()).await.vm_id;
        let (started, deleted) = tokio::join!(host.start_vm(&id), host.delete(&id));
        assert!(deleted.unwrap().deleted);
        if let Err(error) = started {
            assert_eq!(error.code(), "not_found");
        }
        assert_eq!(code(host.status(&id).await), "not_found");
    }
    host.assert_clean().await;
}
