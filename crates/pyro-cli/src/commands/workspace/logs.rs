//! `pyro workspace logs`: every command since the creation or the last reset.

use super::call::call;
use crate::failure::Outcome;
use crate::ui::{Ui, ago, one_line, printable, seconds};
use crate::words::as_typed;
use pyro::vm::run::OutputLimits;
use pyro::workspace::{LogEntry, Logs};
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Show the history of a workspace: its commands, how they ended, what they wrote
///
/// Of long output the beginning and the end are shown; `pyro workspace exec-read` has all of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace logs fix-42
  pyro workspace logs fix-42 --output-bytes 0
  pyro workspace logs fix-42 --json")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// So many bytes of each command's stdout, and of its stderr, at most
    #[arg(long, default_value_t = 65_536, value_name = "N")]
    output_bytes: usize,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn logs(ui: &Ui, arguments: &Arguments) -> Outcome {
    let limits = OutputLimits { max_bytes_each: arguments.output_bytes };
    let logs = call(ui, async |config, observer| {
        Ok(pyro::workspace::logs(config, &arguments.workspace, limits, observer).await?)
    })?;
    if arguments.json {
        ui.json(&logs)?;
    } else {
        ui.data(&history(&logs))?;
        if logs.count == 0 {
            ui.summary("no commands yet");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn history(logs: &Logs) -> String {
    let mut text = String::new();
    for entry in &logs.entries {
        // writing to a string cannot fail
        let _ = writeln!(text, "[{}] $ {}", entry.sequence, one_line(as_typed(&entry.command)));
        indent(&mut text, "  ", &entry.stdout);
        indent(&mut text, "! ", &entry.stderr);
        let _ =
            writeln!(text, "    {} ({}, {})", end(entry), ago(entry.recorded_at), entry.exec_id);
    }
    text
}

/// Output between two commands; the sign tells stderr from stdout.
fn indent(text: &mut String, sign: &str, output: &str) {
    for line in printable(output).lines() {
        let _ = writeln!(text, "  {sign}{line}");
    }
}

fn end(entry: &LogEntry) -> String {
    match (&entry.failure, entry.exit_code, entry.duration_ms) {
        (Some(why), ..) => format!("failed: {}", one_line(why)),
        (None, Some(code), Some(took)) => {
            format!("exit code {code} after {}", seconds(Duration::from_millis(took)))
        }
        _ => "running".to_owned(),
    }
}
