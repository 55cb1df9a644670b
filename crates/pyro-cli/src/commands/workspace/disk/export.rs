//! `pyro workspace disk export`.

use super::call::call;
use crate::failure::Outcome;
use crate::ui::{Ui, human_bytes};
use pyro::export::ExportTarget;
use pyro::secret::Disclosure;
use std::path::PathBuf;
use std::process::ExitCode;

/// Export the whole disk of a stopped workspace as a raw ext4 image
///
/// The image is sparse and has no partition table; the files of /workspace are in its directory /workspace,
/// what the guest changed of its root in /upper. Nothing is overwritten. After an unclean stop the image is
/// exported as it is, with a journal that whoever mounts it writes to its place.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace disk export fix-42 --output fix-42.ext4
  e2fsck -n fix-42.ext4")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// The image to make
    #[arg(long, value_name = "HOST_PATH")]
    output: PathBuf,
    /// Copy it although it holds a secret of the workspace
    #[arg(long)]
    allow_secrets: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn export(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, output, allow_secrets, json } = arguments;
    let disclosure = Disclosure::allowed_if(*allow_secrets);
    let exported = call(ui, async |config, observer| {
        let target = ExportTarget::of(output).map_err(pyro::Error::from)?;
        Ok(pyro::workspace::disk_export(config, workspace, target, disclosure, observer).await?)
    })?;
    if *json {
        ui.json(&exported)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (taken, size) = (human_bytes(exported.bytes_written), human_bytes(exported.size_bytes));
    ui.remark(&format!("{}: ext4, {size}, of which {taken} are taken", output.display()));
    if !exported.is_clean {
        ui.warning(
            "the workspace was not stopped cleanly: mounting the image, or `e2fsck -p`, completes it from its journal",
        );
    }
    Ok(ExitCode::SUCCESS)
}
