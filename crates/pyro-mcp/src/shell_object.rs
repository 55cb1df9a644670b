//! A shell as a model names it and sees it, in both forms; and what it shows, as text alone.

use crate::result::MAX_CHARACTERS;
use crate::work::tell;
use pyro::workspace::shell::ShellStatus;
use pyro::workspace::shell_read::ShellOutput;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// What everything but the output may need.
const FACTS: usize = 2_000;
/// So many characters of output one answer has.
pub(crate) const OUTPUT: usize = MAX_CHARACTERS - FACTS;

/// Arguments of tools that work on one shell.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByShell {
    /// The workspace's id or name.
    pub(crate) workspace_id: String,
    /// From shell_open.
    pub(crate) shell_id: String,
}

/// The structured form.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct ShellObject {
    workspace_id: String,
    shell_id: String,
    cwd: String,
    cols: u16,
    rows: u16,
    /// running, exited or closed.
    state: String,
    started_at: u64,
    ended_at: Option<u64>,
    exit_code: Option<i32>,
    execution_mode: String,
    notes: Vec<String>,
}

impl ShellObject {
    pub(crate) fn of(shell: ShellStatus, notes: Vec<String>) -> Self {
        Self {
            workspace_id: shell.workspace_id,
            shell_id: shell.shell_id,
            cwd: shell.cwd,
            cols: shell.cols,
            rows: shell.rows,
            state: shell.state.to_string(),
            started_at: shell.started_at,
            ended_at: shell.ended_at,
            exit_code: shell.exit_code,
            execution_mode: shell.execution_mode,
            notes,
        }
    }

    /// The whole answer, with what to do next.
    pub(crate) fn text(&self, next: &str) -> String {
        let Self { workspace_id, shell_id, cwd, cols, rows, state, .. } = self;
        let mut text =
            format!("workspace_id: {workspace_id}\nshell_id: {shell_id}\nstate: {state}\n");
        // Writing to a string cannot fail.
        if let Some(code) = self.exit_code {
            let _ = writeln!(text, "exit_code: {code}");
        }
        let _ = writeln!(text, "cwd: {cwd}\nsize: {cols}x{rows}");
        tell(&mut text, &self.notes);
        let _ = writeln!(text, "next: {next}");
        text
    }
}

/// What a shell has shown: the facts, the output, and the call that reads on.
pub(crate) fn page(read: &ShellOutput, notices: &[String]) -> String {
    let ShellOutput { shell, next_cursor, end_cursor, output, .. } = read;
    let mut page = format!("shell_id: {}\nstate: {}\n", shell.shell_id, shell.state);
    // Writing to a string cannot fail.
    if let Some(code) = shell.exit_code {
        let _ = writeln!(page, "exit_code: {code}");
    }
    let _ = writeln!(page, "next_cursor: {next_cursor} (of {end_cursor} bytes so far)");
    if read.alternate_screen {
        page += "note: a program draws on the whole screen; the output ends with that screen\n";
    }
    if read.lost_bytes > 0 {
        let lost = read.lost_bytes;
        let _ = writeln!(page, "note: truncated: {lost} bytes before this are no longer kept");
    } else if read.truncated {
        page += "note: truncated: the screen is larger than max_chars\n";
    }
    tell(&mut page, notices);
    if output.is_empty() {
        page += "output: (none)\n";
    } else {
        let line_end = if output.ends_with('\n') { "" } else { "\n" };
        let _ = write!(page, "output:\n{output}{line_end}");
    }
    let _ = match (next_cursor < end_cursor, shell.ended_at) {
        (true, _) => writeln!(page, "next: shell_read with cursor {next_cursor} reads on"),
        (false, Some(_)) => writeln!(page, "next: nothing; the shell has ended"),
        (false, None) => writeln!(
            page,
            "next: shell_write types; shell_read with cursor {next_cursor} shows what follows"
        ),
    };
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyro::workspace::shell::ShellLife;

    fn read(output: &str) -> ShellOutput {
        ShellOutput {
            shell: ShellStatus {
                workspace_id: "ws-1".into(),
                shell_id: "sh-1".into(),
                cwd: "/workspace".into(),
                cols: 120,
                rows: 30,
                state: ShellLife::Running,
                started_at: 1,
                ended_at: None,
                exit_code: None,
                execution_mode: "guest_vsock".into(),
            },
            cursor: 0,
            next_cursor: 7,
            end_cursor: 7,
            output: output.into(),
            truncated: false,
            lost_bytes: 0,
            plain: true,
            alternate_screen: false,
            wait_for_idle_ms: None,
            notices: vec![],
        }
    }

    #[test]
    fn a_page_says_where_to_read_on_and_stays_within_its_length() {
        let whole = page(&read("$ ls\nfile\n"), &[]);
        assert!(whole.contains("output:\n$ ls\nfile\nnext: shell_write"), "{whole}");
        let more = page(&ShellOutput { end_cursor: 9, ..read("") }, &[]);
        assert!(more.contains("output: (none)\nnext: shell_read with cursor 7"), "{more}");
        let longest =
            ShellOutput { lost_bytes: u64::MAX, truncated: true, ..read(&"x".repeat(OUTPUT)) };
        let notices = ["n".repeat(600), "m".repeat(600)];
        assert!(page(&longest, &notices).chars().count() <= MAX_CHARACTERS);
    }
}
