//! `DiskView` against images that e2fsprogs makes: of whole trees, with a journal that nobody has
//! replayed, and of a guest that means harm.

#![expect(clippy::unwrap_used, reason = "a failed step of a test fails the test")]

mod harm;
mod image;
mod journal;

use image::{Image, tree_in, tree_on};
use pyro::disk::{DEFAULT_BYTES, DiskView, NodeKind, create};
use pyro::error::Diagnose;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::Path;

#[test]
fn it_shows_what_the_directory_had() {
    let image = Image::of(specimen);
    let view = DiskView::open(&image.path()).unwrap();
    let (found, expected) = (tree_on(&view), tree_in(&image.workspace()));
    assert!(expected.len() > 600);
    assert!(found == expected, "{} entries, not {}", found.len(), expected.len());
}

/// Names and contents that a workspace could have; one directory large enough for a hash tree.
fn specimen(workspace: &Path) {
    let file = |name: &[u8], content: &[u8]| {
        std::fs::write(workspace.join(OsStr::from_bytes(name)), content).unwrap();
    };
    for name in [&b"two words"[..], b"new\nline", b"\xff\xfe", b"-x", "gr\u{fc}n".as_bytes()] {
        file(name, name);
    }
    file(b"empty", b"");
    file(b"block", &[7; 4096]);
    file(b"large", &(0..=250).cycle().take(3_000_000).collect::<Vec<u8>>());
    std::fs::set_permissions(workspace.join("block"), PermissionsExt::from_mode(0o4751)).unwrap();
    let sparse = std::fs::File::create(workspace.join("sparse")).unwrap();
    for at in [9000, 5 << 20, 40 << 20] {
        sparse.write_all_at(b"island", at).unwrap();
    }
    sparse.set_len(50 << 20).unwrap();
    for length in [1, 59, 60, 61, 4000] {
        symlink("t".repeat(length), workspace.join(format!("link{length}"))).unwrap();
    }
    let deep = workspace.join("a/b/c/d");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("file"), "deep").unwrap();
    let many = workspace.join("many");
    std::fs::create_dir(&many).unwrap();
    for number in 0..600 {
        std::fs::write(many.join(format!("a file with a long name, number {number}")), "").unwrap();
    }
}

#[test]
fn single_paths_are_found_and_links_are_not_followed() {
    let image = Image::of(|workspace| {
        std::fs::create_dir(workspace.join("real")).unwrap();
        std::fs::write(workspace.join("real/file"), "0123456789").unwrap();
        symlink("real", workspace.join("link")).unwrap();
        symlink("real/file", workspace.join("direct")).unwrap();
    });
    let view = DiskView::open(&image.path()).unwrap();

    let beginning = view.read(b"real/file", 4).unwrap();
    assert_eq!((&beginning.bytes[..], beginning.size), (&b"0123"[..], 10));
    assert_eq!(view.read(b"real/file", u64::MAX).unwrap().bytes, b"0123456789");
    let mut reader = view.reader(b"real/file").unwrap();
    reader.move_to(7);
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "789");

    assert_eq!(view.metadata(b"").unwrap().kind, NodeKind::Directory);
    assert_eq!(view.metadata(b"link").unwrap().kind, NodeKind::Symlink);
    assert_eq!(view.link_target(b"direct").unwrap(), b"real/file");
    assert_eq!(view.list(b"", 2).unwrap().len(), 2);
    for absent in
        ["link/file", "real/file/x", "../upper", "real/..", "real/.", "real//file", "/real"]
    {
        assert_eq!(
            view.metadata(absent.as_bytes()).unwrap_err().code(),
            "path_not_found",
            "{absent}"
        );
    }
    assert_eq!(view.read(b"link", 9).unwrap_err().code(), "wrong_kind_of_path");
    assert_eq!(view.read(b"direct", 9).unwrap_err().code(), "wrong_kind_of_path");
    assert_eq!(view.list(b"real/file", 9).unwrap_err().code(), "wrong_kind_of_path");
    assert_eq!(view.link_target(b"real").unwrap_err().code(), "wrong_kind_of_path");
}

#[test]
fn a_disk_that_no_machine_has_used_is_empty() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    create(&path, DEFAULT_BYTES).unwrap();
    let view = DiskView::open(&path).unwrap();
    assert_eq!(view.list(b"", 9).unwrap(), []);
    assert_eq!(view.metadata(b"").unwrap().kind, NodeKind::Directory);
    assert_eq!(view.metadata(b"x").unwrap_err().code(), "path_not_found");
}

#[test]
fn what_is_no_disk_of_pyros_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    for length in [0, 1024, 2047, 2048, 1 << 20] {
        std::fs::write(&path, vec![0; length]).unwrap();
        assert_eq!(DiskView::open(&path).unwrap_err().code(), "disk_unsupported");
    }
    let image = Image::of(|_| {});
    std::fs::File::options().write(true).open(image.path()).unwrap().set_len(1 << 20).unwrap();
    assert_eq!(DiskView::open(&image.path()).unwrap_err().code(), "disk_damaged");
}
