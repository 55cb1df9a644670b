//! What a model reads about a command of a workspace: the facts, then its output as a terminal would
//! have shown it, as text alone. Where that is too long, both ends, and the call that returns the rest.

use crate::result::{MAX_CHARACTERS, excerpt};
use crate::server::Server;
use crate::transcript::{Transcript, transcript};
use crate::work::tell;
use pyro::Error;
use pyro::event::ignore;
use pyro::network::RefusedConnection;
use pyro::workspace::exec::{ExecReport, ExecState};
use pyro::workspace::exec_read::{ExecOutput, ExecRead, exec_read};
use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;

/// What everything but the output may need.
const FACTS: usize = 2_500;
/// So many characters of output one answer has.
pub(crate) const OUTPUT: usize = MAX_CHARACTERS - FACTS;
/// A character has at most so many bytes.
const WIDEST: usize = 4;

/// Reads a part of a command's output.
pub(crate) async fn read(
    server: &Server,
    exec_id: &str,
    cursor: u64,
    wait: Duration,
) -> Result<ExecOutput, Error> {
    let max_bytes = OUTPUT * WIDEST;
    let read = ExecRead { exec_id: exec_id.to_owned(), cursor, max_bytes, wait };
    exec_read(server.config(), &read, &ignore).await
}

/// The report about a command that a call has waited for.
pub(crate) async fn report(
    server: &Server,
    report: &ExecReport,
    timeout_seconds: u64,
    notices: &[String],
) -> Result<String, Error> {
    let running = report.state == ExecState::Running;
    let mut text = facts(report, timeout_seconds);
    tell(&mut text, notices);
    let beginning = read(server, &report.exec_id, 0, Duration::ZERO).await?;
    let whole = transcript(&beginning.parts, OUTPUT, running);
    let mut next = cursor_after(&beginning, &whole);
    let shown = if beginning.total_bytes < next + WIDEST as u64 {
        whole
    } else {
        let head = transcript(&beginning.parts, OUTPUT / 2, running);
        let head_end = cursor_after(&beginning, &head);
        // in bytes: that many characters at most
        let from = beginning.total_bytes.saturating_sub(OUTPUT as u64 / 2).max(head_end);
        let mut end = read(server, &report.exec_id, from, Duration::ZERO).await?;
        begin_with_a_character(&mut end);
        let tail = transcript(&end.parts, OUTPUT / 2, running);
        next = cursor_after(&end, &tail);
        both_ends(&report.exec_id, head, &tail, head_end..from)
    };
    output(&mut text, &shown);
    if running {
        let _ = writeln!(text, "{}", how_to_follow(&report.exec_id, next));
    }
    Ok(text)
}

/// The place in the output behind what is shown of a reading.
fn cursor_after(read: &ExecOutput, shown: &Transcript) -> u64 {
    let bytes: u64 = read.parts.iter().map(|part| part.bytes.len() as u64).sum();
    read.next_cursor - bytes.saturating_sub(shown.bytes)
}

/// A reading that begins somewhere leaves out the rest of a character that began before.
fn begin_with_a_character(read: &mut ExecOutput) {
    if let Some(part) = read.parts.first_mut() {
        let continues = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
        let rest = part.bytes.iter().take(WIDEST - 1).take_while(continues).count();
        part.bytes.drain(..rest);
    }
}

fn facts(report: &ExecReport, timeout_seconds: u64) -> String {
    let mut text = format!("workspace_id: {}\n", report.workspace_id);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "exec_id: {}\nstate: {}", report.exec_id, state(report.state));
    if let Some(code) = report.exit_code {
        let _ = writeln!(text, "exit_code: {code}");
    }
    let _ = writeln!(
        text,
        "duration_ms: {}\nisolation: {} (jail: {})",
        report.duration_ms, report.isolation, report.jail
    );
    if report.timed_out {
        let _ = writeln!(
            text,
            "note: killed after {timeout_seconds} s; a larger timeout_seconds gives it more"
        );
    }
    refused(&mut text, &report.refused_connections);
    text
}

/// What the network policy refused; each line is short, because the room for facts is.
fn refused(text: &mut String, connections: &[RefusedConnection]) {
    for connection in connections.iter().take(4) {
        let told = excerpt(&connection.to_string(), 200, "see the server's host");
        let _ = writeln!(text, "note: {told}");
    }
}

/// The report about a part of a command's output.
pub(crate) fn page(read: &ExecOutput) -> String {
    let running = read.state == ExecState::Running;
    let shown = transcript(&read.parts, OUTPUT, running);
    let next = cursor_after(read, &shown);
    let command = excerpt(&read.command, 300, "workspace_logs has it");
    let mut text = format!("exec_id: {}\nstate: {}\n", read.exec_id, state(read.state));
    // Writing to a string cannot fail.
    if let Some(code) = read.exit_code {
        let _ = writeln!(text, "exit_code: {code}");
    }
    let _ = writeln!(text, "command: {command}");
    if let Some(why) = &read.why {
        let _ = writeln!(text, "note: {}", excerpt(why, 400, "see the server's host"));
    }
    if read.lost_bytes > 0 {
        let _ = writeln!(text, "note: {} bytes before this are no longer kept", read.lost_bytes);
    }
    refused(&mut text, &read.refused_connections);
    let _ = writeln!(text, "next_cursor: {next} (of {} bytes so far)", read.total_bytes);
    output(&mut text, &shown);
    let _ = match (running, next < read.total_bytes) {
        (_, true) => writeln!(text, "next: workspace_exec_read with cursor {next} reads on"),
        (true, false) => writeln!(text, "{}", how_to_follow(&read.exec_id, next)),
        (false, false) => {
            writeln!(text, "next: nothing; the command has ended and this is its end")
        }
    };
    text
}

fn both_ends(
    exec_id: &str,
    head: Transcript,
    tail: &Transcript,
    missing: Range<u64>,
) -> Transcript {
    let note = format!(
        "\n[... {} bytes left out; workspace_exec_read with exec_id {exec_id} and cursor {} returns \
         them ...]\n",
        missing.end - missing.start,
        missing.start
    );
    let lossy = head.lossy || tail.lossy;
    Transcript { text: head.text + &note + &tail.text, bytes: head.bytes + tail.bytes, lossy }
}

fn output(text: &mut String, shown: &Transcript) {
    if shown.lossy {
        text.push_str("note: bytes that are not UTF-8 are shown as U+FFFD; use base64 or xxd\n");
    }
    if shown.text.is_empty() {
        text.push_str("output: (none)\n");
    } else {
        text.push_str("output:\n");
        text.push_str(&shown.text);
        if !shown.text.ends_with('\n') {
            text.push('\n');
        }
    }
}

/// The next step while a command runs.
fn how_to_follow(exec_id: &str, cursor: u64) -> String {
    format!(
        "next: it goes on; workspace_exec_read with exec_id {exec_id}, cursor {cursor} and wait_ms \
         60000 follows it, workspace_exec_stop ends it"
    )
}

/// The word for it.
pub(crate) fn state(state: ExecState) -> &'static str {
    match state {
        ExecState::Running => "running",
        ExecState::Exited => "exited",
        ExecState::Stopped => "stopped",
        ExecState::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyro::journal::{Part, Stdio};

    fn read(text: &str, cursor: u64, total: u64, state: ExecState) -> ExecOutput {
        ExecOutput {
            workspace_id: "ws-1".into(),
            exec_id: "ws-1.2".into(),
            command: "make".into(),
            state,
            exit_code: (state != ExecState::Running).then_some(0),
            why: None,
            refused_connections: Vec::new(),
            parts: vec![Part { stream: Stdio::Out, bytes: text.into() }],
            next_cursor: cursor + text.len() as u64,
            total_bytes: total,
            lost_bytes: 0,
        }
    }

    #[test]
    fn a_page_says_where_to_read_on_and_never_grows_beyond_the_limit() {
        let long = "ä".repeat(OUTPUT * 2);
        let page = page(&read(&long, 10, 90_000, ExecState::Exited));
        assert!(page.chars().count() <= MAX_CHARACTERS, "{}", page.chars().count());
        let next = 10 + 2 * OUTPUT;
        assert!(page.contains(&format!("next_cursor: {next} (of 90000")), "{}", &page[..200]);
        assert!(page.ends_with(&format!("workspace_exec_read with cursor {next} reads on\n")));
    }

    #[test]
    fn the_end_and_what_still_runs_are_told_apart() {
        let ended = page(&read("done\n", 0, 5, ExecState::Exited));
        assert!(ended.contains("exit_code: 0\n") && ended.contains("output:\ndone\n"), "{ended}");
        assert!(ended.contains("the command has ended"), "{ended}");
        let running = page(&read("", 5, 5, ExecState::Running));
        assert!(running.contains("output: (none)") && running.contains("cursor 5"), "{running}");
    }
}
