//! `pyro mcp serve`: the server on stdin and stdout, until the host closes it.

use crate::block_on;
use crate::ca_bundle::CaBundle;
use crate::commands::network::Policy;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pyro::certificates::Bundle;
use pyro::network::{NetworkError, NetworkPolicy};
use pyro::secret::Disclosure;
use pyro_mcp::{Ceilings, NetworkRule, Profile, ProjectSource, Settings};
use std::path::PathBuf;
use std::process::ExitCode;

/// Serve MCP on stdin and stdout; chat hosts start this themselves
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  claude mcp add pyro -- pyro mcp serve
  codex mcp add pyro -- pyro mcp serve --project-path ~/src/app --max-workspaces 4
  pyro mcp serve --repo-url https://example.org/app.git --repo-ref main

Profiles:
  vm-run           one tool, vm_run: a command in a machine of its own
  workspace-core   vm_run, and workspaces: machines that keep their files from call to call
  workspace-full   all of it: workspaces can also be stopped and started, and machines for one
                   command made in single steps

Host paths:
  A model can name paths of this host only below --seed-root, and sees no other file of it.
  Without the flag that is the project, and nothing where there is none. What it exports goes
  below --export-root, without the flag .pyro/out in the project, and replaces nothing.

Network:
  With --network-policy every workspace of this server has that policy, and no machine more. Without
  it there is no network, unless a model asks for one and the profile lets it: workspace-full and
  vm-run do. What --allow-host and --allow-net name holds for every machine of the server.")]
pub(crate) struct Arguments {
    /// Which tools to offer
    #[arg(long, default_value = "workspace-core", value_name = "PROFILE", value_parser = profile())]
    profile: Profile,
    /// The Git work tree that workspaces begin with [default: the one around this directory, if any]
    #[arg(long, value_name = "DIR", conflicts_with = "repo_url")]
    project_path: Option<PathBuf>,
    /// A Git repository to fetch for each workspace instead
    #[arg(long, value_name = "URL")]
    repo_url: Option<String>,
    /// Its branch, tag or commit [default: its default branch]
    #[arg(long, value_name = "REF", requires = "repo_url")]
    repo_ref: Option<String>,
    /// A directory below which the model may name host paths; repeatable [default: the project]
    #[arg(long, value_name = "DIR")]
    seed_root: Vec<PathBuf>,
    /// A directory below which the model may export; repeatable [default: .pyro/out in the project]
    #[arg(long, value_name = "DIR")]
    export_root: Vec<PathBuf>,
    #[command(flatten)]
    network: Policy,
    #[command(flatten)]
    ca_bundle: CaBundle,
    /// The most memory of one machine, in MiB
    #[arg(long, value_name = "N")]
    max_mem_mib: Option<u32>,
    /// The most virtual CPUs of one machine
    #[arg(long, value_name = "N")]
    max_vcpus: Option<u32>,
    /// The most workspaces at a time
    #[arg(long, value_name = "N")]
    max_workspaces: Option<usize>,
    /// Give the model content that holds a secret of its workspace: files, diffs, exports
    #[arg(long)]
    allow_secrets: bool,
    /// Let the model ask for commands on the host where no machine can boot: no isolation
    #[arg(long)]
    allow_host_compat: bool,
}

fn profile() -> impl TypedValueParser<Value = Profile> {
    PossibleValuesParser::new(Profile::NAMES).try_map(|name| name.parse::<Profile>())
}

pub(crate) fn serve(arguments: &Arguments) -> Outcome {
    let settings = arguments.settings(settings::working_directory()?)?;
    let config = arguments.ca_bundle.in_place_of_the_default(settings::config()?)?;
    // the human is told now, not a model later
    Bundle::wanted(&config).map_err(pyro::Error::from)?;
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let interrupted = async move {
            interrupts.next().await;
        };
        pyro_mcp::serve(config, settings, interrupted).await?;
        Ok(ExitCode::SUCCESS)
    })
}

impl Arguments {
    fn settings(&self, here: PathBuf) -> Result<Settings, pyro::Error> {
        Ok(Settings {
            profile: self.profile,
            allow_host_compat: self.allow_host_compat,
            seed_roots: self.seed_root.iter().map(|root| here.join(root)).collect(),
            export_roots: self.export_root.iter().map(|root| here.join(root)).collect(),
            home: settings::home(),
            ceilings: Ceilings {
                max_mem_mib: self.max_mem_mib,
                max_vcpus: self.max_vcpus,
                max_workspaces: self.max_workspaces,
            },
            network: self.network_rule()?,
            disclosure: Disclosure::allowed_if(self.allow_secrets),
            project: self.project(here),
        })
    }

    /// A list that lets nothing through would only look like one.
    fn network_rule(&self) -> Result<NetworkRule, pyro::Error> {
        let rule =
            NetworkRule { policy: self.network.policy()?, allow: self.network.allowed.list()? };
        let never = match rule.policy {
            Some(policy) => policy == NetworkPolicy::Off,
            None => self.profile == Profile::WorkspaceCore,
        };
        if never && !rule.allow.is_empty() {
            return Err(NetworkError::ListWithoutEgress.into());
        }
        Ok(rule)
    }

    fn project(&self, here: PathBuf) -> ProjectSource {
        match (&self.project_path, &self.repo_url) {
            (Some(path), _) => ProjectSource::Path(here.join(path)),
            (None, Some(url)) => {
                ProjectSource::Repository { url: url.clone(), reference: self.repo_ref.clone() }
            }
            (None, None) => ProjectSource::Around(here),
        }
    }
}
