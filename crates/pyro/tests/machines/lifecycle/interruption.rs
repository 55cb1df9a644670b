//! SIGKILL at every single step: strace(1) kills the front end, or the shim, at its first write,
//! its second, and so on until one comes through. Whatever was killed, the next command leaves
//! nothing.

use super::front_end;
use super::remains::dead_machine;
use crate::host::processes::descendants;
use crate::host::{Host, machine, trial, within};
use libtest_mimic::Trial;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Who is killed, and at what: a change of names, files, locks, processes or connections. strace
/// counts every system call by itself; which of a row is used is the C library's choice.
const STEPS: [(Target, &str, &[&str]); 14] = [
    (Target::FrontEnd, "new_directory", &["mkdir", "mkdirat"]),
    (Target::FrontEnd, "rename", &["rename", "renameat", "renameat2"]),
    (Target::FrontEnd, "write", &["write"]),
    (Target::FrontEnd, "flush", &["fsync"]),
    (Target::FrontEnd, "lock", &["flock"]),
    (Target::FrontEnd, "new_process", &["clone", "clone3", "fork", "vfork"]),
    (Target::FrontEnd, "new_socket", &["socketpair"]),
    (Target::FrontEnd, "message", &["sendto", "sendmsg"]),
    (Target::Sweep, "removal", &["unlink", "unlinkat", "rmdir"]),
    (Target::Shim, "removal", &["unlink", "unlinkat", "rmdir"]),
    (Target::Shim, "write", &["write"]),
    (Target::Shim, "new_process", &["clone", "clone3", "fork", "vfork"]),
    (Target::Shim, "new_socket", &["socketpair", "bind", "listen"]),
    (Target::Shim, "message", &["sendto", "sendmsg"]),
];
/// More than any call is repeated; beyond it something loops.
const MOST: usize = 60;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![trial("kill_at_every_write_of_the_ledger", walk_ledger)];
    for (target, step, calls) in STEPS {
        let name = format!("kill_the_{target:?}_at_every_{step}").to_lowercase();
        trials.push(trial(name, move || walk(target, calls)));
    }
    trials
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Target {
    FrontEnd,
    /// A front end that finds a dead machine.
    Sweep,
    Shim,
}

async fn walk(target: Target, calls: &[&str]) {
    let host = Host::new();
    host.run(machine(), "true").await.unwrap();
    let mut killed = 0;
    for call in calls {
        let before = killed;
        while interrupted(&host, call, None, killed - before + 1, target).await {
            killed += 1;
            assert!(killed < MOST, "{call} never comes to an end");
            assert_next_is_clean(&host).await;
        }
        assert_next_is_clean(&host).await;
    }
    assert!(killed > 0, "none of {calls:?} to be killed at");
    println!("killed {killed} times");
}

async fn walk_ledger() {
    let host = Host::new();
    let mut killed = 0;
    while interrupted(&host, "write", Some("ledger"), killed + 1, Target::Shim).await {
        killed += 1;
        assert_next_is_clean(&host).await;
    }
    // shim, vmm_intended, vmm
    assert_eq!(killed, 3, "every entry of the ledger is one write");
    assert_next_is_clean(&host).await;
}

async fn assert_next_is_clean(host: &Host) {
    let result = host.run(machine(), "echo next").await;
    assert_eq!(result.unwrap().stdout, "next\n");
    host.assert_clean().await;
}

/// Runs one command whose front end or shim is killed at the `nth` such call; whether it was.
async fn interrupted(
    host: &Host,
    call: &str,
    file: Option<&str>,
    nth: usize,
    target: Target,
) -> bool {
    let trace = host.home().join("trace");
    if target == Target::Sweep {
        dead_machine(host, &format!("vm-dead-{call}-{nth}"), "");
    }
    let mut strace = vec![
        "strace".into(),
        "-qq".into(),
        "-o".into(),
        trace.display().to_string(),
        format!("-etrace=?{call}"),
        format!("-einject=?{call}:signal=KILL:when={nth}"),
    ];
    let output = match target {
        Target::FrontEnd | Target::Sweep => run(strace.iter().map(String::as_str), host),
        Target::Shim => {
            // detached: whoever starts the shim must not wait for its tracer
            strace.extend(["-f".into(), "-DD".into()]);
            let shim = traced_shim(host.home(), &strace, file);
            fs::write(host.home().join(EXECUTABLE), shim.as_os_str().as_encoded_bytes()).unwrap();
            let output = run([].into_iter(), host);
            fs::remove_file(host.home().join(EXECUTABLE)).unwrap();
            output
        }
    };
    within(Duration::from_secs(10), "the end of shim and tracer", || descendants().is_empty())
        .await;
    let trace = fs::read_to_string(trace).unwrap_or_default();
    let came_through = output.status.success() && output.stdout == b"through\n";
    let was_killed = trace.contains("+++ killed by SIGKILL +++");
    assert!(was_killed || came_through, "{output:?}\n{trace}");
    was_killed
}

fn run<'a>(wrapper: impl Iterator<Item = &'a str>, host: &Host) -> Output {
    let line = front_end::arguments(host.home(), "echo through");
    let words = wrapper.map(Into::into).chain(line);
    let words: Vec<std::ffi::OsString> = words.collect();
    Command::new(&words[0]).args(&words[1..]).stderr(Stdio::piped()).output().unwrap()
}

/// The file in a home that names another executable for its machines.
pub(crate) const EXECUTABLE: &str = "executable";

/// An executable that starts the real one under strace. `file` is one of the machine's directory.
fn traced_shim(home: &Path, strace: &[String], file: Option<&str>) -> PathBuf {
    let path = home.join("traced");
    let file = file.map_or(String::new(), |file| format!("-P \"$2/{file}\""));
    let strace: Vec<String> = strace.iter().map(|word| format!("'{word}'")).collect();
    let executable = std::env::current_exe().unwrap();
    let script =
        format!("#!/bin/sh\nexec {} {file} '{}' \"$@\"\n", strace.join(" "), executable.display());
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}
