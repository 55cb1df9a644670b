//! Commands from the front end's side: output, input, signals, limits, and every way to end one.

use super::STUCK;
use crate::host::processes::descendants;
use crate::host::{Host, command, machine, stdout_until_end, trial, within};
use libtest_mimic::Trial;
use pyro::Kind;
use pyro::vm::{Exec, ExecExit, Execution, Output, VmSpec};
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_run_reports_output_and_exit_code", a_run_reports),
        trial("streams_arrive_as_they_come", streams_arrive),
        trial("stdin_reaches_the_command_and_ends", stdin_reaches),
        trial("a_signal_ends_the_command", a_signal_ends),
        trial("a_time_limit_ends_the_command_and_all_it_started", a_limit_ends),
        trial("the_time_to_live_ends_the_machine_and_says_so", the_ttl_ends),
        trial("a_time_to_live_that_ends_in_the_boot_says_so", the_ttl_ends_in_the_boot),
        trial("a_dropped_command_is_killed_with_its_children", a_dropped_command),
        trial("a_dropped_machine_takes_its_commands_along", a_dropped_machine),
        trial("a_cancelled_start_leaves_nothing", a_cancelled_start),
        trial("a_background_child_with_stdout_delays_nothing", a_background_child),
        trial("a_flood_of_output_is_counted_and_cut", a_flood_of_output),
        trial("commands_run_side_by_side", side_by_side),
    ]
}

/// Whether a process with this in its command line runs below the test.
fn runs(words: &str) -> bool {
    descendants().iter().any(|process| process.command.replace('\0', " ").contains(words))
}

async fn exit_of(execution: &mut Execution) -> ExecExit {
    loop {
        if let Output::Exited(exit) = execution.next().await.unwrap() {
            return exit;
        }
    }
}

async fn a_run_reports() {
    let host = Host::new();
    let result = host.run(machine(), "echo out; echo err >&2; exit 7").await.unwrap();
    assert_eq!((result.stdout.as_str(), result.stderr.as_str()), ("out\n", "err\n"));
    assert_eq!((result.exit_code, result.timed_out), (7, false));
    assert!(result.cleanup.deleted);
    let raw = host.run(machine(), r"printf 'a\000\377b'").await.unwrap();
    assert_eq!((raw.stdout.as_str(), raw.stdout_lossy), ("a\0\u{fffd}b", true));
    host.assert_clean().await;
}

async fn streams_arrive() {
    let host = Host::new();
    let vm = host.start(&machine()).await.unwrap();
    let mut execution = vm.exec(command("echo one; sleep 30; echo two")).await.unwrap();
    let first = tokio::time::timeout(Duration::from_secs(5), execution.next()).await;
    assert_eq!(first.expect("held back").unwrap(), Output::Stdout("one\n".into()));
    vm.delete().await.unwrap();
    drop(execution);
    host.assert_clean().await;
}

async fn stdin_reaches() {
    let host = Host::new();
    let vm = host.start(&machine()).await.unwrap();
    let counting = Exec { stdin: true, ..command("wc -c") };
    let mut execution = vm.exec(counting).await.unwrap();
    let mut stdin = execution.take_stdin().unwrap();
    let (sent, (stdout, end)) = tokio::join!(
        async {
            stdin.send(&vec![b'x'; 5_000_000]).await?;
            stdin.close().await
        },
        stdout_until_end(&mut execution)
    );
    sent.unwrap();
    assert_eq!((&stdout[..], end.unwrap()), (&b"5000000\n"[..], 0));
    vm.delete().await.unwrap();
    drop(execution);
    host.assert_clean().await;
}

async fn a_signal_ends() {
    let host = Host::new();
    let vm = host.start(&machine()).await.unwrap();
    let mut execution = vm.exec(command("echo up; exec sleep 300")).await.unwrap();
    assert_eq!(execution.next().await.unwrap(), Output::Stdout("up\n".into()));
    execution.signal(15).await.unwrap();
    let exit = exit_of(&mut execution).await;
    assert_eq!((exit.code, exit.signal), (128 + 15, Some(15)));
    vm.delete().await.unwrap();
    drop(execution);
    host.assert_clean().await;
}

async fn a_limit_ends() {
    let host = Host::new();
    let vm = host.start(&machine()).await.unwrap();
    let begun = Instant::now();
    let limited = Exec { timeout_ms: Some(300), ..command("sleep 301 & setsid sleep 302; true") };
    let mut execution = vm.exec(limited).await.unwrap();
    let exit = exit_of(&mut execution).await;
    assert_eq!((exit.code, exit.timed_out), (124, true));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(!runs("sleep 30"), "something survived the limit");
    vm.delete().await.unwrap();
    drop(execution);
    host.assert_clean().await;
}

async fn the_ttl_ends() {
    let host = Host::new();
    let short = VmSpec { ttl_seconds: 1, ..machine() };
    let error = host.run(short, "sleep 303").await.unwrap_err();
    assert_eq!(error.code(), "machine_gone");
    assert!(error.to_string().contains("its time to live of 1 s is over"), "{error}");
    host.assert_clean().await;
}

async fn the_ttl_ends_in_the_boot() {
    let host = Host::new();
    std::fs::write(host.home().join(STUCK), "").unwrap();
    let begun = Instant::now();
    let error = host.run(VmSpec { ttl_seconds: 1, ..machine() }, "true").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Guest, "machine_gone"));
    let text = error.to_string();
    assert!(text.contains("during its boot: its time to live of 1 s is over"), "{text}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    host.assert_clean().await;
}

async fn a_dropped_command() {
    let host = Host::new();
    let vm = host.start(&machine()).await.unwrap();
    let mut execution = vm.exec(command("sleep 304 & echo up; sleep 305")).await.unwrap();
    assert_eq!(execution.next().await.unwrap(), Output::Stdout("up\n".into()));
    assert!(runs("sleep 304"));
    drop(execution);
    within(Duration::from_secs(3), "the command is killed", || !runs("sleep 30")).await;
    let mut next = vm.exec(command("echo fine")).await.unwrap();
    assert_eq!(stdout_until_end(&mut next).await.0, b"fine\n");
    vm.delete().await.unwrap();
    drop(next);
    host.assert_clean().await;
}

async fn a_dropped_machine() {
    let host = Host::new();
    let vm = host.start(&machine()).await.unwrap();
    let mut execution = vm.exec(command("sleep 306 & echo up; sleep 307")).await.unwrap();
    assert_eq!(execution.next().await.unwrap(), Output::Stdout("up\n".into()));
    drop((vm, execution));
    host.assert_clean().await;
}

async fn a_cancelled_start() {
    let host = Host::new();
    for after in [0, 1, 3, 10, 30] {
        let spec = machine();
        let starting = host.start(&spec);
        let cancelled = tokio::time::timeout(Duration::from_millis(after), starting).await;
        drop(cancelled);
    }
    host.assert_clean().await;
}

async fn a_background_child() {
    let host = Host::new();
    let begun = Instant::now();
    let result = host.run(machine(), "sleep 308 & setsid sleep 309 & echo done").await.unwrap();
    assert_eq!((result.stdout.as_str(), result.exit_code), ("done\n", 0));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    host.assert_clean().await;
}

async fn a_flood_of_output() {
    let host = Host::new();
    let result = host.run(machine(), "head -c 50000000 /dev/zero").await.unwrap();
    assert_eq!((result.stdout_bytes, result.stdout_truncated), (50_000_000, true));
    assert!(result.stdout.len() < 2 << 20);
    host.assert_clean().await;
}

async fn side_by_side() {
    let host = Host::new();
    let vm = host.start(&machine()).await.unwrap();
    let mut executions = Vec::new();
    for n in 0..100 {
        executions.push(vm.exec(command(&format!("echo {n}"))).await.unwrap());
    }
    for (n, execution) in executions.iter_mut().enumerate() {
        let (stdout, end) = stdout_until_end(execution).await;
        assert_eq!((&stdout[..], end.unwrap()), (format!("{n}\n").as_bytes(), 0));
    }
    vm.delete().await.unwrap();
    drop(executions);
    host.assert_clean().await;
}
