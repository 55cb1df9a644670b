//! A disk that was filled, and what e2fsprogs says of it.

use pyro::disk::{DEFAULT_BYTES, DiskView, FillError, Filled, create, fill};
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;

/// A disk in a directory of its own.
pub(crate) struct Disk {
    directory: tempfile::TempDir,
    pub(crate) filled: Filled,
}

impl Disk {
    /// A new one with this archive.
    pub(crate) fn of(archive: impl Read) -> Result<Self, FillError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk");
        let disk = create(&path, DEFAULT_BYTES).unwrap();
        let filled = fill(&disk, &path, archive)?;
        Ok(Self { directory, filled })
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("disk")
    }

    pub(crate) fn view(&self) -> DiskView {
        DiskView::open(&self.path()).unwrap()
    }

    /// Fails the test where the file system contradicts itself anywhere.
    #[track_caller]
    pub(crate) fn assert_sound(&self) {
        let check = Command::new("/sbin/e2fsck").arg("-fn").arg(self.path()).output().unwrap();
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    }

    /// What `debugfs` answers.
    pub(crate) fn debugfs(&self, request: &str) -> String {
        let mut debugfs = Command::new("/sbin/debugfs");
        let output = debugfs.args(["-R", request]).arg(self.path()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
