//! Archives: ours and strangers'.

use crate::arrival::{Arrived, receive, refusal, seed};
use crate::file_tree::specimen::{Item, Kind, archive, expected};
use crate::file_tree::{FileTree, assert_same};
use pyro::seed::{SeedError, SeedLimits, Source};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use tar::{EntryType, Header};

/// Seeds `tar` from a file called `name`.
fn seed_as(name: &str, tar: &[u8], limits: &SeedLimits) -> Result<Arrived, SeedError> {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join(name);
    std::fs::write(&path, tar).unwrap();
    receive(Source::of(&path)?, limits)
}

fn seed_tar(tar: &[u8]) -> Result<Arrived, SeedError> {
    seed_as("x.tar", tar, &SeedLimits::default())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// A header and its content, with whatever name and size.
fn raw(kind: EntryType, name: &[u8], link: &[u8], size: u64, content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1);
    header.set_size(size);
    header.set_cksum();
    let mut bytes = [header.as_bytes(), content].concat();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn file(name: &str) -> Vec<u8> {
    raw(EntryType::Regular, name.as_bytes(), b"", 1, b"x")
}

/// One tar archive of `members`.
fn whole(members: &[Vec<u8>]) -> Vec<u8> {
    [members.concat(), vec![0; 1024]].concat()
}

#[test]
fn every_compression_gives_the_same_tree() {
    let source = tempfile::tempdir().unwrap();
    let path = |name: &str| source.path().join(name);
    std::fs::create_dir_all(path("tree/deep")).unwrap();
    std::fs::write(path("tree/deep/file"), vec![b'x'; 1 << 20]).unwrap();
    std::fs::hard_link(path("tree/deep/file"), path("tree/same")).unwrap();
    std::os::unix::fs::symlink("/etc", path("tree/link")).unwrap();
    std::fs::write(path("tree").join("n".repeat(150)), "long").unwrap();
    let tar = |args: &[&str], name: &str| -> PathBuf {
        let mut tar = Command::new("tar");
        tar.args(args).arg("-cf").arg(path(name)).arg("-C").arg(path("tree")).arg(".");
        assert!(tar.status().unwrap().success(), "{name}");
        path(name)
    };
    let cases = [
        tar(&["--format=gnu"], "a.tar"),
        tar(&["--format=posix"], "b.tar"),
        tar(&["-z"], "c.tar.gz"),
        tar(&["-z"], "d.TGZ"),
        tar(&["--zstd"], "e.tar.zst"),
    ];
    let plain = crate::arrival::comparable(&path("tree"));
    for case in cases {
        let arrived = seed(&case).unwrap();
        assert_eq!(arrived.seeded.mode, "tar_archive");
        let unpacked = arrived.unpack();
        assert_same(&crate::arrival::comparable(&unpacked.path().join("tree")), &plain);
        let inode = |name: &str| {
            let path = unpacked.path().join("tree").join(name);
            std::os::unix::fs::MetadataExt::ino(&path.metadata().unwrap())
        };
        assert_eq!(inode("same"), inode("deep/file"), "hard links stay what they are");
    }
}

#[test]
fn what_leads_outside_is_refused_by_name() {
    let link = |name: &str, target: &str| {
        raw(EntryType::Symlink, name.as_bytes(), target.as_bytes(), 0, b"")
    };
    let hard =
        |name: &str, target: &str| raw(EntryType::Link, name.as_bytes(), target.as_bytes(), 0, b"");
    let directory = |name: &str| raw(EntryType::Directory, name.as_bytes(), b"", 0, b"");
    let cases: [(&str, Vec<Vec<u8>>); 12] = [
        ("../evil", vec![file("../evil")]),
        ("a/../../evil", vec![file("a/../../evil")]),
        ("/etc/evil", vec![file("/etc/evil")]),
        ("out/evil", vec![link("out", "/etc"), file("out/evil")]),
        ("a/out/b/evil", vec![link("a/out", "."), file("a/out/b/evil")]),
        ("out", vec![link("out", "/etc"), hard("h", "./a"), file("a")]),
        ("h", vec![hard("h", "/etc/passwd")]),
        ("h", vec![hard("h", "../x")]),
        ("h", vec![link("s", "/etc/passwd"), hard("h", "s")]),
        ("h", vec![directory("d"), hard("h", "d")]),
        ("a/b", vec![file("a"), file("a/b")]),
        ("a", vec![file("a/b"), link("a", "/etc")]),
    ];
    for (number, (name, members)) in cases.iter().enumerate() {
        let (code, message) = refusal(seed_tar(&whole(members)));
        assert_eq!(code, "seed_entry_refused", "case {number}: {message}");
        let name = if number == 5 { "h" } else { name };
        assert!(message.contains(&format!("entry {name} ")), "case {number}: {message}");
    }
}

#[test]
fn devices_fifos_and_unknown_kinds_are_refused_by_name() {
    for (kind, word) in [
        (EntryType::Char, "device"),
        (EntryType::Block, "device"),
        (EntryType::Fifo, "fifo"),
        (EntryType::new(b'V'), "unknown type"),
        (EntryType::GNUSparse, "sparse"),
    ] {
        let (code, message) = refusal(seed_tar(&whole(&[raw(kind, b"odd", b"", 0, b"")])));
        assert_eq!(code, "seed_entry_refused", "{message}");
        assert!(message.contains("odd") && message.contains(word), "{message}");
    }
}

#[test]
fn names_that_no_file_system_holds_are_refused() {
    let long = |name: &[u8]| {
        let name = [name, b"\0"].concat();
        let size = name.len() as u64;
        let long = raw(EntryType::GNULongName, b"././@LongLink", b"", size, &name);
        whole(&[long, file("short")])
    };
    for (name, why) in [
        (vec![b'n'; 256], "255 bytes"),
        (b"d/".repeat(2050).to_vec(), "4095 bytes"),
        ([b"d/".repeat(2050), b"f".to_vec()].concat(), "4095 bytes"),
    ] {
        let (code, message) = refusal(seed_tar(&long(&name)));
        assert_eq!(code, "seed_entry_refused");
        assert!(message.contains(why), "{message}");
    }
    let pax = raw(EntryType::XHeader, b"pax", b"", 13, b"13 path=a\0b\n\n");
    refusal(seed_tar(&whole(&[pax, file("short")])));
}

#[test]
fn bombs_are_stopped_at_their_limit() {
    let limits = SeedLimits { max_bytes: 1 << 20, max_entries: 10, ..SeedLimits::default() };
    let big = whole(&[raw(EntryType::Regular, b"big", b"", 2 << 20, &vec![0; 2 << 20])]);
    for (name, tar) in [("x.tar", big.clone()), ("x.tar.gz", gzip(&big))] {
        let (code, message) = refusal(seed_as(name, &tar, &limits));
        assert_eq!(code, "seed_too_large");
        assert!(message.contains("entry big ") && message.contains("1048576 bytes"), "{message}");
    }
    let many: Vec<Vec<u8>> = (0..11).map(|number| file(&format!("f{number}"))).collect();
    let (_, message) = refusal(seed_as("x.tar", &whole(&many), &limits));
    assert!(message.contains("entry f10 ") && message.contains("10 entries"), "{message}");

    // 8 EiB, in a header and in a pax record
    let huge = whole(&[raw(EntryType::Regular, b"huge", b"", u64::MAX >> 1, b"")]);
    let (code, message) = refusal(seed_tar(&huge));
    assert_eq!(code, "seed_too_large", "{message}");
    let pax = b"28 size=9223372036854775807\n";
    let pax = raw(EntryType::XHeader, b"pax", b"", pax.len() as u64, pax);
    let (code, message) = refusal(seed_tar(&whole(&[pax, file("f")])));
    assert_eq!(code, "seed_too_large", "{message}");

    let ratio = SeedLimits { max_ratio: 100, ratio_counts_from: 64 << 10, ..SeedLimits::default() };
    let (code, message) = refusal(seed_as("x.tgz", &gzip(&big), &ratio));
    assert_eq!(code, "seed_too_large");
    assert!(message.contains("100 times"), "{message}");

    // an extended header that would fill the memory
    let long = raw(EntryType::GNULongName, b"././@LongLink", b"", 1 << 40, b"");
    let (code, _) = refusal(seed_tar(&whole(&[long])));
    assert_eq!(code, "seed_archive");
}

#[test]
fn a_pax_size_counts_and_not_the_headers() {
    // the header claims a size under which the content would be taken for another member
    let inner = file("smuggled");
    let size = inner.len() as u64;
    let record = format!("13 size={size}\n");
    assert_eq!(record.len(), 13);
    let pax = raw(EntryType::XHeader, b"pax", b"", record.len() as u64, record.as_bytes());
    let outer = raw(EntryType::Regular, b"outer", b"", 0, &inner);
    let tree = seed_tar(&whole(&[pax, outer])).unwrap().tree();
    assert_eq!(tree.keys().map(Vec::as_slice).collect::<Vec<_>>(), [b"outer"]);
}

#[test]
fn the_last_of_two_entries_wins() {
    let items = [
        Item::file("a", 10),
        Item::new("b", Kind::Symlink(b"c".to_vec())),
        Item::file("a", 20),
        Item::file("b", 5),
    ];
    let tree = seed_tar(&archive(&items)).unwrap().tree();
    assert_eq!((tree[&b"a"[..]].size, tree[&b"b"[..]].size), (20, 5));
}

#[test]
fn an_ordinary_archive_arrives_as_it_is() {
    let items = [
        Item::new("", Kind::Directory),
        Item::new("d", Kind::Directory).mode(0o750),
        Item::file("d/f", 1000).mode(0o4755),
        Item::new("d/l", Kind::Symlink(b"../../outside".to_vec())),
        Item::new("h", Kind::HardLink(b"d/f".to_vec())),
    ];
    let mut wanted: FileTree = expected(&items);
    wanted.remove(&b""[..]);
    for entry in wanted.values_mut() {
        entry.links = 1;
        entry.mode &= !0o7000;
        entry.same_as.clear();
    }
    let arrived = seed_tar(&archive(&items)).unwrap();
    assert_eq!((arrived.seeded.entry_count, arrived.seeded.bytes), (4, 1000));
    assert_same(&arrived.tree(), &wanted);
}

#[test]
fn damaged_archives_say_where() {
    let tar = whole(&[file("a"), file("b")]);
    for (name, bytes) in [
        ("x.tar", tar[..1500].to_vec()),
        ("x.tar.gz", gzip(&tar)[..60].to_vec()),
        ("x.tar", vec![b'x'; 2000]),
    ] {
        let (code, message) = refusal(seed_as(name, &bytes, &SeedLimits::default()));
        assert_eq!(code, "seed_archive", "{message}");
    }
    // a flipped bit in the content is found by the checksum at the end of the file
    let mut flipped = gzip(&tar);
    let end = flipped.len();
    flipped[end - 8] ^= 1;
    let (code, _) = refusal(seed_as("x.tar.gz", &flipped, &SeedLimits::default()));
    assert_eq!(code, "seed_archive");
}
