//! A host for tests of machines: directories of its own, the `process` backend, and the proof that
//! a test left nothing behind. The test program itself is the executable of every role.
#![allow(dead_code, reason = "each test program uses its own part")]

pub(crate) mod processes;
pub(crate) mod roles;
pub(crate) mod traces;

use libtest_mimic::{Arguments, Conclusion, Trial};
use pyro::config::BackendChoice;
use pyro::error::Result;
use pyro::vm::run::{OutputLimits, RunRequest, RunResult, run};
use pyro::vm::{Execution, Vm, VmSpec};
use pyro::{Config, event};
use pyro_proto::request::Exec;
use std::path::{Path, PathBuf};
use std::time::Duration;
use traces::Traces;

/// A home directory with the machines of one test.
pub(crate) struct Host {
    home: tempfile::TempDir,
    before: Traces,
    pub(crate) config: Config,
}

impl Host {
    /// From here on, whatever a machine leaves behind becomes a child of this process.
    pub(crate) fn new() -> Self {
        processes::adopt_orphans();
        let home = tempfile::tempdir().unwrap();
        let config = config(home.path());
        Self { before: Traces::of(&config), home, config }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn machines(&self) -> PathBuf {
        self.config.paths.machines()
    }

    pub(crate) async fn start(&self, spec: &VmSpec) -> Result<Vm> {
        Vm::start(&self.config, spec, &event::ignore).await
    }

    pub(crate) async fn run(&self, vm: VmSpec, command: &str) -> Result<RunResult> {
        let request = RunRequest { vm, command: command.into(), timeout_seconds: 20 };
        run(&self.config, &request, OutputLimits::default(), &event::ignore).await
    }

    /// Fails unless processes, descriptors and files are what they were when the host was made.
    pub(crate) async fn assert_clean(&self) {
        self.before.assert_unchanged(&self.config).await;
    }
}

/// The settings of a host whose everything is below `home`.
pub(crate) fn config(home: &Path) -> Config {
    let executable = std::env::current_exe().unwrap();
    let home = home.as_os_str().to_owned();
    let mut config =
        Config::from_lookup(executable, |name| (name == "PYRO_HOME").then(|| home.clone()))
            .unwrap();
    config.backend = BackendChoice::Process;
    config
}

/// A machine on the host that would outlive its test.
pub(crate) fn machine() -> VmSpec {
    VmSpec { allow_host_compat: true, ttl_seconds: 120, ..VmSpec::default() }
}

pub(crate) fn command(command: &str) -> Exec {
    Exec {
        command: command.into(),
        cwd: None,
        env: Vec::new(),
        user: None,
        stdin: false,
        timeout_ms: None,
        sync: false,
        service: false,
    }
}

/// Everything a command writes to stdout, up to its first error or its exit.
pub(crate) async fn stdout_until_end(execution: &mut Execution) -> (Vec<u8>, Result<i32>) {
    let mut stdout = Vec::new();
    loop {
        match execution.next().await {
            Ok(pyro::vm::Output::Stdout(bytes)) => stdout.extend_from_slice(&bytes),
            Ok(pyro::vm::Output::Stderr(_)) => {}
            Ok(pyro::vm::Output::Exited(exit)) => return (stdout, Ok(exit.code)),
            Err(error) => return (stdout, Err(error)),
        }
    }
}

/// Waits for `condition`, which must hold within `limit`.
pub(crate) async fn within(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + limit;
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A trial with a runtime of one thread, as front ends have, and a limit to its life.
pub(crate) fn trial<F>(name: impl Into<String>, test: impl FnOnce() -> F + Send + 'static) -> Trial
where
    F: Future<Output = ()>,
{
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let limited = async { tokio::time::timeout(Duration::from_secs(100), test()).await };
        runtime.block_on(limited).map_err(|_| "hung for 100 s".into())
    })
}

/// Runs the trials one after the other: they count this process's descendants and descriptors.
pub(crate) fn conduct(trials: Vec<Trial>) -> Conclusion {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials)
}
