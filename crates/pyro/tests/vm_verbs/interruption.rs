//! SIGKILL at every single step of every verb: strace(1) kills the front end at its first such call,
//! its second, and so on until one comes through. Whatever was killed, the vms that are listed
//! afterwards can be used or deleted, and nothing else is left.

use crate::front_end::words;
use crate::host::processes::descendants;
use crate::host::{Host, machine, trial, within};
use libtest_mimic::Trial;
use std::fs;
use std::process::{Command, Output};
use std::time::Duration;

/// At what a front end is killed: a change of names, files, locks, processes or connections. strace
/// counts every system call by itself; which of these are used is the C library's choice.
const STEPS: [&str; 16] = [
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "write",
    "fsync",
    "flock",
    "clone3",
    "vfork",
    "connect",
    "sendto",
    "sendmsg",
    "unlink",
    "unlinkat",
    "rmdir",
];
/// More than any call is repeated; beyond it something loops.
const MOST: usize = 60;

pub(crate) fn trials() -> Vec<Trial> {
    let verbs = ["create", "start", "exec", "stop", "delete", "reap"];
    let name = |verb| format!("kill_at_every_step_of_{verb}");
    verbs.into_iter().map(|verb| trial(name(verb), move || walk(verb))).collect()
}

async fn walk(verb: &'static str) {
    let host = Host::new();
    let mut killed = 0;
    for call in STEPS {
        for nth in 1.. {
            assert!(nth < MOST, "{call} never comes to an end");
            let id = specimen(&host, verb).await;
            let was_killed = interrupted(&host, verb, &id, call, nth);
            use_up(&host, verb).await;
            host.assert_clean().await;
            if !was_killed {
                break;
            }
            killed += 1;
        }
    }
    assert!(killed >= 5, "{killed}");
    println!("killed {killed} times");
}

/// A vm that the verb fits.
async fn specimen(host: &Host, verb: &str) -> String {
    match verb {
        "create" => String::new(),
        "start" => host.create(&machine()).await.vm_id,
        "reap" => {
            let id = host.started(&machine()).await;
            let record = host.config.paths.vms().join(&id).join("vm.json");
            let mut json: serde_json::Value =
                serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
            json["created_at"] = 0.into();
            fs::write(&record, json.to_string()).unwrap();
            id
        }
        _ => host.started(&machine()).await,
    }
}

/// Whether the verb was killed at the `nth` such call.
fn interrupted(host: &Host, verb: &str, id: &str, call: &str, nth: usize) -> bool {
    let trace = host.home().join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-qq", "-o"]).arg(&trace);
    strace.arg(format!("-etrace=?{call}"));
    strace.arg(format!("-einject=?{call}:signal=KILL:when={nth}"));
    let Output { status, stdout, stderr } =
        strace.args(words(host, verb, id, "echo through")).output().unwrap();
    let trace = fs::read_to_string(trace).unwrap_or_default();
    let was_killed = trace.contains("+++ killed by SIGKILL +++");
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(was_killed || status.success(), "{verb}, {call} {nth}: {stdout}{stderr}\n{trace}");
    was_killed
}

/// Every vm that is listed can be used; one whose command was killed may have to end first.
async fn use_up(host: &Host, verb: &str) {
    for vm in host.list().await {
        let claim = host.config.paths.vms().join(&vm.vm_id).join("claim");
        if claim.exists() {
            within(Duration::from_secs(5), "the machine's end", || descendants().is_empty()).await;
        } else if verb != "reap" {
            start_at_last(host, &vm.vm_id, verb).await;
            assert_eq!(host.exec(&vm.vm_id, "echo alive").await.unwrap().stdout, "alive\n");
        }
    }
    if verb == "reap" {
        host.reap().await;
    }
    assert_eq!(host.list().await, [], "all are used up");
}

/// Between its lease and its claim, a killed command takes the machine along but not the vm.
async fn start_at_last(host: &Host, id: &str, verb: &str) {
    for _ in 0..100 {
        match host.start_vm(id).await {
            Ok(_) => return,
            Err(error) => assert_eq!((verb, error.code()), ("exec", "shim_lost")),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{id} does not start");
}
