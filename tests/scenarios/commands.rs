//! A command behaves as it would here: its exit code, its input, its signals, its time limit.

use scenarios::{Signal, World};
use std::time::{Duration, Instant};

#[test]
fn the_command_sees_the_guest_and_not_the_host() {
    let world = World::new();
    let boot = "/proc/sys/kernel/random/boot_id";
    let script = format!("cat {boot} /etc/debian_version; id -u; pwd; hostname");
    let run = world.script(&script).succeeds();
    let host = std::fs::read_to_string(boot).unwrap();
    let [kernel, debian, user, directory, name] = run.lines()[..] else {
        panic!("{}", run.text());
    };
    assert_ne!(kernel, host.trim());
    assert!(debian.starts_with("12."), "{debian}");
    assert_eq!((user, directory), ("0", "/"));
    assert!(name.starts_with("vm-"), "{name}");
    world.assert_clean();
}

#[test]
fn the_exit_code_is_the_commands_own() {
    let world = World::new();
    let _ = world.script("exit 7").outcome().exits(7);
    let _ = world.script("kill -KILL $$").outcome().exits(128 + 9);
    let _ = world.run(&["no-such-program"]).outcome().exits(127).complains("no-such-program");
    let _ = world.run(&["/etc/passwd"]).outcome().exits(126);
    world.assert_clean();
}

#[test]
fn words_reach_the_command_as_they_were_typed() {
    let world = World::new();
    let odd = ["a b", "it's", "$HOME", "*", "\"", "new\nline", "", "-n", "\\", "ü"];
    let run = world.run(&[&["printf", "<%s>"][..], &odd].concat()).succeeds();
    assert_eq!(run.text(), odd.map(|word| format!("<{word}>")).concat());
}

#[test]
fn a_command_that_takes_too_long_ends_within_a_second_of_its_limit() {
    let world = World::new();
    let running = world
        .run_with(&["--timeout-seconds", "2"], &["sh", "-c", "echo started; exec sleep 60"])
        .start();
    running.prints("started");
    let began = Instant::now();
    let run = running.end().exits(124).complains("--timeout-seconds");
    let (since_start, whole) = (began.elapsed(), run.took);
    assert!(
        whole > Duration::from_secs(2) && since_start < Duration::from_secs(3),
        "{since_start:?}"
    );
    assert_eq!(run.text(), "started");
    world.assert_clean();
}

#[test]
fn a_background_child_that_holds_stdout_delays_nothing() {
    let world = World::new();
    let run = world.script("sleep 600 & echo done").within(Duration::from_secs(20)).succeeds();
    assert_eq!(run.text(), "done");
    world.assert_clean();
}

#[test]
fn nothing_the_command_started_outlives_its_time_limit() {
    let world = World::new();
    let script = "setsid sh -c 'trap \"\" TERM INT HUP; sleep 600' & echo started; wait";
    let _ = world
        .run_with(&["--timeout-seconds", "1"], &["sh", "-c", script])
        .within(Duration::from_secs(20))
        .outcome()
        .exits(124);
    world.assert_clean();
}

#[test]
fn the_command_reads_the_pipe_on_stdin_to_its_end() {
    let world = World::new();
    let lines: String = (0..50_000).map(|number| format!("{number}\n")).collect();
    let run = world.run(&["sort", "-rn"]).stdin(lines).succeeds();
    assert_eq!((run.lines().len(), run.lines()[0]), (50_000, "49999"));
    let run = world.script("cat; echo end").succeeds();
    assert_eq!(run.text(), "end");
}

#[test]
fn a_command_that_does_not_read_its_stdin_ends_all_the_same() {
    let world = World::new();
    let run = world.run(&["echo", "enough"]).stdin(vec![b'x'; 20 << 20]).succeeds();
    assert_eq!(run.text(), "enough");
    let running = world.run(&["echo", "open"]).holding_stdin().start();
    running.prints("open");
    assert_eq!(running.end().succeeds().text(), "open");
    world.assert_clean();
}

#[test]
fn a_conversation_over_pipes_flows_line_by_line() {
    let world = World::new();
    let mut cat = world.run(&["cat"]).holding_stdin().start();
    for line in ["one\n", "two\n", "three\n"] {
        cat.write(line.as_bytes());
        cat.prints(line);
    }
    assert_eq!(cat.end().succeeds().text(), "one\ntwo\nthree");
}

#[test]
fn ctrl_c_reaches_the_command_which_decides_what_it_means() {
    let world = World::new();
    let script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.1; done";
    let running = world.script(script).start();
    running.prints("ready");
    running.signal(Signal::INT);
    assert_eq!(running.end().exits(9).text(), "ready\ncaught");
    world.assert_clean();
}

#[test]
fn a_second_ctrl_c_ends_a_command_that_ignores_the_first() {
    let world = World::new();
    let running = world.script("trap '' INT; echo ready; while :; do sleep 0.1; done").start();
    running.prints("ready");
    running.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    running.signal(Signal::INT);
    let _ = running.end().exits(128 + 2);
    world.assert_clean();
}
