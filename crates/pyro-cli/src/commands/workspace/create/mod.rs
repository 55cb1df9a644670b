//! `pyro workspace create`: a workspace from nothing, a directory, an archive or a Git project.

mod secrets;
pub(super) mod source;

use super::call::call;
use crate::ca_bundle::CaBundle;
use crate::commands::network::Policy;
use crate::failure::Outcome;
use crate::ui::{Ui, seconds};
use pyro::vm::{DEFAULT_ENVIRONMENT, VmSpec};
use pyro::workspace::{WorkspaceSpec, WorkspaceStatus};
use secrets::Secrets;
use source::Source;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Make a workspace, and leave it started
///
/// It begins empty, or with what one of the seed options names. Its baseline is taken at the end: `diff`
/// compares with it, `reset` goes back to it. It stays until it is deleted. When nobody has used it for
/// its time to live it stops; the next call starts it again, and after a day it is removed.
///
/// Prints the id on stdout, and what was done on stderr.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace create
  pyro workspace create debian:12-build --project --name fix-42
  pyro workspace create --seed-path ./src.tar.gz --label owner=grace --ttl-seconds 3600
  pyro workspace create --network-policy egress --allow-host '*.debian.org'
  pyro workspace create --repo-url https://git.example/tool.git --repo-ref v1.2
  pyro workspace create --ca-bundle host
  pyro workspace create --secret-file TOKEN=token.txt --secret-env-from NPM_TOKEN
  id=$(pyro workspace create --id-only)")]
pub(crate) struct Arguments {
    /// What to boot, as `pyro env list` names it
    #[arg(value_name = "ENV", default_value = DEFAULT_ENVIRONMENT)]
    environment: String,
    #[command(flatten)]
    source: Source,
    /// Its name: letters, digits, '.', '_', '-' and '/'
    #[arg(long)]
    name: Option<String>,
    /// A note about it; may be given more than once
    #[arg(long = "label", value_name = "K=V", value_parser = label)]
    labels: Vec<(String, String)>,
    /// Virtual CPUs
    #[arg(long, default_value_t = 1, value_name = "N")]
    vcpu_count: u32,
    /// Memory in MiB
    #[arg(long, default_value_t = 1024, value_name = "N")]
    mem_mib: u32,
    /// Stop it when nobody has used it for so many seconds
    #[arg(long, default_value_t = 600, value_name = "N")]
    ttl_seconds: u64,
    #[command(flatten)]
    network: Policy,
    #[command(flatten)]
    ca_bundle: CaBundle,
    #[command(flatten)]
    secrets: Secrets,
    /// Run on the host, without isolation, where no machine can boot
    #[arg(long)]
    allow_host_compat: bool,
    /// Run an emulated machine even where nothing jails the emulator
    #[arg(long)]
    allow_weak_isolation: bool,
    /// Print one JSON document
    #[arg(long, conflicts_with = "id_only")]
    pub(super) json: bool,
    /// Print the id and say nothing else
    #[arg(long)]
    id_only: bool,
}

/// `K=V`, as a label is written.
pub(super) fn label(text: &str) -> Result<(String, String), String> {
    let (label, value) = text.split_once('=').ok_or("a label is written K=V")?;
    Ok((label.to_owned(), value.to_owned()))
}

impl Arguments {
    fn spec(&self) -> Result<WorkspaceSpec, pyro::Error> {
        Ok(WorkspaceSpec {
            machine: VmSpec {
                environment: self.environment.clone(),
                vcpu_count: self.vcpu_count,
                mem_mib: self.mem_mib,
                ttl_seconds: self.ttl_seconds,
                network: false,
                allow: self.network.allowed.list()?,
                allow_host_compat: self.allow_host_compat,
                allow_weak_isolation: self.allow_weak_isolation,
            },
            name: self.name.clone(),
            labels: self.labels.iter().cloned().collect(),
            network_policy: self.network.policy()?.unwrap_or_default(),
            secrets: self.secrets.read()?,
        })
    }
}

pub(super) fn create(ui: &Ui, arguments: &Arguments) -> Outcome {
    let spec = arguments.spec()?;
    spec.check()?;
    let started = Instant::now();
    let made = call(ui, async |config, observer| {
        let config = arguments.ca_bundle.in_place_of_the_default(config.clone())?;
        let mut opened = arguments.source.open(ui, &config).await?;
        Ok(pyro::workspace::create(&config, &spec, opened.seed.take(), observer).await?)
    })?;
    if arguments.json {
        ui.json(&made)?;
        return Ok(ExitCode::SUCCESS);
    }
    tell_what_was_left_out(ui, &made);
    ui.data(&format!("{}\n", made.workspace_id))?;
    if !arguments.id_only {
        tell(ui, &made, started.elapsed());
    }
    Ok(ExitCode::SUCCESS)
}

/// What the user should know, whoever reads the id.
fn tell_what_was_left_out(ui: &Ui, made: &WorkspaceStatus) {
    for warning in &made.warnings {
        ui.warning(warning);
    }
    if let Some(seed) = &made.workspace_seed {
        source::tell_what_was_left_out(ui, &seed.withheld, &seed.changed_during_read);
    }
}

fn tell(ui: &Ui, made: &WorkspaceStatus, took: Duration) {
    let WorkspaceStatus { environment, isolation, jail, .. } = made;
    if let Some(seed) = &made.workspace_seed
        && let Some(path) = &seed.path
    {
        let what = source::amount(seed.entry_count, seed.bytes_written);
        let ignored = source::ignored(seed.ignored_count);
        ui.remark(&format!("seeded with {what} from {path}{ignored}"));
    }
    ui.remark(&format!("started in {}: {environment}, {isolation}, jail {jail}", seconds(took)));
    let name = made.name.as_ref().unwrap_or(&made.workspace_id);
    ui.remark(&format!(
        "next:\n  pyro workspace exec {name} -- COMMAND\n  pyro workspace diff {name}\n  \
         pyro workspace delete {name}"
    ));
}
