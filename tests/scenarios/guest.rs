//! What a command finds inside: an ordinary, complete Linux machine.

use scenarios::World;
use std::time::{SystemTime, UNIX_EPOCH};

/// Says `ok NAME` or `FAIL NAME` for each property.
const PROBE: &str = r#"
check() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo "ok $name"; else echo "FAIL $name: $*"; fi; }
says() { [ "$(eval "$1")" = "$2" ]; }
check pid-1 says 'cat /proc/1/comm' init
check hostname says 'cat /etc/hostname' "$(hostname)"
check host-name-resolves getent hosts "$(hostname)"
check loopback says 'cat /sys/class/net/lo/operstate; cat /sys/class/net/lo/carrier' "unknown
1"
check loopback-address grep -q 0100007F:0000 /proc/net/fib_trie -o -e '127.0.0.1' /proc/net/fib_trie
check only-loopback says 'ls /sys/class/net' lo
check shared-memory sh -c 'echo x > /dev/shm/x && findmnt -n -o FSTYPE /dev/shm | grep -qx tmpfs'
check tmp sh -c 'echo x > /tmp/x && [ "$(stat -c %a /tmp)" = 1777 ]'
check run sh -c 'echo x > /run/x'
check terminals test -c /dev/ptmx -a -d /dev/pts
check descriptors test -e /dev/fd/1 -a -e /dev/stdout
check cgroups sh -c 'mkdir /sys/fs/cgroup/own && rmdir /sys/fs/cgroup/own'
check workspace sh -c 'echo x > /workspace/x && [ "$(findmnt -n -o FSTYPE /workspace)" = ext4 ]'
check root-is-writable sh -c 'echo x > /usr/bin/x && [ "$(cat /usr/bin/x)" = x ] && rm /bin/sha256sum && ! command -v sha256sum'
check overlay says 'findmnt -n -o FSTYPE /' overlay
check disk sh -c '[ "$(df --output=size -BM /workspace | tail -1 | tr -dc 0-9)" -gt 7500 ]'
check memory sh -c '[ "$(awk "/MemTotal/ {print int(\$2 / 1024)}" /proc/meminfo)" -gt 900 ]'
check one-cpu says nproc 1
check random-is-seeded sh -c 'timeout 2 dd if=/dev/random of=/dev/null bs=32 count=1'
check initramfs-is-gone sh -c '! ls /modules /init'
check no-swap-no-ports sh -c '! ls /sys/block | grep -v "^vd[ab]$"'
"#;

#[test]
fn a_guest_has_what_programs_expect() {
    let world = World::new();
    let run = world.script(PROBE).succeeds();
    let failed: Vec<&str> =
        run.lines().into_iter().filter(|line| !line.starts_with("ok ")).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(run.lines().len() > 15, "{}", run.text());
}

#[test]
fn the_guests_clock_is_within_two_seconds_of_the_hosts() {
    let world = World::new();
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let before = now();
    let run = world.run(&["date", "+%s.%N"]).succeeds();
    let (guest, after) = (run.text().parse::<f64>().unwrap(), now());
    assert!((before - 2.0..=after + 2.0).contains(&guest), "{before} {guest} {after}");
}

#[test]
fn two_machines_draw_different_random_numbers() {
    let world = World::new();
    let draw = || {
        world.script("cat /proc/sys/kernel/random/uuid; od -An -N16 -tx1 /dev/urandom").succeeds()
    };
    assert_ne!(draw().stdout, draw().stdout);
}

#[test]
fn orphans_are_reaped() {
    let world = World::new();
    let script = "for i in $(seq 50); do (sh -c 'exit 3' &) ; done; sleep 1; \
                  grep -l '^State:.Z' /proc/[0-9]*/status | wc -l";
    assert_eq!(world.script(script).succeeds().text(), "0");
}

#[test]
fn nothing_written_in_one_machine_is_seen_in_the_next() {
    let world = World::new();
    let _ = world.script("echo x > /usr/bin/left; echo x > /workspace/left; rm /bin/ls").succeeds();
    assert_eq!(
        world.script("cat /usr/bin/left; ls /workspace; ls -d /tmp").succeeds().text(),
        "/tmp"
    );
}

#[test]
fn a_guest_can_fill_its_disk_and_the_command_says_so() {
    let world = World::new();
    let script = "fallocate -l 20G /workspace/large; echo $?; echo still here";
    let run = world.script(script).succeeds();
    assert_eq!(run.lines(), ["1", "still here"]);
    assert!(run.stderr.contains("No space left"), "{}", run.stderr);
}

#[test]
fn cpus_and_memory_are_as_ordered() {
    let world = World::new();
    let run = world
        .run_with(
            &["--vcpu-count", "2", "--mem-mib", "256"],
            &["sh", "-c", "nproc; head -n 1 /proc/meminfo"],
        )
        .succeeds();
    let lines = run.lines();
    let memory: u64 = lines[1].split_whitespace().nth(1).unwrap().parse().unwrap();
    assert_eq!(lines[0], "2");
    assert!((150 << 10..256 << 10).contains(&memory), "{memory} KiB");
}
