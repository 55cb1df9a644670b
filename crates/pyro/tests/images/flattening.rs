//! What a machine finds of the layers of an image.

use crate::file_tree::{Entry, FileTree};
use crate::host::Host;
use crate::registry::debian::Registry;
use crate::registry::image::{Image, Layer, Packing};
use crate::registry::server::Server;
use serde_json::json;
use std::process::Command;

fn entry<'t>(tree: &'t FileTree, path: &str) -> &'t Entry {
    tree.get(path.as_bytes()).unwrap_or_else(|| panic!("no {path}"))
}

fn names(tree: &FileTree) -> Vec<String> {
    tree.keys().map(|path| path.escape_ascii().to_string()).collect()
}

fn pulled(layers: &[Layer]) -> FileTree {
    let server = Server::start();
    Host::new().tree(&server.put(&Image::new(layers), "a", "1"))
}

fn content(text: &str) -> Vec<u8> {
    crate::file_tree::digest(text.as_bytes())
}

#[test]
fn everything_that_layers_can_hold_arrives_through_docker_registry() {
    let lower = Layer::new(Packing::Gzip, |layer| {
        layer.directory("./").directory("bin/").program("bin/su", 0o4755, b"su").directory("gone/");
        layer.file("gone/file", "x").directory("opaque/").file("opaque/old", "old");
        layer.file("bin/changed", "before").hard_link("bin/su2", "bin/su");
        layer.xattr("user.note", b"\0binary").file("noted", "n").device("null", 1, 3).fifo("pipe");
        layer.symlink("link", "bin/su").owned("theirs", 70_000, "t").directory("many/");
        for number in 0..20_000 {
            layer.file(&format!("many/{number:05}"), "many");
        }
    });
    let upper = Layer::new(Packing::Zstd, |layer| {
        layer.directory("bin/").file("bin/changed", "after").whiteout("", "gone");
        layer.directory("opaque/").whiteout("opaque/", ".wh..opq").file("opaque/new", "new");
        layer.whiteout("many/", "00007");
    });
    let store = tempfile::tempdir().unwrap();
    let registry = Registry::start(store.path());
    let image = registry.push(&Image::new(&[lower, upper]), "team/image", "1");
    let host = Host::new();
    let tree = host.tree(&image);

    assert_eq!(entry(&tree, "bin/su").mode, 0o104_755);
    assert_eq!(entry(&tree, "bin/su2").same_as, b"bin/su");
    assert_eq!(entry(&tree, "bin/changed").digest, content("after"));
    assert_eq!(entry(&tree, "noted").xattrs[&b"user.note"[..]], b"\0binary");
    let null = entry(&tree, "null");
    assert_eq!((null.mode, null.device), (0o020_660, (1, 3)));
    assert_eq!(entry(&tree, "pipe").mode, 0o010_600);
    assert_eq!(entry(&tree, "link").target, b"bin/su");
    let theirs = entry(&tree, "theirs");
    assert_eq!((theirs.uid, theirs.gid, theirs.mtime), (70_000, 70_001, 1_700_000_000));
    let inside = |directory: &str| {
        let prefix = format!("{directory}/");
        names(&tree).into_iter().filter(|name| name.starts_with(&prefix)).count()
    };
    assert_eq!((inside("many"), inside("opaque"), inside("gone")), (19_999, 1, 0));
    assert!(!tree.contains_key(&b"gone"[..]) && !tree.contains_key(&b"many/00007"[..]));
    assert!(names(&tree).iter().all(|name| !name.contains(".wh.")));

    let checked =
        Command::new("fsck.erofs").arg(host.pull(&image).unwrap().image).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_hard_link_outlives_the_name_that_it_was_made_from() {
    let lower = Layer::new(Packing::Plain, |layer| {
        layer.file("a", "shared").hard_link("b", "a").hard_link("c", "b").file("e", "kept");
        layer.hard_link("f", "e");
    });
    let upper = Layer::new(Packing::Plain, |layer| {
        layer.whiteout("", "a").file("e", "new");
    });
    let tree = pulled(&[lower.clone(), upper.clone()]);
    assert_eq!(names(&tree), ["", "b", "c", "e", "f"]);
    assert_eq!((entry(&tree, "b").links, entry(&tree, "c").same_as.as_slice()), (2, &b"b"[..]));
    assert_eq!(entry(&tree, "b").digest, content("shared"));
    assert_eq!(entry(&tree, "e").digest, content("new"));
    assert_eq!(entry(&tree, "f").digest, content("kept"));

    // `b` is itself hidden, and `c` a link to it
    let top = Layer::new(Packing::Plain, |layer| {
        layer.whiteout("", "b");
    });
    let tree = pulled(&[lower, upper, top]);
    assert_eq!(names(&tree), ["", "c", "e", "f"]);
    assert_eq!(entry(&tree, "c").digest, content("shared"));
}

#[test]
fn an_image_is_the_same_bytes_however_it_is_packed_and_whoever_pulls_it() {
    let image = |packing| {
        let lower = Layer::new(packing, |layer| {
            layer.directory("d/").file("d/a", &"a".repeat(10_000)).file("d/b", "b");
        });
        let upper = Layer::new(packing, |layer| {
            layer.whiteout("d/", "b").file("d/c", "c");
        });
        Image::new(&[lower, upper])
    };
    let server = Server::start();
    let digests = [Packing::Plain, Packing::Gzip, Packing::Zstd].map(|packing| {
        let reference = server.put(&image(packing), "a", "1");
        Host::new().pull(&reference).unwrap().image_digest
    });
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}

#[test]
fn what_an_image_says_about_its_commands_is_kept_and_its_directory_is_there() {
    let layer = Layer::new(Packing::Gzip, |layer| {
        layer.file("etc/passwd", "app:x:1000:1000::/home/app:/bin/sh\n");
    });
    let settings = json!({
        "Env": ["PATH=/opt/bin:/bin", "MODE=test"], "WorkingDir": "/srv/app", "User": "app"
    });
    let server = Server::start();
    let reference = server.put(&Image::with(&[layer], &settings), "a", "1");
    let host = Host::new();
    let installed = host.pull(&reference).unwrap();
    assert_eq!(installed.user.as_deref(), Some("app"));
    assert_eq!(installed.working_directory, Some("/srv/app".into()));
    let path = ("PATH".to_owned(), "/opt/bin:/bin".to_owned());
    assert_eq!(installed.env, [("MODE".to_owned(), "test".to_owned()), path]);
    assert_eq!(entry(&host.tree(&reference), "srv/app").mode, 0o040_755);
}

#[test]
fn an_image_of_no_layers_and_one_that_repeats_a_layer_are_images() {
    assert_eq!(names(&pulled(&[])), [""]);
    let layer = Layer::new(Packing::Gzip, |layer| {
        layer.file("a", "a");
    });
    assert_eq!(names(&pulled(&[layer.clone(), layer])), ["", "a"]);
}
