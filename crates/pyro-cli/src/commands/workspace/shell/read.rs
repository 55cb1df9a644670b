//! `pyro workspace shell read`: what a shell has shown.

use super::call::work;
use super::how_it_stands;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::workspace::shell_read::{ShellOutput, ShellRead};
use std::process::ExitCode;

/// Print what a shell of a workspace has shown
///
/// Of each shell the last MiB is kept. What comes is byte for byte what the terminal got, escape sequences included; with --plain it is what a person would read: the lines that were written to since the cursor, as they are now, and the whole screen where an editor or a pager draws on it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace shell read fix-42 sh-0a1b2c3d --plain
  pyro workspace shell read fix-42 sh-0a1b2c3d --plain --wait-for-idle-ms 500
  pyro workspace shell read fix-42 sh-0a1b2c3d --cursor 4096 --json")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which shell
    shell: String,
    /// Begin behind so many bytes; the last reading's `next_cursor`
    #[arg(long, default_value_t = 0, value_name = "N")]
    cursor: u64,
    /// So many characters at most
    #[arg(long, default_value_t = 65_536, value_name = "N", value_parser = at_least_one)]
    max_chars: usize,
    /// What a person would read, without escape sequences
    #[arg(long)]
    plain: bool,
    /// Wait first until nothing was shown for so many milliseconds, 30000 at most
    #[arg(long, value_name = "N")]
    wait_for_idle_ms: Option<u64>,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("it is a number from 1 on".to_owned()),
        Ok(number) => Ok(number),
    }
}

impl Arguments {
    fn read(&self) -> ShellRead {
        let now =
            ShellRead { cursor: self.cursor, plain: self.plain, ..ShellRead::all(self.max_chars) };
        self.wait_for_idle_ms.map_or(now, |idle_ms| now.once_idle_for(idle_ms))
    }
}

pub(super) fn read(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, shell, .. } = arguments;
    let read = work(ui, workspace, async |workspace, _| {
        Ok(workspace.shell_read(shell, arguments.read()).await?)
    })?;
    if arguments.json {
        ui.json(&read)?;
        return Ok(ExitCode::SUCCESS);
    }
    ui.guest_text(&read.output)?;
    tell_where_it_stands(ui, &read);
    Ok(ExitCode::SUCCESS)
}

fn tell_where_it_stands(ui: &Ui, read: &ShellOutput) {
    if read.lost_bytes > 0 {
        ui.warning(&format!("{} bytes before this are no longer kept", read.lost_bytes));
    }
    let ShellOutput { shell, next_cursor, end_cursor, .. } = read;
    let state = how_it_stands(shell);
    ui.remark(&format!("{state}; --cursor {next_cursor} reads on (of {end_cursor} bytes so far)"));
}
