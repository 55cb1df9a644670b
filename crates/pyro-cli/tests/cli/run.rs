//! `pyro run`: streams, exit codes, and what is left afterwards.

use crate::world::{World, until};
use insta::assert_snapshot;
use serde_json::json;
use std::io::Read;

/// `pyro run` of a shell script, on the host.
fn words<'a>(options: &[&'a str], script: &'a str) -> Vec<&'a str> {
    [&["run", "debian:12", "--allow-host-compat"], options, &["--", "sh", "-c", script]].concat()
}

#[test]
fn the_exit_code_is_the_commands_own() {
    let world = World::new();
    for (script, code) in [("true", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("nonesuch", 127)] {
        let ran = world.pyro(&words(&[], script));
        assert_eq!(ran.code(), code, "{script}: {ran}");
    }
    assert_eq!(world.machines(), [""; 0]);
}

#[test]
fn a_timeout_exits_with_124_says_so_and_leaves_nothing() {
    let world = World::new();
    let ran = world.pyro(&words(&["--timeout-seconds", "1"], "echo before; sleep 60"));
    assert_eq!((ran.code(), ran.stdout().as_str()), (124, "before\n"), "{ran}");
    assert!(ran.stderr().contains("killed after 1 s; --timeout-seconds"), "{ran}");
    assert_eq!(world.machines(), [""; 0]);
}

#[test]
fn words_reach_the_command_as_they_are() {
    let world = World::new();
    let run = ["run", "debian:12", "--allow-host-compat", "--", "printf", "[%s]"];
    let ran = world.pyro(&[&run[..], &["a b", "", "$HOME", "it's", "--json"]].concat());
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "[a b][][$HOME][it's][--json]", "{ran}");
}

#[test]
fn bytes_of_both_streams_pass_unharmed_and_apart() {
    let ran = World::new().pyro(&words(&[], r"printf '\000\377a\r\n'; printf '\200err' >&2"));
    assert_eq!(ran.stdout, b"\x00\xffa\r\n", "{ran}");
    assert!(ran.stderr.ends_with(b"\x80err"), "{ran}");
}

#[test]
fn a_pipe_on_stdin_reaches_the_command_whole() {
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    let ran = World::new().pyro_with(&words(&[], "cat"), &bytes);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert!(ran.stdout == bytes, "{} of {} bytes", ran.stdout.len(), bytes.len());
}

#[test]
fn a_command_that_does_not_read_its_stdin_still_ends() {
    let ran = World::new().pyro_with(&words(&[], "echo done"), &vec![b'x'; 1 << 20]);
    assert_eq!((ran.code(), ran.stdout().as_str()), (0, "done\n"), "{ran}");
}

#[test]
fn a_stdin_that_stays_open_holds_nothing_up() {
    let world = World::new();
    let mut command = world.command(&words(&[], "echo done"));
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let open = child.stdin.take();
    let ran = world.finish(child);
    assert_eq!((ran.code(), ran.stdout().as_str()), (0, "done\n"), "{ran}");
    drop(open);
}

#[test]
fn much_output_needs_little_memory() {
    const BYTES: u64 = 256 << 20;
    let world = World::new();
    let mut command = world.command(&words(&[], "head -c 268435456 /dev/zero; sleep 1"));
    let mut child = command.spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let copied = std::io::copy(&mut stdout.take(BYTES), &mut std::io::sink()).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert_eq!((copied, world.finish(child).code()), (BYTES, 0));
    assert!(peak_kib < 48 << 10, "{peak_kib} KiB");
}

#[test]
fn nobody_reads_the_output() {
    let world = World::new();
    let mut child = world.command(&words(&[], "yes")).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 2]).unwrap();
    drop(stdout);
    let ran = world.finish(child);
    assert_eq!(ran.code(), 141, "{ran}");
    assert!(!ran.stderr().contains("error"), "{ran}");
    until("the machine's end", || world.machines().is_empty());
}

#[test]
fn json_is_one_document_with_the_names_of_the_contract() {
    let world = World::new();
    let ran = world.pyro(&words(&["--json"], r"echo out; printf 'e\377' >&2; exit 3"));
    let mut result = ran.json();
    assert_eq!(ran.code(), 3, "{ran}");
    for varying in ["duration_ms", "vm_id", "warnings"] {
        assert!(result.as_object_mut().unwrap().remove(varying).is_some(), "{varying}");
    }
    result["cleanup"]["vm_id"] = json!("ID");
    assert_snapshot!(serde_json::to_string_pretty(&result).unwrap(), @r#"
{
  "cleanup": {
    "deleted": true,
    "reason": "one-shot machine",
    "vm_id": "ID"
  },
  "command": "sh -c 'echo out; printf '\\''e\\377'\\'' >&2; exit 3'",
  "environment": "host",
  "environment_version": "",
  "execution_mode": "host_compat",
  "exit_code": 3,
  "isolation": "none",
  "jail": "none",
  "stderr": "e�",
  "stderr_bytes": 2,
  "stderr_lossy": true,
  "stderr_truncated": false,
  "stdout": "out\n",
  "stdout_bytes": 4,
  "stdout_lossy": false,
  "stdout_truncated": false,
  "timed_out": false
}
"#);
}

#[test]
fn json_caps_the_output_and_says_so() {
    let ran = World::new().pyro(&words(&["--json"], "head -c 3000000 /dev/zero | tr '\\0' x"));
    let result = ran.json();
    assert_eq!(
        (&result["stdout_truncated"], &result["stdout_bytes"]),
        (&json!(true), &json!(3_000_000))
    );
    let text = result["stdout"].as_str().unwrap();
    assert!(text.len() < (1 << 20) + 100 && text.contains("bytes left out"), "{}", text.len());
}
