//! One command in a machine of its own, collected: what `--json`, MCP and Python answer with.
//! For output as it comes, use [`Vm`] and [`Execution`](super::Execution).

use super::capture::Capture;
use super::{Output, Vm, VmFacts, VmSpec};
use crate::config::{Config, Isolation};
use crate::error::Result;
use crate::event::Observer;
use crate::network::RefusedConnection;
use pyro_proto::request::{Exec, ExecExit};
use serde::Serialize;

/// What to run, and in what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRequest {
    /// The machine.
    pub vm: VmSpec,
    /// One string for `/bin/sh -lc`.
    pub command: String,
    /// After so many seconds the command and all it started are killed.
    pub timeout_seconds: u64,
}

/// How much output to keep in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputLimits {
    /// Of stdout and stderr each; where there is more, the middle is left out.
    pub max_bytes_each: usize,
}

impl Default for OutputLimits {
    fn default() -> Self {
        Self { max_bytes_each: 1 << 20 }
    }
}

/// How a collected run went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunResult {
    /// The machine, gone by now.
    pub vm_id: String,
    /// What it booted.
    pub environment: String,
    /// Which version of that.
    pub environment_version: String,
    /// What ran.
    pub command: String,
    /// Bytes that are not UTF-8 are replaced by U+FFFD.
    pub stdout: String,
    /// As `stdout`.
    pub stderr: String,
    /// The command's own; 128 + N for signal N, 124 after a timeout.
    pub exit_code: i32,
    /// Whether the time limit ended the command.
    pub timed_out: bool,
    /// Of the command alone.
    pub duration_ms: u64,
    /// `guest_vsock` or the transport's own name; `host_compat` on the host.
    pub execution_mode: String,
    /// How strongly the guest was kept apart from the host.
    pub isolation: Isolation,
    /// The process jail around the machine: `full`, `landlock` or `none`.
    pub jail: String,
    /// Bytes that the command wrote to stdout.
    pub stdout_bytes: u64,
    /// Bytes that the command wrote to stderr.
    pub stderr_bytes: u64,
    /// Whether the middle of `stdout` is left out.
    pub stdout_truncated: bool,
    /// Whether the middle of `stderr` is left out.
    pub stderr_truncated: bool,
    /// Whether `stdout` held bytes that are not UTF-8.
    pub stdout_lossy: bool,
    /// Whether `stderr` held bytes that are not UTF-8.
    pub stderr_lossy: bool,
    /// Connections that the network policy refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_connections: Vec<RefusedConnection>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// What became of the machine.
    pub cleanup: Cleanup,
}

/// What became of a one-shot machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cleanup {
    /// Whether nothing of it is left.
    pub deleted: bool,
    /// Why it was deleted, or why it could not be.
    pub reason: String,
    /// Which machine.
    pub vm_id: String,
}

/// Starts a machine, runs the command in it, deletes the machine. Dropping the future ends the
/// machine too.
///
/// # Errors
/// Whatever keeps the machine from starting or the command from being run. A command that fails is
/// no error, and neither is a failed clean-up: `cleanup` says so.
/// # Example
/// ```no_run
/// use pyro::vm::VmSpec;
/// use pyro::vm::run::{OutputLimits, RunRequest, run};
///
/// # async fn example(config: &pyro::Config) -> pyro::Result<()> {
/// let request = RunRequest {
///     vm: VmSpec { environment: "debian:12".into(), ..VmSpec::default() },
///     command: "uname -r".into(),
///     timeout_seconds: 30,
/// };
/// let result = run(config, &request, OutputLimits::default(), &pyro::event::ignore).await?;
/// println!("{} (isolation: {})", result.stdout, result.isolation);
/// assert!(result.cleanup.deleted);
/// # Ok(())
/// # }
/// ```
pub async fn run(
    config: &Config,
    request: &RunRequest,
    limits: OutputLimits,
    observer: Observer<'_>,
) -> Result<RunResult> {
    run_watched(config, request, limits, observer, async |_| {}).await
}

/// As [`run`], and shows `watch` the output as it comes; the command waits for it.
///
/// # Errors
/// Those of [`run`].
pub async fn run_watched(
    config: &Config,
    request: &RunRequest,
    limits: OutputLimits,
    observer: Observer<'_>,
    watch: impl AsyncFnMut(Output),
) -> Result<RunResult> {
    let vm = Vm::start(config, &request.vm, observer).await?;
    let facts = vm.facts().clone();
    let outcome = collect(&vm, &request.command, request.timeout_seconds, limits, watch).await;
    let cleanup = delete(vm, &facts.vm_id).await;
    Ok(result(&request.command, facts, outcome?, cleanup))
}

/// How a command ended, and what it wrote.
pub(super) struct Collected {
    exit: ExecExit,
    stdout: Capture,
    stderr: Capture,
    refused: Vec<RefusedConnection>,
}

/// Runs a command to its end.
pub(super) async fn collect(
    vm: &Vm,
    command: &str,
    timeout_seconds: u64,
    limits: OutputLimits,
    mut watch: impl AsyncFnMut(Output),
) -> Result<Collected> {
    let mut stdout = Capture::new(limits.max_bytes_each);
    let mut stderr = Capture::new(limits.max_bytes_each);
    let mut execution = vm.exec(exec(command, timeout_seconds)).await?;
    loop {
        let output = execution.next().await?;
        match &output {
            Output::Stdout(bytes) => stdout.push(bytes),
            Output::Stderr(bytes) => stderr.push(bytes),
            &Output::Exited(exit) => {
                let refused = vm.refused_connections();
                return Ok(Collected { exit, stdout, stderr, refused });
            }
        }
        watch(output).await;
    }
}

fn exec(command: &str, timeout_seconds: u64) -> Exec {
    Exec {
        command: command.to_owned(),
        cwd: None,
        env: Vec::new(),
        user: None,
        stdin: false,
        timeout_ms: Some(timeout_seconds.saturating_mul(1000)),
        sync: false,
        service: false,
    }
}

async fn delete(vm: Vm, vm_id: &str) -> Cleanup {
    let (deleted, reason) = match vm.delete().await {
        Ok(()) => (true, "one-shot machine".to_owned()),
        Err(error) => (false, error.to_string()),
    };
    Cleanup { deleted, reason, vm_id: vm_id.to_owned() }
}

pub(super) fn result(
    command: &str,
    facts: VmFacts,
    collected: Collected,
    cleanup: Cleanup,
) -> RunResult {
    let Collected { exit, stdout, stderr, refused } = collected;
    let (stdout, stderr) = (stdout.finish(), stderr.finish());
    RunResult {
        vm_id: facts.vm_id,
        environment: facts.environment,
        environment_version: facts.environment_version,
        command: command.to_owned(),
        stdout: stdout.text,
        stderr: stderr.text,
        exit_code: exit.code,
        timed_out: exit.timed_out,
        duration_ms: exit.duration_us / 1000,
        execution_mode: facts.execution_mode,
        isolation: facts.isolation,
        jail: facts.jail,
        stdout_bytes: stdout.total,
        stderr_bytes: stderr.total,
        stdout_truncated: stdout.truncated,
        stderr_truncated: stderr.truncated,
        stdout_lossy: stdout.lossy,
        stderr_lossy: stderr.lossy,
        refused_connections: refused,
        warnings: facts.warnings,
        cleanup,
    }
}
