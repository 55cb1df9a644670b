//! Directories: what arrives is what was there, and what cannot arrive is refused by name.

use crate::arrival::{comparable, receive, refusal, seed};
use crate::file_tree::assert_same;
use proptest::prelude::*;
use pyro::hostfs::HostRoots;
use pyro::seed::{SeedLimits, Source};
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

/// One step of making a tree: a path, and what to put there.
#[derive(Debug, Clone)]
enum Made {
    Directory(u32),
    File(u32, Vec<u8>),
    Link(Vec<u8>),
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop::collection::vec(
        any::<u8>().prop_filter("a name", |byte| !matches!(byte, 0 | b'/')),
        1..12,
    );
    let long = (100..=255usize).prop_map(|length| vec![b'x'; length]);
    let plain = "[ab]{1,2}".prop_map(String::into_bytes);
    prop_oneof![3 => odd, 1 => long, 4 => plain]
        .prop_filter("a name", |name| name != b"." && name != b"..")
}

fn tree() -> impl Strategy<Value = Vec<(Vec<Vec<u8>>, Made)>> {
    let permissions = 0o400..=0o777u32;
    let content = prop::collection::vec(any::<u8>(), 0..2000);
    let target = prop::collection::vec(1..=255u8, 1..300);
    let made = prop_oneof![
        permissions.clone().prop_map(|mode| Made::Directory(mode | 0o700)),
        (permissions, content).prop_map(|(mode, bytes)| Made::File(mode, bytes)),
        target.prop_map(Made::Link),
    ];
    prop::collection::vec((prop::collection::vec(name(), 1..5), made), 0..20)
}

fn make(top: &Path, steps: &[(Vec<Vec<u8>>, Made)]) {
    for (number, (path, made)) in steps.iter().enumerate() {
        let path: std::path::PathBuf = path.iter().map(|name| OsStr::from_bytes(name)).collect();
        let path = top.join(path);
        // what is in the way of an earlier step stays
        if fs::create_dir_all(path.parent().unwrap()).is_err() || path.symlink_metadata().is_ok() {
            continue;
        }
        match made {
            Made::Directory(mode) => {
                fs::create_dir(&path).unwrap();
                fs::set_permissions(&path, Permissions::from_mode(*mode)).unwrap();
            }
            Made::File(mode, content) => {
                fs::write(&path, content).unwrap();
                fs::set_permissions(&path, Permissions::from_mode(*mode)).unwrap();
                let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(number as u64);
                File::options().read(true).open(&path).unwrap().set_modified(time).unwrap();
            }
            Made::Link(target) => {
                // a directory that is a link's target is not followed by later steps: see above
                symlink(OsStr::from_bytes(target), &path).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_arrives_as_it_was(steps in tree()) {
        let source = tempfile::tempdir().unwrap();
        make(source.path(), &steps);
        let arrived = seed(source.path()).unwrap();
        let expected = comparable(source.path());
        prop_assert_eq!(arrived.seeded.entry_count, expected.len() as u64);
        prop_assert!(arrived.seeded.changed_during_read.is_empty());
        assert_same(&arrived.tree(), &expected);
    }
}

#[test]
fn long_names_and_long_targets_arrive() {
    let source = tempfile::tempdir().unwrap();
    let deep: std::path::PathBuf = std::iter::repeat_n("d".repeat(200), 15).collect();
    fs::create_dir_all(source.path().join(&deep)).unwrap();
    fs::write(source.path().join(&deep).join("file\nname"), "x").unwrap();
    symlink("t".repeat(4000), source.path().join("link")).unwrap();
    symlink("t".repeat(100), source.path().join("exactly")).unwrap();
    fs::write(source.path().join("n".repeat(100)), "").unwrap();
    assert_same(&seed(source.path()).unwrap().tree(), &comparable(source.path()));
}

#[test]
fn special_bits_are_taken_away_and_hard_links_become_files() {
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("a"), "content").unwrap();
    fs::set_permissions(source.path().join("a"), Permissions::from_mode(0o6755)).unwrap();
    fs::hard_link(source.path().join("a"), source.path().join("b")).unwrap();
    fs::create_dir(source.path().join("sticky")).unwrap();
    fs::set_permissions(source.path().join("sticky"), Permissions::from_mode(0o1777)).unwrap();
    let arrived = seed(source.path()).unwrap();
    let unpacked = arrived.unpack();
    for (name, mode) in [("a", 0o755), ("b", 0o755), ("sticky", 0o777)] {
        let path = unpacked.path().join("tree").join(name);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, mode, "{name}");
    }
    assert_eq!(arrived.seeded.bytes, 14);
}

#[test]
fn links_go_along_wherever_they_point_and_are_never_followed() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "must not be read").unwrap();
    let source = tempfile::tempdir().unwrap();
    symlink(outside.path(), source.path().join("directory")).unwrap();
    symlink(outside.path().join("secret"), source.path().join("file")).unwrap();
    symlink("loop", source.path().join("loop")).unwrap();
    let arrived = seed(source.path()).unwrap();
    assert_eq!(arrived.seeded.entry_count, 3);
    assert!(!contains(&arrived.archive, b"must not be read"));
    assert_same(&arrived.tree(), &comparable(source.path()));
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn devices_fifos_and_sockets_are_refused_by_name() {
    let cases: [(&str, &[&str]); 2] =
        [("mkfifo", &["a/odd\nname"]), ("python3", &["-c", BIND, "a/odd\nname"])];
    for (program, args) in cases {
        let source = tempfile::tempdir().unwrap();
        fs::create_dir(source.path().join("a")).unwrap();
        let status = Command::new(program).args(args).current_dir(source.path()).status();
        assert!(status.unwrap().success(), "{program}");
        let (code, message) = refusal(seed(source.path()));
        assert_eq!(code, "seed_entry_refused");
        assert!(message.contains("a/odd\\nname"), "{message}");
    }
    let (code, message) = refusal(seed(Path::new("/dev/pts")));
    assert_eq!(code, "seed_entry_refused");
    assert!(message.contains("is a "), "{message}");
}

const BIND: &str = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])";

#[test]
fn a_source_is_a_directory_or_an_archive_and_waits_for_nothing() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    fs::write(path("notes.txt"), "x").unwrap();
    fs::write(path("lie.tar.gz"), "x").unwrap();
    assert!(Command::new("mkfifo").arg(path("fifo.tar")).status().unwrap().success());
    let code = |path: &Path| refusal(Source::of(path)).0;
    assert_eq!(code(&path("none")), "seed_not_found");
    for name in ["notes.txt", "lie.tar.gz", "fifo.tar"] {
        assert_eq!(code(&path(name)), "seed_kind", "{name}");
    }
    assert_eq!(code(Path::new("/dev/zero")), "seed_kind");
}

#[test]
fn limits_name_the_entry_that_is_too_much() {
    let source = tempfile::tempdir().unwrap();
    fs::create_dir(source.path().join("many")).unwrap();
    for name in ["a", "b", "c"] {
        fs::write(source.path().join("many").join(name), "12345").unwrap();
    }
    let within = |limits: SeedLimits| receive(Source::of(source.path()).unwrap(), &limits);
    let exact = SeedLimits { max_entries: 4, max_bytes: 15, ..SeedLimits::default() };
    within(exact.clone()).unwrap();
    let (code, message) = refusal(within(SeedLimits { max_bytes: 14, ..exact.clone() }));
    assert_eq!(code, "seed_too_large");
    assert!(message.contains("many/c") && message.contains("14 bytes"), "{message}");
    let (code, message) = refusal(within(SeedLimits { max_entries: 3, ..exact }));
    assert_eq!(code, "seed_too_large");
    assert!(message.contains("many") && message.contains("3 entries"), "{message}");
}

#[test]
fn a_sparse_file_arrives_with_its_holes_filled() {
    let source = tempfile::tempdir().unwrap();
    let file = File::create(source.path().join("sparse")).unwrap();
    file.set_len(3 << 20).unwrap();
    std::os::unix::fs::FileExt::write_at(&file, b"middle", 1_500_000).unwrap();
    let file = File::create(source.path().join("hole")).unwrap();
    file.set_len(1 << 20).unwrap();
    let file = File::create(source.path().join("tail")).unwrap();
    file.set_len(1 << 20).unwrap();
    std::os::unix::fs::FileExt::write_at(&file, b"end", (1 << 20) - 3).unwrap();
    let arrived = seed(source.path()).unwrap();
    assert!(arrived.seeded.changed_during_read.is_empty());
    assert_same(&arrived.tree(), &comparable(source.path()));
}

#[test]
fn what_a_model_names_arrives_without_credentials_which_are_named() {
    let root = tempfile::tempdir().unwrap();
    let top = root.path().join("project");
    for directory in [".ssh", "src", ".git", ".docker"] {
        fs::create_dir_all(top.join(directory)).unwrap();
    }
    let withheld = [".docker/config.json", ".env", ".git/config", ".ssh", "src/tls.key"];
    for name in [".env", ".git/config", ".ssh/id_rsa", "src/tls.key", ".docker/config.json"] {
        fs::write(top.join(name), "secret!").unwrap();
    }
    for name in [".env.example", ".git/HEAD", "src/main.rs"] {
        fs::write(top.join(name), "fine").unwrap();
    }
    let roots = HostRoots::open("--seed-root", &[root.path().to_owned()], None).unwrap();
    let opened = roots.resolve_seed(&top).unwrap();
    let arrived = receive(Source::opened(opened).unwrap(), &SeedLimits::default()).unwrap();
    assert!(!contains(&arrived.archive, b"secret!"));
    let names: Vec<&str> =
        arrived.seeded.withheld.paths.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(names, withheld);
    // what a human names is not sifted
    assert!(contains(&seed(&top).unwrap().archive, b"secret!"));
}
