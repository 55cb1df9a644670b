//! SIGKILL, and errors of the host's disk, at every step at which snapshots, resets and exports change
//! something there: afterwards each is there whole or not at all, and the workspace is what it was.

use scenarios::{Outcome, Workspace, World, expected_backend};
use std::fs;
use std::path::PathBuf;

/// What is done at a step.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Kill,
    Error(&'static str),
}

/// A system call, what happens at it, and whose it must be.
type Step = (&'static str, Fault, Whose);

/// Whose calls count, each on its own: strace(1) counts by thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Those of every thread and process that there is.
    Everyones,
    /// Those of the thread that writes records.
    FirstThreads,
}

/// What makes things visible comes first.
const STEPS: [Step; 11] = [
    ("rename", Fault::Kill, Whose::Everyones),
    ("rename", Fault::Kill, Whose::FirstThreads),
    ("linkat", Fault::Kill, Whose::Everyones),
    ("fsync", Fault::Kill, Whose::Everyones),
    ("fsync", Fault::Kill, Whose::FirstThreads),
    ("unlinkat", Fault::Kill, Whose::Everyones),
    ("linkat", Fault::Error("EIO"), Whose::Everyones),
    ("fsync", Fault::Error("EIO"), Whose::Everyones),
    ("fsync", Fault::Error("ENOSPC"), Whose::FirstThreads),
    ("copy_file_range", Fault::Error("EIO"), Whose::Everyones),
    ("copy_file_range", Fault::Error("ENOSPC"), Whose::Everyones),
];

#[test]
fn a_kill_or_an_error_at_every_step_leaves_everything_or_nothing() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let _ = workspace.call(&["file", "write"], &["kept", "--text", "kept"]).succeeds();
    let _ = workspace.call(&["stop"], &[]).succeeds();
    // the lab's processor is ten times slower: there the steps that make things visible must do
    let thorough = expected_backend().is_none_or(|backend| backend == "qemu-tcg");
    let steps = if thorough { &STEPS[..] } else { &STEPS[..2] };
    let mut faults = 0;
    for step in steps {
        faults += snapshot(&world, &workspace, *step);
        faults += export(&world, &workspace, *step);
    }
    assert!(faults >= steps.len(), "{faults} faults");
    if thorough {
        reset(&world, &workspace);
    }
    let _ = workspace.call(&["start"], &[]).succeeds();
    assert_eq!(workspace.exec(&["cat", "kept"]).succeeds().text(), "kept");
    workspace.delete();
    world.assert_clean();
}

/// Takes and deletes a snapshot, with the fault at each such call; how often it struck.
fn snapshot(world: &World, workspace: &Workspace<'_>, step: Step) -> usize {
    let mut struck = 0;
    for verb in ["create", "delete"] {
        for nth in 1..40 {
            if verb == "delete" {
                let _ = workspace.call(&["snapshot", "create"], &["s"]).outcome();
            }
            let words = ["workspace", "snapshot", verb, &workspace.id, "s"];
            let hit = strikes(&with_fault(world, &words, step, nth), step.1);
            let there = names(workspace).contains(&"s".to_owned());
            if !hit {
                assert_eq!(there, verb == "create", "{verb}, {step:?} {nth}");
            }
            if there {
                let _ = workspace.call(&["snapshot", "delete"], &["s"]).succeeds();
            }
            assert_eq!(left_of_snapshots(workspace), [""; 0], "{verb}, {step:?} {nth}");
            if !hit {
                break;
            }
            struck += 1;
        }
    }
    struck
}

/// Resets to a snapshot, with a kill at each change of a name.
fn reset(world: &World, workspace: &Workspace<'_>) {
    let _ = workspace.call(&["snapshot", "create"], &["s"]).succeeds();
    let _ = workspace.call(&["start"], &[]).succeeds();
    let _ = workspace.call(&["file", "write"], &["later", "--text", "later"]).succeeds();
    let _ = workspace.call(&["snapshot", "create"], &["t"]).succeeds();
    let _ = workspace.call(&["stop"], &[]).succeeds();
    let (mut were_reset, mut were_not) = (0, 0);
    for nth in 1..20 {
        let inject = format!("inject=rename:signal=KILL:when={nth}");
        // the machine, which outlives the call, is not traced: only this process's own thread is
        let strace = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=rename", "-e", &inject];
        let words = ["{pyro}", "workspace", "reset", &workspace.id, "--snapshot", "s"];
        let code = world.program(&[&strace[..], &words].concat()).outcome().code();
        assert!([0, 137].contains(&code), "{nth}: {code}");
        let _ = workspace.call(&["stop"], &[]).succeeds();
        let listed = workspace.call(&["disk", "list"], &[]).succeeds();
        assert!(listed.text().contains("/workspace/kept"), "{nth}: {}", listed.text());
        let is_reset = !listed.text().contains("/workspace/later");
        *if is_reset { &mut were_reset } else { &mut were_not } += 1;
        assert!(!workspace.directory().join("disk.new").exists(), "{nth}");
        if code == 0 {
            assert!(is_reset && were_reset > 1 && were_not > 0, "{were_reset}, {were_not}");
            return;
        }
    }
    panic!("names change without end");
}

fn export(world: &World, workspace: &Workspace<'_>, step: Step) -> usize {
    let directory = world.home().join("exports");
    let image = directory.join("image");
    for nth in 1..40 {
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir(&directory).unwrap();
        let output = image.to_str().unwrap();
        let words = ["workspace", "disk", "export", &workspace.id, "--output", output];
        let hit = strikes(&with_fault(world, &words, step, nth), step.1);
        let left: Vec<PathBuf> = entries(&directory);
        assert!(left.is_empty() || left == [image.clone()], "{step:?} {nth}: {left:?}");
        if !left.is_empty() {
            assert!(
                !hit || matches!(step.1, Fault::Kill),
                "{step:?} {nth}: an error left {left:?}"
            );
            assert_eq!(fs::metadata(&image).unwrap().len(), 8 << 30);
        }
        if !hit {
            assert!(image.exists());
            return nth - 1;
        }
    }
    panic!("{step:?} is made without end");
}

/// Runs pyro with the fault at the `nth` such call.
fn with_fault(world: &World, words: &[&str], (call, fault, whose): Step, nth: usize) -> Outcome {
    let what = match fault {
        Fault::Kill => "signal=KILL".to_owned(),
        Fault::Error(name) => format!("error={name}"),
    };
    let trace = format!("trace=?{call}");
    let inject = format!("inject=?{call}:{what}:when={nth}");
    let follow = if whose == Whose::Everyones { &["-f"][..] } else { &[] };
    let strace = ["-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject, "{pyro}"];
    world.program(&[&["strace"], follow, &strace, words].concat()).outcome()
}

/// Whether it ended by the fault; what ends by an error must name it.
fn strikes(outcome: &Outcome, fault: Fault) -> bool {
    match (outcome.code(), fault) {
        (0, _) => false,
        (137, Fault::Kill) => true,
        // of a kill, where it struck a process of the jail
        (1, _) => {
            assert!(outcome.stderr.contains("error: "), "{}", outcome.stderr);
            true
        }
        (code, fault) => panic!("exit code {code} after {fault:?}: {}", outcome.stderr),
    }
}

fn names(workspace: &Workspace<'_>) -> Vec<String> {
    let listed = workspace.json(&["snapshot", "list"], &[]);
    let snapshots = listed["snapshots"].as_array().unwrap();
    snapshots.iter().map(|one| one["snapshot_name"].as_str().unwrap().to_owned()).collect()
}

/// What is in the directory of snapshots beside its lock.
fn left_of_snapshots(workspace: &Workspace<'_>) -> Vec<String> {
    let entries = entries(&workspace.directory().join("snapshots"));
    let names = entries.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| name != ".lock").collect()
}

fn entries(directory: &std::path::Path) -> Vec<PathBuf> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
