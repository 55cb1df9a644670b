//! Files and directories of a workspace, on the host: whole, or not at all, whatever the guest does meanwhile.

use super::seed;
use scenarios::{Outcome, Signal, Workspace, World, peak_kib};
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

fn export(workspace: &Workspace<'_>, path: &str, output: &Path, options: &[&str]) -> Outcome {
    let words = [&[path, "--output", output.to_str().unwrap()], options].concat();
    workspace.call(&["export"], &words).outcome()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn files_and_directories_arrive_under_new_names_with_plain_modes() {
    let world = World::new();
    let original = seed::directory(&world);
    let workspace = world.workspace(&["--seed-path", original.to_str().unwrap()]);
    let made = "chmod 6777 run.sh; mkfifo pipe; ln README.md hard; ln -s /etc/passwd src/absolute; \
                ln -s ../../.. src/upwards; mkdir -p .git/hooks sub/.git; echo evil > .git/hooks/post-checkout";
    let _ = workspace.script(made).succeeds();
    let place = world.home().join("place");
    fs::create_dir(&place).unwrap();
    let out = place.join("out");

    let told = export(&workspace, "/workspace", &out, &[]).succeeds();
    let told = told.complains("src/absolute -> /etc/passwd").complains(".git was left out");
    assert!(told.stderr.contains("src/upwards -> ../../.."), "{}", told.stderr);
    let expected = ["README.md", "hard", "link", "logo.bin", "run.sh", "src", "sub"];
    assert_eq!(names(&out), expected);
    assert_eq!(names(&out.join("src")), ["deep", "main.rs"]);
    let mode = |path: &str| fs::metadata(out.join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("run.sh"), mode("README.md"), mode("src")), (0o755, 0o644, 0o755));
    assert_eq!(
        fs::read(out.join("logo.bin")).unwrap(),
        fs::read(original.join("logo.bin")).unwrap()
    );
    assert_eq!(fs::read_link(out.join("link")).unwrap(), Path::new("src/main.rs"));

    let again = export(&workspace, ".", &out, &["--json"]).exits(2);
    assert_eq!(again.json()["code"], "output_exists");
    let file = place.join("file");
    let told = export(&workspace, "run.sh", &file, &["--json"]).succeeds().json();
    assert_eq!(
        (&told["artifact_type"], &told["entry_count"]),
        (&"file".into(), &1.into()),
        "{told}"
    );
    assert_eq!(told["output_path"], file.to_str().unwrap());
    symlink(&file, place.join("link")).unwrap();
    let _ = export(&workspace, "README.md", &place.join("link"), &["--force"]).succeeds();
    assert_eq!(fs::read(&file).unwrap(), fs::read(original.join("run.sh")).unwrap());
    let _ = export(&workspace, "src", &out, &["--force"]).succeeds();
    assert_eq!(names(&out), ["deep", "main.rs"]);
    for (path, code) in [
        ("link", "bad_path"),
        ("pipe", "bad_path"),
        (".git/hooks", "bad_path"),
        ("none", "guest_not_found"),
    ] {
        let error = export(&workspace, path, &place.join("x"), &["--json"]);
        assert_eq!(error.json()["code"], code, "{path}");
    }
    assert_eq!(names(&place), ["file", "link", "out"]);
    workspace.delete();
    world.assert_clean();
}

/// The bytes of what is exported never pass through the guest, which can do no more than name them on its disk.
/// What is not there, or cannot be found there without the guest's kernel, comes from the guest.
#[test]
fn what_lies_on_the_disk_comes_from_there_and_the_rest_from_the_guest() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let make = "mkdir real mnt; echo mine > real/file; ln real/file hard; ln -s real link; \
                printf odd > $(printf 'odd\\377'); echo outside > /root/file";
    let _ = workspace.script(make).succeeds();
    // the image has no mount(8): these are mount(2) and umount2(2) on x86-64
    let mount =
        "perl -e 'my ($m, $t) = (q(mnt), q(tmpfs)); syscall(165, $t, $m, $t, 0, 0) and die $!'";
    let unmount = "perl -e 'my $m = q(mnt); syscall(166, $m, 0) and die $!'";
    let _ = workspace.script(&format!("{mount} && echo mounted > mnt/file")).succeeds();
    let place = world.home().join("place");
    fs::create_dir(&place).unwrap();
    let read = |path: &str| fs::read_to_string(place.join(path)).unwrap();

    assert!(!is_copied_from_the_disk(&world, &workspace, ".", &place.join("mounted")));
    assert_eq!(read("mounted/mnt/file"), "mounted\n");
    // a guest would send every byte of a hole
    let holes = "truncate -s 1G holes; echo end >> holes";
    let _ = workspace.script(&format!("{unmount}; {holes}")).succeeds();
    assert!(is_copied_from_the_disk(&world, &workspace, ".", &place.join("whole")));
    assert_eq!((&*read("whole/real/file"), &*read("whole/hard")), ("mine\n", "mine\n"));
    assert_eq!(names(&place.join("whole/mnt")), [""; 0]);
    let odd = OsStr::from_bytes(b"whole/odd\xff");
    assert_eq!(fs::read(place.join(odd)).unwrap(), b"odd");
    let mut holes = fs::File::open(place.join("whole/holes")).unwrap();
    let facts = holes.metadata().unwrap();
    assert!(facts.len() == (1 << 30) + 4 && facts.blocks() * 512 < 1 << 20, "{facts:?}");
    holes.seek(SeekFrom::Start((1 << 30) - 2)).unwrap();
    let mut end = Vec::new();
    holes.read_to_end(&mut end).unwrap();
    assert_eq!(end, b"\0\0end\n");

    for (path, from_the_disk, content) in [
        ("real/file", true, "mine\n"),
        ("link/file", false, "mine\n"),
        ("/root/file", false, "outside\n"),
    ] {
        let to = place.join("file");
        assert_eq!(is_copied_from_the_disk(&world, &workspace, path, &to), from_the_disk, "{path}");
        assert_eq!(fs::read_to_string(&to).unwrap(), content);
        fs::remove_file(to).unwrap();
    }
    // what was written just now is there, and the machine goes on
    let _ = workspace.script("echo late > late; echo works").succeeds();
    let _ = export(&workspace, "late", &place.join("late"), &[]).succeeds();
    assert_eq!(read("late"), "late\n");
    workspace.delete();
    world.assert_clean();
}

/// Exports, and says whether the host copied content from one file to another.
fn is_copied_from_the_disk(
    world: &World,
    workspace: &Workspace<'_>,
    path: &str,
    output: &Path,
) -> bool {
    let trace = world.home().join("trace");
    let strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=copy_file_range", "-o"];
    let words = ["{pyro}", "workspace", "export", &workspace.id, path, "--output"];
    let files = [trace.to_str().unwrap(), output.to_str().unwrap()];
    let words = [&strace[..], &files[..1], &words, &files[1..]].concat();
    let _ = world.program(&words).succeeds();
    fs::read_to_string(trace).unwrap().contains("copy_file_range(")
}

/// Names of so many bytes, of which nobody may keep one per file.
const LONG_NAME: usize = 200;
/// What two runs of the same program differ by, in KiB.
const NOISE: u64 = 768;

#[test]
fn an_export_needs_no_memory_for_each_file() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let make =
        "seq -f %0{}g $1 | (mkdir $1; cd $1; xargs touch)".replace("{}", &LONG_NAME.to_string());
    let place = world.home().join("place");
    fs::create_dir(&place).unwrap();
    let peak = |files: &str| {
        let _ = workspace.exec(&["sh", "-c", &make, "sh", files]).succeeds();
        let output = format!("place/{files}");
        let mut running = workspace.call(&["export"], &[files, "--output", &output]).start();
        let mut peak = 0;
        while !running.has_ended() {
            peak = peak.max(peak_kib(running.pid()).unwrap_or(0));
        }
        let _ = running.end().exits(0);
        assert_eq!(names(&place.join(files)).len(), files.parse::<usize>().unwrap());
        peak
    };
    let (few, many) = (peak("100"), peak("10000"));
    println!("peak memory: {few} KiB for 100 files, {many} for 10,000");
    assert!(few > 0 && many < few + NOISE, "{few} KiB for 100 files, {many} for 10,000");
    workspace.delete();
    world.assert_clean();
}

#[test]
fn a_full_disk_and_a_killed_export_leave_nothing_under_the_name() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let make = "mkdir big; for i in 1 2 3 4; do head -c 16M /dev/urandom > big/$i; done";
    let _ = workspace.script(make).succeeds();
    let place = world.home().join("place");
    fs::create_dir(&place).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=4m tmpfs place && {{pyro}} workspace export {} big --output place/out --json; \
         code=$?; ls -A place; exit $code",
        workspace.id
    );
    let script = script.replace("{pyro}", "\"$0\"");
    let words = ["unshare", "--mount", "--map-root-user", "sh", "-c", &script, "{pyro}"];
    let full = world.program(&words).outcome().exits(1);
    assert_eq!(full.json()["code"], "no_space", "{}", full.text());

    // the aside directory is there before the first byte is, and that of an export which was killed goes first
    let began = |running: &mut scenarios::Running, left: &[String]| {
        let until = Instant::now() + Duration::from_secs(30);
        while names(&place).iter().all(|name| left.contains(name)) && !running.has_ended() {
            assert!(Instant::now() < until, "no export has begun");
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let words = ["big", "--output", "place/out"];
    let mut running = workspace.call(&["export"], &words).start();
    began(&mut running, &[]);
    running.signal(Signal::KILL);
    let _ = running.end().exits(128 + 9);
    assert!(!place.join("out").exists(), "{:?}", names(&place));
    let left = names(&place);
    let mut running = workspace.call(&["export"], &words).start();
    began(&mut running, &left);
    running.signal(Signal::INT);
    let _ = running.end().exits(130);
    assert_eq!(names(&place), [""; 0]);
    let _ = export(&workspace, "big", &place.join("out"), &[]).succeeds();
    assert_eq!(names(&place), ["out"]);
    assert_eq!(names(&place.join("out")), ["1", "2", "3", "4"]);
    workspace.delete();
    world.assert_clean();
}

/// How long guest and host race.
const RACE: Duration = Duration::from_secs(4);

/// Directories become links to the outside and back all the time, while the host exports them and patches what
/// is in them.
#[test]
fn no_guest_that_renames_meanwhile_leads_the_host_outside() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let swap = "mkdir -p tree/d /outside; echo inside > tree/d/passwd; echo outside > /outside/passwd; \
                (while :; do mv tree/d kept; ln -s /outside tree/d; rm tree/d; mv kept tree/d; done) \
                >/dev/null 2>&1 </dev/null & sleep 0.2";
    let race = workspace.exec_with(
        &["--timeout-seconds", "300", "--detach"],
        &["sh", "-c", &format!("{swap}; wait")],
    );
    let _ = race.succeeds();
    let place = world.home().join("place");
    fs::create_dir(&place).unwrap();
    let began = Instant::now();
    let (mut whole, mut rounds) = (0, 0);
    let patch = |from: &str, to: &str| {
        format!("--- a/tree/d/passwd\n+++ b/tree/d/passwd\n@@ -1 +1 @@\n-{from}\n+{to}\n")
    };
    // some seconds of race, and on a slow host until an export has won it
    while began.elapsed() < RACE || (whole == 0 && began.elapsed() < 20 * RACE) {
        rounds += 1;
        let out = place.join(format!("{rounds}"));
        if export(&workspace, "tree", &out, &[]).code() == 0 {
            let read = fs::read_to_string(out.join("d/passwd"));
            assert!(!matches!(read.as_deref(), Ok("outside\n")), "{read:?}");
            assert!(!out.join("d").is_symlink());
            whole += usize::from(read.is_ok());
        } else {
            assert!(!out.exists());
        }
        for (from, to) in [("inside", "patched"), ("patched", "inside"), ("outside", "broken")] {
            let _ = workspace.call(&["patch", "apply"], &["--patch", &patch(from, to)]).outcome();
        }
    }
    assert!(whole > 0, "{rounds} rounds, and no export was whole");
    assert_eq!(workspace.exec(&["cat", "/outside/passwd"]).succeeds().text(), "outside");
    assert!(names(&place).iter().all(|name| name.parse::<u32>().is_ok()), "{:?}", names(&place));
    workspace.delete();
    world.assert_clean();
}
