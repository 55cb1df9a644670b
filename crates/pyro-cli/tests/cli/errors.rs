//! Failures: where they are shown, in which words, and with which exit code.

use crate::world::World;
use insta::assert_snapshot;

#[test]
fn a_wrong_command_line() {
    assert_snapshot!(World::new().pyro(&["env", "pull"]), @r"
exit status: 2
--- stderr
error: the following required arguments were not provided:
  <ENV>

Usage: pyro env pull <ENV>

For more information, try '--help'.
");
    let ran = World::new().pyro(&["run", "debian:12", "--vcpus", "2", "--", "true"]);
    assert_eq!(ran.code(), 125, "{ran}");
    assert!(ran.stdout.is_empty(), "{ran}");
}

#[test]
fn a_wrong_command_line_that_asks_for_json() {
    assert_snapshot!(World::new().pyro(&["run", "--json", "debian:12"]), @r#"
exit status: 125
--- stdout
{
  "kind": "usage",
  "code": "usage",
  "message": "the following required arguments were not provided: <CMD>...",
  "hints": [
    "`pyro --help` and `pyro COMMAND --help` list what there is"
  ]
}
"#);
    // After `--` the word is the guest's.
    let ran = World::new().pyro(&["run", "--", "ls", "--json"]);
    assert!(ran.stdout.is_empty() && ran.stderr().starts_with("error: "), "{ran}");
}

#[test]
fn an_address_where_a_name_is_allowed() {
    let words = ["run", "debian:12", "--allow-host", "10.0.0.1", "--", "true"];
    assert_snapshot!(World::new().pyro(&words), @r#"
exit status: 125
--- stderr
error: "10.0.0.1" is not a name that could be allowed
hint: write a name, *.NAME for all below it, or * for all; :PORT behind it allows another port than 80 and 443; addresses are allowed with --allow-net
"#);
}

#[test]
fn an_impossible_machine() {
    let words = ["run", "debian:12", "--mem-mib", "1", "--json", "--", "true"];
    assert_snapshot!(World::new().pyro(&words), @r#"
exit status: 125
--- stdout
{
  "kind": "usage",
  "code": "out_of_range",
  "message": "mem_mib is 1, which is not between 128 and 1048576",
  "hints": [
    "choose mem_mib between 128 and 1048576"
  ]
}
"#);
}

#[test]
fn an_unknown_environment() {
    assert_snapshot!(World::new().pyro(&["env", "inspect", "Debian"]), @r#"
exit status: 1
--- stderr
error: there is no environment called "Debian", and it is no image either: a name consists of lower-case letters, digits, and . _ - between them
hint: use one of debian:12, debian:12-base, debian:12-build
hint: or any container image: alpine:3.20, ghcr.io/owner/name@sha256:…
"#);
    let ran = World::new().pyro(&["env", "pull", "Debian", "--json"]);
    assert_eq!((ran.code(), ran.json()["code"].as_str()), (1, Some("unknown_environment")));
}

#[test]
fn a_setting_that_cannot_be_used() {
    let world = World::new();
    let child = world.command(&["doctor"]).env("PYRO_BACKEND", "xen").spawn().unwrap();
    assert_snapshot!(world.finish(child), @r#"
exit status: 2
--- stderr
error: PYRO_BACKEND="xen" is not one of auto, firecracker, qemu, qemu-kvm, qemu-tcg, process
hint: unset PYRO_BACKEND, or use one of auto, firecracker, qemu, qemu-kvm, qemu-tcg, process
"#);
}

#[test]
fn the_host_only_where_it_is_allowed() {
    let ran = World::new().pyro(&["run", "debian:12", "--json", "--", "true"]);
    assert_eq!((ran.code(), ran.json()["code"].as_str()), (125, Some("host_compat_denied")));
}

#[test]
fn the_host_is_too_weak_where_an_isolation_is_required() {
    let world = World::new();
    let words = ["run", "debian:12", "--allow-host-compat", "--json", "--", "true"];
    let mut command = world.command(&words);
    let child = command.env("PYRO_REQUIRE_ISOLATION", "emulated-vm").spawn().unwrap();
    let ran = world.finish(child);
    assert_eq!((ran.code(), ran.json()["code"].as_str()), (125, Some("isolation_too_weak")));
}

#[test]
fn a_root_for_models_that_would_open_too_much() {
    assert_snapshot!(World::new().pyro(&["mcp", "serve", "--seed-root", "/"]), @r#"
exit status: 2
--- stderr
error: "/" cannot be a root for --seed-root: it is the root of the file system
hint: give --seed-root a directory of one project or of its data
"#);
}

#[test]
fn nothing_is_coloured_where_there_is_no_terminal() {
    let world = World::new();
    let child = world.command(&["env", "inspect", "x"]).env("TERM", "xterm").spawn().unwrap();
    let ran = world.finish(child);
    assert!(!ran.stderr.contains(&0x1b), "{ran}");
}
