//! The oracle for clean endings: which processes, directories, sockets, disks and mounts a world
//! still has.

use crate::call::Call;
use crate::process::descendants;
use crate::world::{ENVIRONMENT, World};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The shim says goodbye to its front end after everything else is gone.
const FAREWELL: Duration = Duration::from_secs(3);

impl World {
    /// The cheapest command that starts something. Like all of them it first removes what machines
    /// that were killed have left.
    #[must_use]
    pub fn next_command(&self) -> Call {
        let run = self.pyro(&["run", "--allow-host-compat", ENVIRONMENT, "--", "true"]);
        run.env("PYRO_BACKEND", "process").env("PYRO_REQUIRE_ISOLATION", "none")
    }

    /// Fails the test if anything of a machine is left: at once for what is on disk, after a
    /// moment for processes.
    #[track_caller]
    pub fn assert_clean(&self) {
        let left = self.machines();
        assert!(left.is_empty(), "machines are left: {left:?}");
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let state = self.state().display().to_string();
        assert!(!mounts.contains(&state), "something is mounted below {state}");
        self.assert_no_process();
    }

    /// Fails the test if a process that this test caused still runs after a moment.
    #[track_caller]
    pub fn assert_no_process(&self) {
        let deadline = Instant::now() + FAREWELL;
        loop {
            let left = descendants();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "processes are left: {left:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The directories of machines.
    #[must_use]
    pub fn machines(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.state().join("pyro/machines"));
        let directories = entries.into_iter().flatten().flatten().map(|entry| entry.path());
        directories.filter(|path| path.is_dir()).collect()
    }

    /// Every file and directory of this world's own, the shared cache apart.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(self.home(), &mut found);
        found.sort();
        found
    }
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            collect(&path, found);
        }
        found.push(path);
    }
}
