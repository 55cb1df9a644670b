//! `pyro workspace shell open`.

use super::call::work;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::workspace::shell_open::ShellSpec;
use std::process::ExitCode;

/// Open a shell in a workspace: a login shell, as root
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace shell open fix-42
  shell=$(pyro workspace shell open fix-42 --cwd /workspace/src --id-only)")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// In which directory
    #[arg(long, default_value = "/workspace", value_name = "DIR")]
    cwd: String,
    /// How wide its terminal is, in characters
    #[arg(long, default_value_t = 120, value_name = "N")]
    cols: u16,
    /// How high
    #[arg(long, default_value_t = 30, value_name = "N")]
    rows: u16,
    /// Put a secret of the workspace into its environment, under its own name or another; may be given more than
    /// once
    #[arg(long, value_name = "SECRET[=ENV_VAR]")]
    secret_env: Vec<String>,
    /// Print the shell's id and nothing else
    #[arg(long, conflicts_with = "json")]
    id_only: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn open(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace: id, cwd, cols, rows, .. } = arguments;
    let (cwd, secret_env) = (cwd.clone(), super::super::secret_env(&arguments.secret_env)?);
    let spec = ShellSpec { cwd, cols: *cols, rows: *rows, secret_env };
    let opened = work(ui, id, async |workspace, _| Ok(workspace.shell_open(&spec).await?))?;
    if arguments.json {
        ui.json(&opened)?;
    } else if arguments.id_only {
        ui.data(&format!("{}\n", opened.shell_id))?;
    } else {
        let shell = &opened.shell_id;
        ui.data(&format!("{shell} runs in {} of {}\n", opened.cwd, opened.workspace_id))?;
        ui.summary(&format!("`pyro workspace shell attach {id} {shell}` joins it"));
    }
    Ok(ExitCode::SUCCESS)
}
