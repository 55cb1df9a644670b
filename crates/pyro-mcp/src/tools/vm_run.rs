//! `vm_run`: one command in a machine of its own.

use crate::error::CallError;
use crate::preparation::Readiness;
use crate::progress::{Phrase, heartbeat};
use crate::result::{MAX_CHARACTERS, excerpt, failure, share, text};
use crate::schema;
use crate::server::Server;
use pyro::Error;
use pyro::vm::run::{OutputLimits, RunRequest, RunResult, run};
use pyro::vm::{Vm, VmSpec};
use rmcp::RoleServer;
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use rmcp::service::RequestContext;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Write;
use std::time::Duration;

pub(crate) const NAME: &str = "vm_run";

const DESCRIPTION: &str = "\
Run one shell command in a fresh, disposable Linux virtual machine, isolated from the user's \
computer, and return stdout, stderr and the exit code. The machine is deleted afterwards; nothing \
is kept between calls. Runs as root with /bin/sh -lc; no network; no files of the user's computer. \
Text output beyond 24,000 characters is cut in the middle. The first call for an environment may \
answer `state: preparing`: call again with the same arguments to continue.";

/// A call returns within a minute while an environment is being prepared.
const PATIENCE: Duration = Duration::from_secs(45);
/// The longest time limit of a command, in seconds.
const MAX_TIMEOUT_SECONDS: u64 = 86_400;
/// What the lines above the output may need.
const HEADER_CHARACTERS: usize = 1_500;
/// What to do about output that was cut.
const ADVICE: &str = "run it again with the output filtered (head, tail, grep) to see them";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// What to boot: debian:12 (with git), debian:12-base (minimal) or debian:12-build (git, C and
    /// C++ build tools). Default debian:12.
    #[serde(default = "defaults::environment")]
    environment: String,
    /// One string for /bin/sh -lc. Carry files and scripts in it, for example as a here document.
    command: String,
    /// Virtual CPUs. Default 1.
    #[serde(default = "defaults::vcpu_count")]
    vcpu_count: u32,
    /// Memory in MiB, at least 128. Default 1024.
    #[serde(default = "defaults::mem_mib")]
    mem_mib: u32,
    /// The command is killed after so many seconds and its exit code is then 124. Default 30. Some
    /// hosts give up on a call after 300 seconds: stay below 240.
    #[serde(default = "defaults::timeout_seconds")]
    timeout_seconds: u64,
    /// The machine ends after so many seconds in any case. Default 600.
    #[serde(default = "defaults::ttl_seconds")]
    ttl_seconds: u64,
    /// Give the machine a network. Default false; not available in this release.
    #[serde(default)]
    network: bool,
    /// Where no machine can boot, run the command on the user's computer without any isolation.
    /// Default false; refused unless the human allowed it when starting the server.
    #[serde(default)]
    allow_host_compat: bool,
}

/// Those of the command line, except where the text above says otherwise.
mod defaults {
    use pyro::vm::VmSpec;

    pub(super) fn environment() -> String {
        VmSpec::default().environment
    }
    pub(super) fn vcpu_count() -> u32 {
        VmSpec::default().vcpu_count
    }
    pub(super) fn mem_mib() -> u32 {
        VmSpec::default().mem_mib
    }
    pub(super) fn timeout_seconds() -> u64 {
        30
    }
    pub(super) fn ttl_seconds() -> u64 {
        VmSpec::default().ttl_seconds
    }
}

pub(crate) fn describe() -> Tool {
    Tool::new(NAME, DESCRIPTION, schema::input::<Input>())
        .with_title("Run a command in a disposable virtual machine")
        .with_annotations(
            // What it changes is gone when it returns, and it reaches nothing outside.
            ToolAnnotations::new()
                .read_only(false)
                .destructive(false)
                .idempotent(false)
                .open_world(false),
        )
}

/// Prepares, runs, answers. Ends early, and the machine with it, when the client cancels or the
/// server ends.
pub(crate) async fn call(
    server: &Server,
    arguments: JsonObject,
    context: &RequestContext<RoleServer>,
) -> CallToolResult {
    let phrase = Phrase::default();
    let beat = heartbeat(&context.peer, context.meta.get_progress_token(), &phrase);
    let outcome = tokio::select! {
        outcome = prepare_and_run(server, arguments, &phrase) => outcome,
        // The answer to a cancelled request is not sent.
        () = context.ct.cancelled() => Err(CallError::Ending.into()),
        () = server.ending().cancelled() => Err(CallError::Ending.into()),
        () = beat => Err(CallError::Ending.into()),
    };
    match outcome {
        Ok(answer) => text(answer),
        Err(error) => failure(&error),
    }
}

async fn prepare_and_run(
    server: &Server,
    arguments: JsonObject,
    phrase: &Phrase,
) -> Result<String, Error> {
    let request = request(server, arguments)?;
    let environment = &request.vm.environment;
    if Vm::boots(server.config(), &request.vm)?
        && let Readiness::Preparing(doing) = server.prepare(environment, PATIENCE, phrase).await?
    {
        return Ok(still_preparing(environment, &doing));
    }
    phrase.set("waiting for a machine of this server to end");
    let _turn = server.turn().await;
    phrase.set("starting the machine");
    let observer = |event| phrase.follow(&event);
    let result = run(server.config(), &request, OutputLimits::default(), &observer).await?;
    Ok(answer(&result, &request))
}

fn request(server: &Server, arguments: JsonObject) -> Result<RunRequest, Error> {
    let input: Input =
        serde_json::from_value(Value::Object(arguments)).map_err(CallError::Arguments)?;
    if input.allow_host_compat && !server.allows_host_compat() {
        return Err(CallError::HostCompatDenied.into());
    }
    let vm = VmSpec {
        environment: input.environment,
        vcpu_count: input.vcpu_count,
        mem_mib: input.mem_mib,
        ttl_seconds: input.ttl_seconds,
        network: input.network,
        allow_host_compat: input.allow_host_compat,
        allow_weak_isolation: false,
    };
    vm.check()?;
    let timeout_seconds = input.timeout_seconds.min(MAX_TIMEOUT_SECONDS);
    Ok(RunRequest { vm, command: input.command, timeout_seconds })
}

fn still_preparing(environment: &str, doing: &str) -> String {
    format!(
        "state: preparing\nenvironment: {environment}\nprogress: {doing}\n\nThe command has not \
         run yet. The environment is being prepared, once, and that goes on in the background.\n\
         next: call vm_run again with the same arguments to continue.\n"
    )
}

/// The facts, then the output.
fn answer(result: &RunResult, request: &RunRequest) -> String {
    let mut answer = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        answer,
        "exit_code: {}\nduration_ms: {}\nisolation: {} (jail: {})\nenvironment: {} {}",
        result.exit_code,
        result.duration_ms,
        result.isolation,
        result.jail,
        result.environment,
        result.environment_version,
    );
    for remark in remarks(result, request) {
        let _ = writeln!(answer, "note: {}", excerpt(&remark, 200, "see the server's host"));
    }
    let body = MAX_CHARACTERS - HEADER_CHARACTERS;
    let (out, err) = (result.stdout.chars().count(), result.stderr.chars().count());
    let (out, err) = share(body, out, err);
    for (name, content, limit) in [("stdout", &result.stdout, out), ("stderr", &result.stderr, err)]
    {
        if content.is_empty() {
            let _ = writeln!(answer, "{name}: (empty)");
        } else {
            let _ = writeln!(answer, "{name}:\n{}", excerpt(content, limit, ADVICE).trim_end());
        }
    }
    answer
}

/// At most five lines: the header's room is limited.
fn remarks(result: &RunResult, request: &RunRequest) -> Vec<String> {
    let mut remarks = Vec::new();
    if result.timed_out {
        let limit = request.timeout_seconds;
        remarks.push(format!("killed after {limit} s; a larger timeout_seconds gives it more"));
    }
    if result.stdout_lossy || result.stderr_lossy {
        remarks.push("bytes that are not UTF-8 are shown as U+FFFD; use base64 or xxd".to_owned());
    }
    if !result.cleanup.deleted {
        remarks.push(format!("the machine could not be deleted: {}", result.cleanup.reason));
    }
    remarks.extend(result.warnings.iter().take(2).cloned());
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyro::config::Isolation;
    use pyro::vm::run::Cleanup;

    fn result(stdout: &str, stderr: &str) -> RunResult {
        RunResult {
            vm_id: "vm-1".into(),
            environment: "debian:12".into(),
            environment_version: "1.0.0".into(),
            command: "true".into(),
            stdout: stdout.into(),
            stderr: stderr.into(),
            exit_code: 7,
            timed_out: false,
            duration_ms: 12,
            execution_mode: "guest_vsock".into(),
            isolation: Isolation::EmulatedVm,
            jail: "full".into(),
            stdout_bytes: stdout.len() as u64,
            stderr_bytes: stderr.len() as u64,
            stdout_truncated: false,
            stderr_truncated: false,
            stdout_lossy: false,
            stderr_lossy: false,
            warnings: Vec::new(),
            cleanup: Cleanup { deleted: true, reason: "done".into(), vm_id: "vm-1".into() },
        }
    }

    fn request() -> RunRequest {
        RunRequest { vm: VmSpec::default(), command: "true".into(), timeout_seconds: 2 }
    }

    #[test]
    fn the_text_alone_says_everything() {
        assert_eq!(
            answer(&result("a\nb\n", ""), &request()),
            "exit_code: 7\nduration_ms: 12\nisolation: emulated-vm (jail: full)\n\
             environment: debian:12 1.0.0\nstdout:\na\nb\nstderr: (empty)\n"
        );
    }

    #[test]
    fn the_longest_answer_stays_within_the_limit() {
        let mut longest = result(&"o".repeat(1 << 20), &"e".repeat(1 << 20));
        longest.timed_out = true;
        longest.stdout_lossy = true;
        longest.cleanup.deleted = false;
        longest.cleanup.reason = "r".repeat(5000);
        longest.warnings = vec!["w".repeat(5000); 50];
        let answer = answer(&longest, &request());
        let characters = answer.chars().count();
        assert!((20_000..=MAX_CHARACTERS).contains(&characters), "{characters}");
        assert_eq!(answer.matches("characters left out; run it again").count(), 2);
        assert!(answer.contains("note: killed after 2 s"));
    }
}
