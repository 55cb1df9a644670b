//! The other end of a seed: its stream read to the end and unpacked by GNU tar.

use crate::file_tree::{FileTree, directory};
use pyro::seed::{SeedError, SeedLimits, Seeded, Source, stream};
use pyro::{Error, event};
use std::path::Path;
use tokio::io::AsyncReadExt;

/// What arrived.
pub(crate) struct Arrived {
    pub(crate) archive: Vec<u8>,
    pub(crate) seeded: Seeded,
}

/// Reads a source to its end.
pub(crate) fn receive(source: Source, limits: &SeedLimits) -> Result<Arrived, SeedError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut seeding = stream(source, limits, &event::ignore).unwrap();
        let mut archive = Vec::new();
        let read = seeding.read_to_end(&mut archive).await;
        let seeded = seeding.finish().await;
        assert_eq!(read.is_ok(), seeded.is_ok(), "the stream and its end must agree");
        Ok(Arrived { archive, seeded: seeded? })
    })
}

/// Seeds the directory or archive at `path`.
pub(crate) fn seed(path: &Path) -> Result<Arrived, SeedError> {
    receive(Source::of(path)?, &SeedLimits::default())
}

/// The message and the code of a seed that must fail.
#[track_caller]
pub(crate) fn refusal<T>(result: Result<T, SeedError>) -> (String, String) {
    let Err(error) = result else { panic!("it must be refused") };
    let error = Error::from(error);
    (error.code().to_owned(), error.to_string())
}

impl Arrived {
    /// The unpacked tree.
    pub(crate) fn unpack(&self) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("seed.tar"), &self.archive).unwrap();
        std::fs::create_dir(directory.path().join("tree")).unwrap();
        directory::unpack(&directory.path().join("seed.tar"), &directory.path().join("tree"));
        directory
    }

    /// The unpacked tree as data.
    pub(crate) fn tree(&self) -> FileTree {
        comparable(&self.unpack().path().join("tree"))
    }
}

/// A tree as a seed keeps it: without owners, shared inodes and special permission bits, and without
/// its top.
pub(crate) fn comparable(path: &Path) -> FileTree {
    let mut tree = directory::read(path);
    tree.remove(&b""[..]);
    for entry in tree.values_mut() {
        (entry.uid, entry.gid, entry.links) = (0, 0, 1);
        entry.mode &= !0o7000;
        entry.same_as.clear();
        entry.xattrs.clear();
    }
    tree
}
