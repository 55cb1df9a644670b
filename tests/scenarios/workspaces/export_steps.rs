//! SIGKILL, and errors of the host's file system, at the steps of an export that is read from the disk: in the
//! front end or in the process that reads, whoever is struck. Afterwards it is there whole or not at all, what
//! was there before is as it was, and the machine has gone on.

use scenarios::{Outcome, Workspace, World, expected_backend};
use std::fs;
use std::path::Path;

const KILL: &str = "signal=KILL";

/// A system call, what is done to it, and at which of each thread's calls: at every one, until none is struck.
type Step = (&'static str, &'static str, &'static [usize]);

const STEPS: [Step; 7] = [
    // the reader's: it opens the disk, comes by names, answers
    ("pread64", KILL, &[1, 9, 16]),
    ("copy_file_range", KILL, &[]),
    ("mkdirat", KILL, &[]),
    ("renameat2", KILL, &[]),
    ("fsync", KILL, &[]),
    ("copy_file_range", "error=EIO", &[]),
    ("fsync", "error=ENOSPC", &[]),
];

#[test]
fn a_kill_or_an_error_at_every_step_leaves_all_of_an_export_or_nothing() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let _ = workspace.script("mkdir -p tree/d; echo 1 > tree/one; echo 2 > tree/d/two").succeeds();
    let place = world.home().join("place");
    fs::create_dir(&place).unwrap();
    // the lab's processor is ten times slower
    let thorough = expected_backend().is_none_or(|backend| backend == "qemu-tcg");
    for (call, fault, at) in if thorough { &STEPS[..] } else { &STEPS[..1] } {
        let (mut strikes, mut readers) = (0, 0);
        for nth in 1..40 {
            if !at.is_empty() && !at.contains(&nth) {
                continue;
            }
            let inject = format!("{fault}:when={nth}");
            let outcome = export(&world, &workspace, call, &inject);
            let is_whole = check(&place);
            match (outcome.code(), *fault) {
                (0, _) => assert!(is_whole, "{call} {inject}"),
                // of a kill 1, where it struck the process that reads
                (137 | 1, KILL) => {}
                (1, _) => {
                    assert!(outcome.stderr.contains("error: ") && !is_whole, "{call} {inject}");
                }
                (code, _) => panic!("{call} {inject}: {code}, {}", outcome.stderr),
            }
            let _ = fs::remove_dir_all(place.join("out"));
            if outcome.code() == 0 {
                break;
            }
            strikes += 1;
            readers += usize::from(outcome.code() == 1);
        }
        assert!(strikes > 0 && (*call != "pread64" || readers > 0), "{call} {fault}: {strikes}");
    }
    assert_eq!(workspace.exec(&["cat", "tree/d/two"]).succeeds().text(), "2");
    let _ = workspace.call(&["export"], &["tree", "--output", "place/out"]).succeeds();
    assert!(check(&place));
    let left: Vec<_> = fs::read_dir(&place).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["out"], "the next export removes what is left of others");
    workspace.delete();
    world.assert_clean();
}

/// A file system without the flags of renameat2(2), as NFS is one.
#[test]
fn an_export_gets_its_name_where_renames_know_no_flags() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let _ = workspace.script("mkdir -p tree/d; echo 1 > tree/one; echo 2 > tree/d/two").succeeds();
    let place = world.home().join("place");
    fs::create_dir_all(place.join("mine")).unwrap();
    let on_nfs = |path: &str, output: &str, force: &[&str]| {
        let inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e"];
        let flags = ["trace=renameat2", "-e", "inject=renameat2:error=EINVAL", "{pyro}"];
        let words = ["workspace", "export", &workspace.id, path, "--output", output, "--json"];
        world.program(&[&inject[..], &flags, &words, force].concat()).outcome()
    };
    let _ = on_nfs("tree", "place/out", &[]).succeeds();
    assert!(check(&place));
    let _ = on_nfs("tree/one", "place/file", &[]).succeeds();
    for output in ["place/out", "place/file", "place/mine"] {
        for path in ["tree", "tree/one"] {
            let refused = on_nfs(path, output, &[]).exits(2).json();
            assert_eq!(refused["code"], "output_exists", "{path} {output}");
        }
    }
    let _ = on_nfs("tree/d/two", "place/file", &["--force"]).succeeds();
    assert_eq!(fs::read_to_string(place.join("file")).unwrap(), "2\n");
    for (path, output) in [("tree", "place/out"), ("tree/one", "place/out"), ("tree", "place/file")]
    {
        let refused = on_nfs(path, output, &["--force"]).exits(1).json();
        assert_eq!(refused["code"], "cannot_replace", "{path} {output}");
        assert_eq!(refused["hints"][0], "remove it, and export again");
    }
    assert!(check(&place));
    assert_eq!(fs::read_dir(&place).unwrap().count(), 3);
    workspace.delete();
    world.assert_clean();
}

fn export(world: &World, workspace: &Workspace<'_>, call: &str, inject: &str) -> Outcome {
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:{inject}"));
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e"];
    let words = ["{pyro}", "workspace", "export", &workspace.id, "tree", "--output", "place/out"];
    world.program(&[&strace[..], &[&inject], &words].concat()).outcome()
}

/// Whether the export is there, which then is whole.
fn check(place: &Path) -> bool {
    let out = place.join("out");
    let is_there = out.exists();
    if is_there {
        assert_eq!(fs::read_to_string(out.join("one")).unwrap(), "1\n");
        assert_eq!(fs::read_to_string(out.join("d/two")).unwrap(), "2\n");
    }
    is_there
}
