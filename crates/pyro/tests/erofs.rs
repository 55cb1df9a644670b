//! The EROFS writer against `fsck.erofs`, against GNU tar, and against hostile archives.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod file_tree;

use file_tree::specimen::{Item, Kind, archive, expected};
use file_tree::{FileTree, assert_same, directory, image};
use proptest::prelude::*;
use pyro::environment::erofs::{ErofsError, Limits, Summary, write_from_tar};
use pyro::error::Diagnose;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A scratch directory with one image in it.
struct Bench {
    directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, tar: &[u8]) -> Result<Summary, ErofsError> {
        self.write_within(tar, &Limits::default())
    }

    fn write_within(&self, tar: &[u8], limits: &Limits) -> Result<Summary, ErofsError> {
        let image = File::create(self.path("image")).unwrap();
        write_from_tar(tar, &image, limits, &mut |_| {})
    }

    /// Writes the image, has it checked, and reads it back.
    fn round_trip(&self, tar: &[u8]) -> FileTree {
        self.write(tar).unwrap();
        fsck(&self.path("image"));
        image::read(&self.path("image"))
    }
}

fn fsck(image: &Path) {
    let output = Command::new("fsck.erofs").arg(image).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "fsck.erofs: {said}");
}

/// Everything that has ever gone wrong in an image writer, in one tree.
fn stress_tree() -> Vec<Item> {
    let mut items = vec![Item::new("", Kind::Directory).at(1_600_000_000)];
    many_names(&mut items);
    sizes_around_block_edges(&mut items);
    links_and_special_files(&mut items);
    odd_metadata(&mut items);
    deep_directories(&mut items);
    items
}

fn many_names(items: &mut Vec<Item>) {
    items.push(Item::new("many", Kind::Directory));
    for number in 0..20_000 {
        let name = format!("many/{number}-{}", "x".repeat(number % 60));
        items.push(Item::file(name, number % 5));
    }
}

fn sizes_around_block_edges(items: &mut Vec<Item>) {
    items.push(Item::new("sizes", Kind::Directory));
    for edge in [0, 64, 256, 4032, 4096, 4096 + 256, 8192, 16_384, 65_536, 1 << 20] {
        for size in [edge - 1, edge, edge + 1] {
            if let Ok(size) = usize::try_from(size) {
                items.push(Item::file(format!("sizes/{size}"), size));
            }
        }
    }
}

fn links_and_special_files(items: &mut Vec<Item>) {
    items.push(Item::new("links", Kind::Directory));
    items.push(Item::file("links/b", 5000));
    for name in ["links/a", "links/c"] {
        items.push(Item::new(name, Kind::HardLink(b"links/b".to_vec())));
    }
    items.push(Item::new("links/fifo", Kind::Fifo));
    items.push(Item::new("links/fifo2", Kind::HardLink(b"links/fifo".to_vec())));
    for length in [1, 59, 60, 100, 101, 255, 4000, 4031, 4032, 4033, 4095] {
        let target = vec![b't'; length];
        items.push(Item::new(format!("links/s{length}"), Kind::Symlink(target)));
    }
    items.push(Item::new("links/else", Kind::Directory));
    items.push(Item::new("links/else/d", Kind::HardLink(b"links/b".to_vec())));
    items.push(Item::new("special", Kind::Directory));
    items.push(Item::new("special/console", Kind::Character(5, 1)));
    items.push(Item::new("special/large", Kind::Block(0xfff, 0xf_ffff)));
    items.push(Item::new("special/minor", Kind::Character(1, 256)));
}

fn odd_metadata(items: &mut Vec<Item>) {
    let capability = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    items.push(Item::new("odd", Kind::Directory).mode(0o7777).xattr("user.directory", "yes"));
    items.push(Item::file(b"odd/\xff\xfe not utf-8 \x01", 3));
    items.push(Item::file("odd/new\nline", 3));
    items.push(Item::file(format!("odd/{}", "n".repeat(255)), 3));
    items.push(Item::file("odd/owner", 3).owner(70_000, 4_000_000_000));
    items.push(Item::file("odd/mode", 3).mode(0o7777));
    items.push(Item::file("odd/none", 3).mode(0));
    items.push(Item::file("odd/before", 3).at(-86_400));
    items.push(Item::file("odd/epoch", 3).at(0));
    items.push(Item::file("odd/capable", 10).mode(0o755).xattr("security.capability", capability));
    items.push(Item::file("odd/lines", 3).xattr("user.lines", "a\nb\n=\n\0"));
    items.push(Item::file("odd/empty", 3).xattr("user.empty", ""));
    for size in [1, 255, 256, 4095, 4096, 4097] {
        let item = Item::file(format!("odd/large{size}"), size).xattr("user.large", vec![7; 3000]);
        items.push(item.xattr("user.more", "1").xattr("trusted.more", "2"));
    }
}

fn deep_directories(items: &mut Vec<Item>) {
    let mut path = "deep".to_owned();
    for _ in 0..60 {
        items.push(Item::new(&path, Kind::Directory));
        path += "/directory-name";
    }
    items.push(Item::file(path, 4097));
}

#[test]
fn the_stress_tree_comes_out_as_it_went_in() {
    let (bench, items) = (Bench::new(), stress_tree());
    assert_same(&bench.round_trip(&archive(&items)), &expected(&items));
}

/// Only root can unpack owners and device nodes, and mount; for others, the test above has shown
/// the image to hold what the archive was made from.
#[test]
fn the_kernel_and_gnu_tar_see_the_same_stress_tree() {
    let (bench, items) = (Bench::new(), stress_tree());
    let tar = archive(&items);
    let shown = bench.round_trip(&tar);
    if !rustix::process::geteuid().is_root() {
        return assert_same(&shown, &expected(&items));
    }
    std::fs::write(bench.path("tar"), &tar).unwrap();
    std::fs::create_dir(bench.path("unpacked")).unwrap();
    directory::unpack(&bench.path("tar"), &bench.path("unpacked"));
    let unpacked = directory::read(&bench.path("unpacked"));
    assert_same(&shown, &unpacked);
    let _mount = directory::Mount::new(&bench.path("image"), &bench.path("mount"));
    assert_same(&directory::read(&bench.path("mount")), &unpacked);
}

#[test]
fn attributes_larger_than_a_block_are_kept() {
    let mut item = Item::file("f", 5000);
    for name in ["user.a", "user.b", "user.c", "user.d"] {
        item = item.xattr(name, vec![9; 60_000]);
    }
    let items = [Item::new("", Kind::Directory), item];
    let bench = Bench::new();
    assert_same(&bench.round_trip(&archive(&items)), &expected(&items));
    if rustix::process::geteuid().is_root() {
        let _mount = directory::Mount::new(&bench.path("image"), &bench.path("mount"));
        assert_same(&directory::read(&bench.path("mount")), &expected(&items));
    }
}

/// Where a tree without file data has its metadata: behind the superblock's block.
const METADATA: usize = 4096;

/// An empty file, pushed by the root's attribute to where `left` bytes are left of the metadata's
/// first block; its inode takes 64 of them. Then other empty files.
fn empty_file_before_a_block_ends(left: usize, attribute: &[u8], behind: &[&str]) -> Vec<Item> {
    // In front lie 64 unused bytes, the root's inode, 17 bytes of its attribute before the value,
    // and behind the value up to 60 bytes of padding and entries.
    let value = vec![1; 4096 - 64 - 64 - 17 - 60 - left];
    let root = Item::new("", Kind::Directory).xattr("user.a", value);
    let mut file = Item::file("edge", 0).mode(0o7531);
    if !attribute.is_empty() {
        file = file.xattr("user.a", attribute);
    }
    let behind = behind.iter().map(|name| Item::file(name, 0));
    [root, file].into_iter().chain(behind).collect()
}

#[test]
fn inodes_may_end_where_a_block_ends() {
    // The attribute's length, what is left of the block, and where the inode then lies.
    let cases = [
        (0, 64, 4032),    // ends with the block; `fsck.erofs` reads on
        (15, 96, 4000),   // ends with the block, attribute included
        (15, 64, 4096),   // would straddle, so it moves
        (5000, 64, 4032), // larger than a block: ends with one, its attribute crosses the next two
        (5000, 96, 4000), // larger than a block: its attribute crosses all three
    ];
    for ((length, left, position), behind) in
        cases.into_iter().flat_map(|case| [(case, &[][..]), (case, &["z"][..])])
    {
        let items = empty_file_before_a_block_ends(left, &vec![9; length], behind);
        let bench = Bench::new();
        assert_same(&bench.round_trip(&archive(&items)), &expected(&items));
        let mode = METADATA + position + 4;
        let image = std::fs::read(bench.path("image")).unwrap();
        assert_eq!(image[mode..mode + 2], 0o107_531_u16.to_le_bytes(), "it lies elsewhere");
        if rustix::process::geteuid().is_root() {
            let _mount = directory::Mount::new(&bench.path("image"), &bench.path("mount"));
            assert_same(&directory::read(&bench.path("mount")), &expected(&items));
        }
    }
}

#[test]
fn the_same_archive_gives_the_same_bytes() {
    let tar = archive(&stress_tree());
    let images = [Bench::new(), Bench::new()].map(|bench| {
        bench.write(&tar).unwrap();
        std::fs::read(bench.path("image")).unwrap()
    });
    assert!(images[0] == images[1]);
}

#[test]
fn an_image_is_written_over_whatever_the_file_held() {
    let bench = Bench::new();
    std::fs::write(bench.path("image"), vec![0xff; 1 << 20]).unwrap();
    let image = File::options().write(true).open(bench.path("image")).unwrap();
    let items = [Item::new("", Kind::Directory), Item::file("f", 10)];
    let tar = archive(&items);
    let summary = write_from_tar(&tar[..], &image, &Limits::default(), &mut |_| {}).unwrap();
    assert_eq!(summary, Summary { entries: 2, image_bytes: 8192 });
    assert_same(&image::read(&bench.path("image")), &expected(&items));
}

#[test]
fn later_entries_replace_earlier_ones() {
    let tar = archive(&[
        Item::file("was-file", 5000),
        Item::new("was-file", Kind::Directory),
        Item::file("was-file/child", 3),
        Item::new("was-directory", Kind::Directory),
        Item::file("was-directory/gone", 3),
        Item::file("was-directory", 7),
        Item::file("twice", 5000),
        Item::new("link", Kind::HardLink(b"twice".to_vec())),
        Item::file("twice", 6000),
        Item::new("kept", Kind::Directory),
        Item::file("kept/child", 1),
        Item::new("kept", Kind::Directory).mode(0o700),
    ]);
    let shown = Bench::new().round_trip(&tar);
    let names: Vec<_> = shown.keys().map(|path| path.escape_ascii().to_string()).collect();
    let left =
        ["", "kept", "kept/child", "link", "twice", "was-directory", "was-file", "was-file/child"];
    assert_eq!(names, left);
    assert_eq!(shown[&b"kept"[..]].mode, 0o040_700);
    assert_eq!((shown[&b"link"[..]].size, shown[&b"link"[..]].links), (5000, 1));
    assert_eq!(shown[&b"twice"[..]].size, 6000);
}

#[test]
fn names_are_taken_relative_to_the_root() {
    let tar = archive(&[Item::file("/abs//./x/", 0), Item::file("./rel/y", 4)]);
    let shown = Bench::new().round_trip(&tar);
    let names: Vec<_> = shown.keys().map(|path| path.escape_ascii().to_string()).collect();
    assert_eq!(names, ["", "abs", "abs/x", "rel", "rel/y"]);
}

#[test]
fn progress_counts_the_bytes_of_the_archive() {
    let tar = archive(&[Item::file("f", 5 << 20)]);
    let (bench, mut seen) = (Bench::new(), Vec::new());
    let image = File::create(bench.path("image")).unwrap();
    write_from_tar(&tar[..], &image, &Limits::default(), &mut |bytes| seen.push(bytes)).unwrap();
    assert!(seen.len() > 4 && seen.is_sorted(), "{seen:?}");
    assert_eq!(*seen.last().unwrap(), tar.len() as u64);
}

#[track_caller]
fn refused(tar: &[u8], code: &str) -> String {
    let error = Bench::new().write(tar).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    error.to_string()
}

#[test]
fn hostile_paths_are_refused() {
    for path in ["../up", "a/../../up", "/..", "a/.."] {
        refused(&archive(&[Item::file(path, 1)]), "bad_archive_path");
    }
    refused(&archive(&[Item::file("n".repeat(256), 1)]), "bad_archive_path");
    refused(&archive(&[Item::file("d/".repeat(1100) + "f", 1)]), "bad_archive_path");
    refused(&archive(&[Item::file(".", 1)]), "bad_archive_path");
    let through = [Item::new("etc", Kind::Symlink(b"/etc".to_vec())), Item::file("etc/passwd", 1)];
    assert!(refused(&archive(&through), "bad_archive_path").contains("\"etc\""));
    let through = [Item::file("f", 1), Item::file("f/g", 1)];
    refused(&archive(&through), "bad_archive_path");
}

#[test]
fn hostile_links_and_devices_are_refused() {
    let link = |target: &[u8]| archive(&[Item::new("l", Kind::HardLink(target.to_vec()))]);
    assert!(refused(&link(b"nowhere"), "missing_link_target").contains("nowhere"));
    refused(&link(b"../../etc/shadow"), "bad_archive_path");
    refused(&link(b"/"), "unsupported_entry");
    refused(&archive(&[Item::new("s", Kind::Symlink(Vec::new()))]), "unsupported_entry");
    refused(&archive(&[Item::new("s", Kind::Symlink(vec![b't'; 4096]))]), "unsupported_entry");
    refused(&archive(&[Item::new("d", Kind::Block(0x1000, 0))]), "unsupported_entry");
    refused(&archive(&[Item::new("d", Kind::Block(0, 1 << 20))]), "unsupported_entry");
}

#[test]
fn damaged_archives_are_refused() {
    let tar = archive(&[Item::file("f", 5000)]);
    for length in [0, 100, 512, 1024, 2000, tar.len() - 1024] {
        refused(&tar[..length], "bad_archive");
    }
    let mut damaged = tar.clone();
    damaged[1024] ^= 1;
    refused(&damaged, "bad_archive");
    refused(&[b'x'; 4096], "bad_archive");
}

/// A header whose size field claims more than follows.
fn claims(kind: tar::EntryType, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path("f").unwrap();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    header.as_bytes().to_vec()
}

#[test]
fn claimed_sizes_are_bounded() {
    refused(&claims(tar::EntryType::Regular, u64::MAX), "bad_archive");
    refused(&claims(tar::EntryType::Regular, u64::MAX - 1023), "archive_too_large");
    refused(&claims(tar::EntryType::Regular, 20 << 40), "archive_too_large");
    refused(&claims(tar::EntryType::Regular, 1 << 30), "bad_archive"); // cut off
    for kind in
        [tar::EntryType::XHeader, tar::EntryType::GNULongName, tar::EntryType::XGlobalHeader]
    {
        refused(&claims(kind, 1 << 40), "archive_too_large");
    }
    refused(&claims(tar::EntryType::GNUSparse, 512), "unsupported_entry");
    refused(&claims(tar::EntryType::new(b'V'), 0), "unsupported_entry");
}

#[test]
fn limits_hold() {
    let tar = archive(&(0..50).map(|n| Item::file(format!("f{n}"), 5000)).collect::<Vec<_>>());
    let all = Limits::default();
    for limits in [
        Limits { max_entries: 49, ..all.clone() },
        Limits { max_bytes: 200_000, ..all.clone() },
        Limits { max_metadata: 5000, ..all.clone() },
    ] {
        let error = Bench::new().write_within(&tar, &limits).unwrap_err();
        assert_eq!(error.code(), "archive_too_large");
    }
    assert!(Bench::new().write_within(&tar, &Limits { max_entries: 50, ..all }).is_ok());
}

/// A directory's children by name, or a leaf.
#[derive(Debug, Clone)]
enum Shape {
    Leaf(Kind),
    Directory(BTreeMap<Vec<u8>, (Shape, Traits)>),
}

type Traits = (u32, u32, u32, i64, BTreeMap<Vec<u8>, Vec<u8>>);

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(1u8..=255, 1..40)
        .prop_map(|name| name.into_iter().map(|b| if b == b'/' { b'_' } else { b }).collect())
        .prop_filter("a real name", |name: &Vec<u8>| name != b"." && name != b"..")
}

fn traits() -> impl Strategy<Value = Traits> {
    let xattrs = prop::collection::btree_map(
        "(user|trusted|security)\\.[a-z]{1,9}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..2500),
        0..3,
    );
    (0u32..0o10000, any::<u32>(), any::<u32>(), -5_000_000_000i64..5_000_000_000, xattrs)
}

fn shape() -> impl Strategy<Value = Shape> {
    let content =
        (0usize..13_000, any::<u8>()).prop_map(|(size, byte)| Kind::File(vec![byte; size]));
    let target = prop::collection::vec(1u8..=255, 1..4095).prop_map(Kind::Symlink);
    let leaf = prop_oneof![
        6 => content,
        2 => target,
        1 => (0u32..0x1000, 0u32..0x10_0000).prop_map(|(a, b)| Kind::Character(a, b)),
        1 => Just(Kind::Fifo),
    ];
    leaf.prop_map(Shape::Leaf).prop_recursive(4, 120, 30, |inner| {
        prop::collection::btree_map(name(), (inner, traits()), 0..30).prop_map(Shape::Directory)
    })
}

fn flatten(path: &[u8], shape: &Shape, traits: &Traits, items: &mut Vec<Item>) {
    let kind = match shape {
        Shape::Leaf(kind) => kind.clone(),
        Shape::Directory(_) => Kind::Directory,
    };
    let mut item = Item::new(path, kind).owner(traits.1, traits.2).at(traits.3);
    if !matches!(item.kind, Kind::Symlink(_)) {
        item.permissions = traits.0;
    }
    item.xattrs.clone_from(&traits.4);
    items.push(item);
    if let Shape::Directory(children) = shape {
        for (name, (child, traits)) in children {
            flatten(&file_tree::join(path, name), child, traits, items);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_tree_comes_out_as_it_went_in(
        children in prop::collection::btree_map(name(), (shape(), traits()), 0..20),
        traits in traits(),
    ) {
        let mut items = Vec::new();
        flatten(b"", &Shape::Directory(children), &traits, &mut items);
        assert_same(&Bench::new().round_trip(&archive(&items)), &expected(&items));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        mut tar in prop::collection::vec(any::<u8>(), 0..4096),
        flips in prop::collection::vec((0usize..20_000, any::<u8>()), 0..8),
    ) {
        let _ = Bench::new().write(&tar);
        tar = archive(&[Item::file("f", 600).xattr("user.a", "b"), Item::new("s", Kind::Symlink(b"f".into()))]);
        for (at, byte) in flips {
            let at = at % tar.len();
            tar[at] = byte;
            // Keep the checksum right, so that the damage reaches the fields.
            let start = at / 512 * 512;
            let mut header = tar::Header::new_old();
            header.as_mut_bytes().copy_from_slice(&tar[start..start + 512]);
            header.set_cksum();
            tar[start..start + 512].copy_from_slice(header.as_bytes());
        }
        let _ = Bench::new().write(&tar);
    }
}
