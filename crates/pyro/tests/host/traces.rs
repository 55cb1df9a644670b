//! What machines may leave behind on a host: processes, open descriptors of the front end, files.
//! Taken before a test and compared after it.

use super::processes::{self, Process};
use pyro::Config;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Ends that nobody waits for (a shim's farewell takes up to a second) have this long.
const SETTLES_WITHIN: Duration = Duration::from_secs(8);

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Traces {
    processes: BTreeSet<Process>,
    descriptors: usize,
    files: BTreeSet<PathBuf>,
}

impl Traces {
    pub(crate) fn of(config: &Config) -> Self {
        let mut files = BTreeSet::new();
        list(config.paths.state(), &mut files);
        // the one lock of all machines stays, and that of all vms
        for place in [config.paths.machines(), config.paths.vms()] {
            files.remove(&place.join(".lock"));
            files.remove(&place);
        }
        Self {
            processes: processes::descendants().into_iter().collect(),
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
            files,
        }
    }

    pub(crate) async fn assert_unchanged(&self, config: &Config) {
        let deadline = tokio::time::Instant::now() + SETTLES_WITHIN;
        loop {
            processes::reap();
            let now = Self::of(config);
            if now == *self {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "before: {self:#?}\nafter: {now:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn list(directory: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        files.insert(entry.path());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            list(&entry.path(), files);
        }
    }
}
