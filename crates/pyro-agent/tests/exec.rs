//! Commands, run by the real agent in a process of its own.
#![allow(clippy::unwrap_used)] // a failed step is a failed test

mod support;

use pyro_proto::RefusalCode;
use pyro_proto::frame::Lane;
use pyro_proto::mux::Item;
use pyro_proto::request::{Exec, ExecControl, Request};
use std::time::{Duration, Instant};
use support::{Agent, alive, finish, sh, within};

#[tokio::test]
async fn output_and_exit_code_come_back() {
    let agent = Agent::start().await;
    let ran = agent.sh("printf out; printf err >&2; exit 7").await;
    assert_eq!((&ran.stdout[..], &ran.stderr[..], ran.exit.code), (&b"out"[..], &b"err"[..], 7));
    assert_eq!((ran.exit.signal, ran.exit.timed_out), (None, false));
    assert_eq!(agent.sh("no-such-command-anywhere").await.exit.code, 127);
    let killed = agent.sh("kill -TERM $$").await.exit;
    assert_eq!((killed.code, killed.signal), (143, Some(15)));
}

#[tokio::test]
async fn directory_and_environment_are_as_asked() {
    let agent = Agent::start().await;
    std::fs::create_dir(agent.path("sub")).unwrap();
    let exec = Exec {
        cwd: Some("/sub".into()),
        env: vec![("GREETING".into(), "a b\n\"c\"".into())],
        ..sh("pwd; printf %s \"$GREETING\"; printf %s \"$LANG\"")
    };
    let ran = agent.exec(exec).await.unwrap();
    let expected = format!("{}\na b\n\"c\"C.UTF-8", agent.path("sub").display());
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), expected);
    let names =
        agent.sh("env | cut -d= -f1 | sort | grep -vx -e SHLVL -e _ -e OLDPWD | xargs").await;
    let expected = "HOME LANG LOGNAME PATH PWD PYRO_EXEC SHELL TERM USER\n";
    assert_eq!(String::from_utf8(names.stdout).unwrap(), expected);
}

#[tokio::test]
async fn what_cannot_run_is_refused_with_a_reason() {
    let agent = Agent::start().await;
    let refused = async |exec: Exec| agent.exec(exec).await.unwrap_err();
    let missing = refused(Exec { cwd: Some("/not/there".into()), ..sh("true") }).await;
    assert_eq!(missing.code, RefusalCode::NotFound);
    assert!(missing.message.contains("/not/there"), "{missing}");
    assert_eq!(refused(sh("echo \0")).await.code, RefusalCode::Invalid);
    let long = refused(sh(&"x".repeat(128 << 10))).await;
    assert_eq!(long.code, RefusalCode::Invalid);
    assert!(long.message.contains("131071"), "{long}");
    let variable = Exec { env: vec![("A=B".into(), String::new())], ..sh("true") };
    assert_eq!(refused(variable).await.code, RefusalCode::Invalid);
    let nobody = Exec { user: Some("no-such-user".into()), ..sh("true") };
    assert_eq!(refused(nobody).await.code, RefusalCode::NotFound);
    assert_eq!(agent.sh(&format!(": {}", "x".repeat((128 << 10) - 3))).await.exit.code, 0);
}

#[tokio::test]
async fn a_command_out_of_time_ends_with_124_and_leaves_nothing() {
    let agent = Agent::start().await;
    let start = Instant::now();
    let exec = Exec {
        timeout_ms: Some(300),
        ..sh(
            "echo before; setsid sleep 1000 & (setsid sh -c 'sleep 1000 & sleep 1000' &) ; sleep 1000",
        )
    };
    let ran = agent.exec(exec).await.unwrap();
    assert!(start.elapsed() < Duration::from_millis(1300), "{:?}", start.elapsed());
    assert_eq!((ran.exit.code, ran.exit.timed_out, ran.exit.signal), (124, true, Some(9)));
    assert_eq!(ran.stdout, b"before\n");
    agent.childless().await;
}

#[tokio::test]
async fn a_background_child_that_holds_the_pipes_delays_nothing_and_lives_on() {
    let agent = Agent::start().await;
    let start = Instant::now();
    let ran = agent.sh("sleep 1000 & echo $!").await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let child = String::from_utf8(ran.stdout).unwrap().trim().parse().unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(alive(child));
    let flood = agent.sh("(while :; do echo flood; done) & echo first").await;
    assert!(flood.stdout.windows(6).any(|line| line == b"first\n"));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_last_output_before_the_exit_is_never_lost() {
    let agent = Agent::start().await;
    for size in [1, 4096, 65_536, 65_537, 1_000_000] {
        let ran =
            agent.sh(&format!("head -c {size} /dev/zero; head -c {size} /dev/zero >&2")).await;
        assert_eq!((ran.stdout.len(), ran.stderr.len()), (size, size));
    }
}

#[tokio::test]
async fn a_cancelled_command_leaves_nothing() {
    let agent = Agent::start().await;
    let mut stream = agent.open(&Request::Exec(sh(DAEMONS))).await;
    assert!(matches!(stream.receiver.next().await, Item::Data(Lane::Main, _)));
    assert!(agent.descendants().len() >= 3);
    drop(stream);
    agent.childless().await;
}

/// A child, a session of its own, and a daemon that forked twice.
const DAEMONS: &str = "sleep 1000 & setsid sleep 1001 & (setsid sh -c 'sleep 1002 & exec sleep 1003' &); \
                       sleep 0.1; echo up; sleep 1004";

#[tokio::test]
async fn when_the_channel_ends_the_agent_ends_with_everything_it_started() {
    let mut agent = Agent::start().await;
    agent.sh("setsid env -i sleep 1000 & sleep 0.1").await;
    let mut stream = agent.open(&Request::Exec(sh(DAEMONS))).await;
    assert!(matches!(stream.receiver.next().await, Item::Data(Lane::Main, _)));
    let started = agent.descendants();
    assert!(started.len() >= 5, "{started:?}");
    agent.session.close();
    agent.gone().await;
    within(Duration::from_secs(1), || !started.iter().any(|pid| alive(*pid))).await;
}

#[tokio::test]
async fn a_termination_signal_ends_it_the_same_way() {
    let mut agent = Agent::start().await;
    let mut stream = agent.open(&Request::Exec(sh(DAEMONS))).await;
    assert!(matches!(stream.receiver.next().await, Item::Data(Lane::Main, _)));
    let started = agent.descendants();
    let pid = rustix::process::Pid::from_child(&agent.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    agent.gone().await;
    within(Duration::from_secs(1), || !started.iter().any(|pid| alive(*pid))).await;
}

#[tokio::test]
async fn stdin_passes_and_ends() {
    let agent = Agent::start().await;
    let exec = Exec { stdin: true, ..sh("cat; echo end") };
    let mut stream = agent.open(&Request::Exec(exec)).await;
    stream.sender.send(Lane::Main, b"a\0b\xff\n").await.unwrap();
    stream.sender.finish().await.unwrap();
    assert_eq!(finish(&mut stream).await.unwrap().stdout, b"a\0b\xff\nend\n");
    assert_eq!(agent.sh("cat; echo end").await.stdout, b"end\n");
}

#[tokio::test]
async fn signals_reach_a_command_that_does_not_read_its_stdin() {
    let agent = Agent::start().await;
    let exec = Exec {
        stdin: true,
        ..sh("trap 'echo caught; exit 3' INT; echo up; while :; do sleep 0.05; done")
    };
    let mut stream = agent.open(&Request::Exec(exec)).await;
    stream.sender.send(Lane::Main, &vec![b'x'; 400 << 10]).await.unwrap();
    assert_eq!(stream.receiver.next().await, Item::Data(Lane::Main, "up\n".into()));
    stream.sender.message(&ExecControl::Signal { signal: 2 }).await.unwrap();
    let ran = finish(&mut stream).await.unwrap();
    assert_eq!((ran.exit.code, &ran.stdout[..]), (3, &b"caught\n"[..]));
}

/// As behind a shell's `&`, which ignores SIGINT for what it starts.
#[tokio::test]
async fn a_signal_that_the_agent_was_started_to_ignore_reaches_its_commands() {
    let agent = Agent::start_ignoring_interrupts().await;
    let exec = sh("trap 'echo caught; exit 3' INT; echo up; while :; do sleep 0.05; done");
    let mut stream = agent.open(&Request::Exec(exec)).await;
    assert_eq!(stream.receiver.next().await, Item::Data(Lane::Main, "up\n".into()));
    stream.sender.message(&ExecControl::Signal { signal: 2 }).await.unwrap();
    let ran = tokio::time::timeout(Duration::from_secs(5), finish(&mut stream)).await;
    assert_eq!(ran.expect("the signal was lost").unwrap().exit.code, 3);
}

#[tokio::test]
async fn a_command_that_closes_its_stdin_does_not_stop_the_sender() {
    let agent = Agent::start().await;
    let exec = Exec { stdin: true, ..sh("exec <&-; sleep 0.3; echo done") };
    let stream = agent.open(&Request::Exec(exec)).await;
    let (mut sender, receiver) = stream.split();
    let sending = tokio::spawn(async move {
        let _ = sender.send(Lane::Main, &vec![0; 4 << 20]).await;
        sender
    });
    let mut lines = Vec::new();
    let mut receiver = receiver;
    while let Item::Data(_, data) = receiver.next().await {
        lines.extend_from_slice(&data);
    }
    assert_eq!(lines, b"done\n");
    sending.await.unwrap();
}

#[tokio::test]
async fn sixty_four_mebibytes_pass_both_ways_in_little_memory() {
    const SIZE: usize = 64 << 20;
    let agent = Agent::start().await;
    let stream = agent.open(&Request::Exec(Exec { stdin: true, ..sh("cat") })).await;
    let (mut sender, mut receiver) = stream.split();
    let sending = tokio::spawn(async move {
        let chunk: Vec<u8> = (0..64 << 10).map(|i: u32| i.to_le_bytes()[0]).collect();
        for _ in 0..SIZE / chunk.len() {
            sender.send(Lane::Main, &chunk).await.unwrap();
        }
        sender.finish().await.unwrap();
        sender
    });
    let mut received = 0usize;
    loop {
        match receiver.next().await {
            Item::Data(_, data) => {
                for byte in &data {
                    assert_eq!(usize::from(*byte), received & 0xff);
                    received += 1;
                }
            }
            Item::Message(_) => {}
            Item::Finish => break,
            Item::Reset(refusal) => panic!("{refusal}"),
        }
    }
    assert_eq!(received, SIZE);
    sending.await.unwrap();
    assert!(peak_kib(&agent) < 32 << 10, "{} KiB", peak_kib(&agent));
}

#[tokio::test]
async fn a_slow_host_slows_the_command_and_costs_no_memory() {
    let agent = Agent::start().await;
    let mut stream = agent.open(&Request::Exec(sh("yes"))).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(agent.sh("echo others go on").await.stdout, b"others go on\n");
    assert!(peak_kib(&agent) < 32 << 10, "{} KiB", peak_kib(&agent));
    assert!(matches!(stream.receiver.next().await, Item::Data(Lane::Main, _)));
    drop(stream);
    agent.childless().await;
}

fn peak_kib(agent: &Agent) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", agent.pid())).unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn bytes_are_bytes() {
    let agent = Agent::start().await;
    let ran = agent.sh(r"printf '\000\377\n\033[1m'").await;
    assert_eq!(ran.stdout, b"\x00\xff\n\x1b[1m");
}

#[tokio::test]
async fn a_hundred_at_once_each_get_their_own_answer_and_no_zombie_stays() {
    let agent = Agent::start().await;
    let mut running = tokio::task::JoinSet::new();
    for n in 0..100 {
        let session = agent.session.clone();
        running.spawn(async move {
            let request = Request::Exec(sh(&format!("echo {n}; exit {n}")));
            let mut stream = session.open(&request).await.unwrap();
            (n, finish(&mut stream).await.unwrap())
        });
    }
    while let Some(ran) = running.join_next().await {
        let (n, ran) = ran.unwrap();
        assert_eq!((ran.exit.code, ran.stdout), (n, format!("{n}\n").into_bytes()));
    }
    agent.childless().await;
    let open = || std::fs::read_dir(format!("/proc/{}/fd", agent.pid())).unwrap().count();
    let before = open();
    for _ in 0..20 {
        agent.sh("true").await;
    }
    assert_eq!(open(), before);
}

#[tokio::test]
async fn orphans_are_reaped() {
    let agent = Agent::start().await;
    agent.sh("(sleep 0.05 &) ; (sh -c 'sleep 0.1 & sleep 0.2' &) ; true").await;
    agent.childless().await;
}
