//! The image of a whole distribution: the file system checker is content with it, it holds what GNU
//! tar unpacks from the same archive, and it is the same every time.

use crate::file_tree::{assert_same, directory, image};
use pyro::environment::catalog;
use pyro::environment::erofs::{Limits, write_from_tar};
use scenarios::target_directory;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;

const ENVIRONMENT: &str = "debian:12-build";

#[test]
fn the_image_of_debian_with_build_tools_is_what_tar_unpacks_and_always_the_same() {
    let archive = debian_with_build_tools();
    let scratch = tempfile::tempdir_in(target_directory()).unwrap();
    let place = |name: &str| scratch.path().join(name);
    write(&archive, &place("first"));
    write(&archive, &place("second"));
    let bytes = |name: &str| fs::read(place(name)).unwrap();
    assert!(bytes("first") == bytes("second"), "two images of one archive differ");

    let checked = Command::new("fsck.erofs").arg(place("first")).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));

    let shown = image::read(&place("first"));
    assert!(shown.len() > 10_000, "{} entries", shown.len());
    if !rustix::process::geteuid().is_root() {
        // only root can give files their owners; the names at least are tar's
        return assert_eq!(shown.len(), names_in(&archive));
    }
    fs::create_dir(place("unpacked")).unwrap();
    directory::unpack(&archive, &place("unpacked"));
    assert_same(&shown, &directory::read(&place("unpacked")));
}

/// Made once; the archive's mirror does not have to serve it to every run.
fn debian_with_build_tools() -> PathBuf {
    let directory = target_directory().join("scenarios");
    fs::create_dir_all(&directory).unwrap();
    let archive = directory.join("debian-build.tar");
    if !archive.exists() {
        let aside = tempfile::NamedTempFile::new_in(&directory).unwrap();
        let packages = catalog::find(ENVIRONMENT).unwrap().packages.join(",");
        let built = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/debian-tar"))
            .arg(packages)
            .stdout(aside.reopen().unwrap())
            .status()
            .unwrap();
        assert!(built.success(), "debian-tar: {built}");
        aside.persist(&archive).unwrap();
    }
    archive
}

fn write(archive: &Path, image: &Path) {
    let archive = BufReader::new(File::open(archive).unwrap());
    let image = File::create(image).unwrap();
    write_from_tar(archive, &image, &Limits::default(), &mut |_| {}).unwrap();
}

fn names_in(archive: &Path) -> usize {
    let listed = Command::new("tar").arg("-tf").arg(archive).output().unwrap();
    String::from_utf8(listed.stdout).unwrap().lines().count()
}
