//! What a human chooses for a server of MCP: read from its command line, and written as one into the settings
//! of a chat host.

use crate::ca_bundle::CaBundle;
use crate::commands::network::Policy;
use crate::hosts::HostError;
use crate::settings;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pyro::config::{BadImagePattern, CaSource, ImagePattern};
use pyro::secret::Disclosure;
use pyro_mcp::{Ceilings, NetworkRule, Profile, ProjectSource, Settings};
use std::path::{Path, PathBuf};

/// The options of `pyro mcp serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Choices {
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
    /// An image that the model may name wherever it lies, with your logins; repeatable [default: what public
    /// registries give to everybody]
    #[arg(long, value_name = "PATTERN")]
    allow_image: Vec<String>,
    #[command(flatten)]
    pub(super) ca_bundle: CaBundle,
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

impl Choices {
    /// What the server is told; relative paths begin `here`.
    pub(super) fn settings(&self, here: PathBuf) -> Result<Settings, pyro::Error> {
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
            images: self.images()?,
            disclosure: Disclosure::allowed_if(self.allow_secrets),
            project: self.project(here),
        })
    }

    fn network_rule(&self) -> Result<NetworkRule, pyro::Error> {
        let (policy, allow) = (self.network.policy()?, self.network.allowed.list()?);
        NetworkRule { policy, allow }.checked(self.profile)
    }

    fn images(&self) -> Result<Vec<ImagePattern>, pyro::Error> {
        Ok(self
            .allow_image
            .iter()
            .map(|text| text.parse())
            .collect::<Result<_, BadImagePattern>>()?)
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

    /// The same choices as words of a command line that means the same wherever it is run; what is chosen by
    /// saying nothing is left out.
    ///
    /// # Errors
    /// Choices that contradict each other, or a path that settings cannot hold.
    pub(crate) fn words(&self, here: &Path) -> Result<Vec<String>, pyro::Error> {
        self.network_rule()?;
        let mut words = Words(Vec::new());
        if self.profile != Profile::default() {
            words.option("--profile", &self.profile);
        }
        words.paths("--project-path", here, &self.project_path)?;
        words.options("--repo-url", &self.repo_url);
        words.options("--repo-ref", &self.repo_ref);
        words.paths("--seed-root", here, &self.seed_root)?;
        words.paths("--export-root", here, &self.export_root)?;
        words.options("--network-policy", &self.network.policy()?);
        words.options("--allow-host", &self.network.allowed.allow_host);
        words.options("--allow-net", &self.network.allowed.allow_net);
        words.options("--allow-image", &self.images()?);
        match self.ca_bundle.source(here) {
            None => {}
            Some(CaSource::Host) => words.option("--ca-bundle", "host"),
            Some(CaSource::File(path)) => words.paths("--ca-bundle", here, [&path])?,
        }
        words.options("--max-mem-mib", &self.max_mem_mib);
        words.options("--max-vcpus", &self.max_vcpus);
        words.options("--max-workspaces", &self.max_workspaces);
        if self.allow_secrets {
            words.0.push("--allow-secrets".to_owned());
        }
        if self.allow_host_compat {
            words.0.push("--allow-host-compat".to_owned());
        }
        Ok(words.0)
    }
}

/// A command line that grows.
struct Words(Vec<String>);

impl Words {
    fn option(&mut self, name: &str, value: &(impl ToString + ?Sized)) {
        self.0.extend([name.to_owned(), value.to_string()]);
    }

    fn options<'v, V: ToString + 'v>(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = &'v V>,
    ) {
        values.into_iter().for_each(|value| self.option(name, value));
    }

    fn paths<'p>(
        &mut self,
        name: &str,
        here: &Path,
        paths: impl IntoIterator<Item = &'p PathBuf>,
    ) -> Result<(), HostError> {
        for path in paths {
            // without the `.` of a path that says "here"
            let whole: PathBuf = here.join(path).components().collect();
            let text = whole.to_str().ok_or_else(|| HostError::NotUtf8(path.clone()))?;
            self.option(name, text);
        }
        Ok(())
    }
}
