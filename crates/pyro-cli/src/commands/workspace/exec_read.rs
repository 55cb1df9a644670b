//! `pyro workspace exec-read`: what a command wrote, from its beginning, while it runs or later.

use super::call::call;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::Config;
use pyro::event::Observer;
use pyro::workspace::exec::ExecState;
use pyro::workspace::exec_read::{ExecOutput, ExecRead, exec_read as read};
use std::process::ExitCode;
use std::time::Duration;

/// So much is read in one step, and printed as one JSON document.
const PIECE: usize = 1 << 20;
/// How long one step waits for something new.
const WAIT: Duration = Duration::from_secs(30);

/// Print what a command of a workspace has written so far
///
/// Stdout and stderr come as they were written, each on its own stream. With --json at most 1 MiB comes at
/// once; `next_cursor` is where to read on.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace exec-read ws-0a1b2c3d4e5f.3
  pyro workspace exec-read ws-0a1b2c3d4e5f.3 --follow
  pyro workspace exec-read ws-0a1b2c3d4e5f.3 --cursor 4096 --json")]
pub(crate) struct Arguments {
    /// The command, as `exec --detach` and `logs` name it
    #[arg(value_name = "EXEC_ID")]
    exec_id: String,
    /// Begin behind so many bytes of both streams
    #[arg(long, default_value_t = 0, value_name = "N")]
    cursor: u64,
    /// Go on until the command ends; Ctrl-C leaves it running
    #[arg(long, conflicts_with = "json")]
    follow: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn exec_read(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { exec_id, cursor, .. } = arguments;
    let last = call(ui, async |config, observer| {
        if arguments.json {
            let read = piece(exec_id, *cursor, Duration::ZERO);
            Ok(self::read(config, &read, observer).await?)
        } else {
            pass_on(ui, config, arguments, observer).await
        }
    })?;
    if arguments.json {
        ui.json(&last.object(*cursor))?;
    } else {
        ui.summary(&end(&last));
    }
    Ok(ExitCode::SUCCESS)
}

fn piece(exec_id: &str, cursor: u64, wait: Duration) -> ExecRead {
    ExecRead { exec_id: exec_id.to_owned(), cursor, max_bytes: PIECE, wait }
}

/// Prints piece by piece until there is no more, or no more to come; the last piece.
async fn pass_on(
    ui: &Ui,
    config: &Config,
    arguments: &Arguments,
    observer: Observer<'_>,
) -> Outcome<ExecOutput> {
    let wait = if arguments.follow { WAIT } else { Duration::ZERO };
    let (mut cursor, mut lost) = (arguments.cursor, 0);
    loop {
        let output = read(config, &piece(&arguments.exec_id, cursor, wait), observer).await?;
        for part in &output.parts {
            ui.output(part.stream, &part.bytes)?;
        }
        lost += output.lost_bytes;
        let more = output.next_cursor < output.total_bytes && output.next_cursor > cursor;
        let more_to_come = arguments.follow && output.state == ExecState::Running;
        cursor = output.next_cursor;
        if !more && !more_to_come {
            if lost > 0 {
                ui.warning(&format!("{lost} bytes of its output are no longer kept"));
            }
            return Ok(output);
        }
    }
}

/// `ws-1.3 runs`, `ws-1.3 ended: exit code 7`.
pub(super) fn end(output: &ExecOutput) -> String {
    let id = &output.exec_id;
    match (output.state, &output.why, output.exit_code) {
        (ExecState::Running, ..) => format!("{id} runs"),
        (_, Some(why), _) => format!("{id} failed: {why}"),
        (_, None, Some(code)) => format!("{id} ended: exit code {code}"),
        (_, None, None) => format!("{id} ended"),
    }
}
