//! What a model reads about a command that has run: the facts, then the output, as text alone.

use crate::result::{MAX_CHARACTERS, excerpt, share};
use pyro::vm::run::RunResult;
use std::fmt::Write;

/// What the lines above the output may need.
const HEADER_CHARACTERS: usize = 2_500;
/// What to do about output that was cut.
const ADVICE: &str = "run it again with the output filtered (head, tail, grep) to see them";

/// The facts, then the output.
pub(crate) fn command_report(result: &RunResult, timeout_seconds: u64) -> String {
    let mut report = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        report,
        "exit_code: {}\nduration_ms: {}\nisolation: {} (jail: {})\nenvironment: {} {}",
        result.exit_code,
        result.duration_ms,
        result.isolation,
        result.jail,
        result.environment,
        result.environment_version,
    );
    for remark in remarks(result, timeout_seconds) {
        let _ = writeln!(report, "note: {}", excerpt(&remark, 200, "see the server's host"));
    }
    let body = MAX_CHARACTERS - HEADER_CHARACTERS;
    let (out, err) = (result.stdout.chars().count(), result.stderr.chars().count());
    let (out, err) = share(body, out, err);
    for (name, content, limit) in [("stdout", &result.stdout, out), ("stderr", &result.stderr, err)]
    {
        if content.is_empty() {
            let _ = writeln!(report, "{name}: (empty)");
        } else {
            let _ = writeln!(report, "{name}:\n{}", excerpt(content, limit, ADVICE).trim_end());
        }
    }
    report
}

/// At most nine lines: the header's room is limited.
fn remarks(result: &RunResult, timeout_seconds: u64) -> Vec<String> {
    let mut remarks = Vec::new();
    if result.timed_out {
        remarks.push(format!(
            "killed after {timeout_seconds} s; a larger timeout_seconds gives it more"
        ));
    }
    if result.stdout_lossy || result.stderr_lossy {
        remarks.push("bytes that are not UTF-8 are shown as U+FFFD; use base64 or xxd".to_owned());
    }
    if !result.cleanup.deleted {
        remarks.push(format!("the machine could not be deleted: {}", result.cleanup.reason));
    }
    remarks.extend(result.warnings.iter().take(2).cloned());
    remarks.extend(result.refused_connections.iter().take(4).map(ToString::to_string));
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
            refused_connections: Vec::new(),
            warnings: Vec::new(),
            cleanup: Cleanup { deleted: true, reason: "done".into(), vm_id: "vm-1".into() },
        }
    }

    #[test]
    fn the_text_alone_says_everything() {
        assert_eq!(
            command_report(&result("a\nb\n", ""), 2),
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
        let report = command_report(&longest, 2);
        let characters = report.chars().count();
        assert!((20_000..=MAX_CHARACTERS).contains(&characters), "{characters}");
        assert_eq!(report.matches("characters left out; run it again").count(), 2);
        assert!(report.contains("note: killed after 2 s"));
    }
}
