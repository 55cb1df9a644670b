//! `pyro workspace service logs`: what a service wrote, its end first of all.

use super::call::call;
use super::status::state;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::Config;
use pyro::event::Observer;
use pyro::workspace::{Beginning, LogsRead, ServiceLogs, service_logs};
use std::process::ExitCode;
use std::time::Duration;

/// So much is read in one step.
const PIECE: usize = 1 << 20;
/// How much of a whole log one JSON document has.
const DOCUMENT: usize = 16 << 20;
/// How long one step waits for something new.
const WAIT: Duration = Duration::from_secs(30);

/// Print what a service wrote since it was started
///
/// Stdout and stderr come as they were written, each on its own stream. Of each the first and the last 32 MiB
/// are kept. With --json one document comes, of a whole log at most the first 16 MiB.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace service logs fix-42 web
  pyro workspace service logs fix-42 web --tail-lines 20 --follow
  pyro workspace service logs fix-42 web --all | grep -i error")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which service
    name: String,
    /// Print the last so many lines of both streams together
    #[arg(long, default_value_t = 200, value_name = "N")]
    tail_lines: usize,
    /// Print all that is kept
    #[arg(long, conflicts_with = "tail_lines")]
    all: bool,
    /// Go on until the service ends; Ctrl-C leaves it running
    #[arg(long, conflicts_with = "json")]
    follow: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

impl Arguments {
    fn beginning(&self) -> Beginning {
        match self.all {
            true => Beginning::Cursor(0),
            false => Beginning::LastLines(self.tail_lines),
        }
    }
}

pub(super) fn logs(ui: &Ui, arguments: &Arguments) -> Outcome {
    let last = call(ui, async |config, observer| {
        if arguments.json {
            let read = piece(arguments.beginning(), DOCUMENT, Duration::ZERO);
            let Arguments { workspace, name, .. } = arguments;
            Ok(service_logs(config, workspace, name, &read, observer).await?)
        } else {
            pass_on(ui, config, arguments, observer).await
        }
    })?;
    if arguments.json {
        let tail_lines = (!arguments.all).then_some(arguments.tail_lines);
        ui.json(&last.object(tail_lines))?;
    } else {
        ui.summary(&format!("{}: {}", arguments.name, state(&last.status.service)));
    }
    Ok(ExitCode::SUCCESS)
}

fn piece(from: Beginning, max_bytes: usize, wait: Duration) -> LogsRead {
    LogsRead { from, max_bytes, wait }
}

/// Prints piece by piece until there is no more, or no more to come; the last piece.
async fn pass_on(
    ui: &Ui,
    config: &Config,
    arguments: &Arguments,
    observer: Observer<'_>,
) -> Outcome<ServiceLogs> {
    let Arguments { workspace, name, follow, .. } = arguments;
    let mut from = arguments.beginning();
    let mut first = None;
    loop {
        let wait = if *follow && first.is_some() { WAIT } else { Duration::ZERO };
        let logs =
            service_logs(config, workspace, name, &piece(from, PIECE, wait), observer).await?;
        let starts = logs.status.service.starts;
        if *first.get_or_insert(starts) != starts {
            // the log of another life
            return Ok(logs);
        }
        for part in &logs.parts {
            ui.output(part.stream, &part.bytes)?;
        }
        let more =
            logs.next_cursor < logs.total_bytes && from != Beginning::Cursor(logs.next_cursor);
        let more_to_come = *follow && logs.status.service.state.is_alive();
        from = Beginning::Cursor(logs.next_cursor);
        if !more && !more_to_come {
            return Ok(logs);
        }
    }
}
