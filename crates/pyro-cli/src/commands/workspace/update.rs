//! `pyro workspace update`: another name, other labels, another time to live.

use super::call::call;
use super::create::label;
use super::status::show;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::workspace::Update;
use std::process::ExitCode;

/// Change a workspace's name, labels or time to live
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace update fix-42 --name fix-43 --label owner=grace
  pyro workspace update fix-43 --clear-label owner --ttl-seconds 7200")]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Its new name
    #[arg(long, conflicts_with = "clear_name", group = "change")]
    name: Option<String>,
    /// Take its name away
    #[arg(long, group = "change")]
    clear_name: bool,
    /// Set a label; may be given more than once
    #[arg(long = "label", value_name = "K=V", value_parser = label, group = "change")]
    labels: Vec<(String, String)>,
    /// Take a label away; may be given more than once
    #[arg(long = "clear-label", value_name = "K", group = "change")]
    clear_labels: Vec<String>,
    /// Stop it when nobody has used it for so many seconds
    #[arg(long, value_name = "N", group = "change")]
    ttl_seconds: Option<u64>,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

impl Arguments {
    fn update(&self) -> Update {
        Update {
            name: if self.clear_name { Some(None) } else { self.name.clone().map(Some) },
            labels: self.labels.iter().cloned().collect(),
            clear_labels: self.clear_labels.clone(),
            ttl_seconds: self.ttl_seconds,
        }
    }
}

pub(super) fn update(ui: &Ui, arguments: &Arguments) -> Outcome {
    let (wanted, update) = (&arguments.workspace, arguments.update());
    let updated = call(ui, async |config, observer| {
        Ok(pyro::workspace::update(config, wanted, &update, observer).await?)
    })?;
    show(ui, &updated, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}
