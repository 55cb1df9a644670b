//! The MCP server of the package's process, on its stdin and stdout.

use crate::call::{Call, begin};
use crate::line::Broken;
use crate::refusal::refusal;
use crate::settings::Settings;
use pyo3::prelude::*;
use pyro::certificates::Bundle;
use pyro::config::{BadImagePattern, CaSource, ImagePattern};
use pyro::error::Diagnose;
use pyro::network::AllowList;
use pyro::secret::Disclosure;
use pyro::{Config, Error, Kind};
use pyro_mcp::{Ceilings, NetworkRule, Profile, ProjectSource};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// `_wishes.Server` of the package; its paths are absolute.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct ServerWish {
    profile: String,
    working_directory: PathBuf,
    home: Option<PathBuf>,
    project_path: Option<PathBuf>,
    repo_url: Option<String>,
    repo_ref: Option<String>,
    network_policy: Option<String>,
    allow_hosts: Vec<String>,
    allow_nets: Vec<String>,
    ca_bundle: Option<OsString>,
    seed_roots: Vec<PathBuf>,
    export_roots: Vec<PathBuf>,
    max_mem_mib: Option<u32>,
    max_vcpus: Option<u32>,
    max_workspaces: Option<usize>,
    allow_images: Vec<String>,
    allow_secrets: bool,
    allow_host_compat: bool,
}

/// No profile has this name.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no profile")]
struct UnknownProfile(String);

impl Diagnose for UnknownProfile {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        "unknown_profile"
    }
    fn hints(&self) -> Vec<String> {
        vec![format!("use one of {}", Profile::NAMES.join(", "))]
    }
}

/// A server that can be run.
#[pyclass(frozen, module = "pyro_mcp._native")]
pub(crate) struct Server {
    config: Config,
    settings: pyro_mcp::Settings,
}

#[pymethods]
impl Server {
    /// Refuses choices that contradict each other.
    #[new]
    fn new(py: Python<'_>, settings: &Settings, wish: ServerWish) -> PyResult<Self> {
        wish.server(settings.config()).map_err(|error| refusal(py, error))
    }

    /// Serves until stdin ends, or the call is cancelled.
    fn serve(&self) -> PyResult<Call> {
        let Self { config, settings } = self;
        let settings = settings.clone();
        begin(config, async move |config, line| {
            let ended = line.cancelled();
            Ok::<_, Broken>(pyro_mcp::serve(config.clone(), settings, ended).await?)
        })
    }
}

impl ServerWish {
    fn server(self, config: &Config) -> Result<Server, Error> {
        let profile = self.profile.parse().map_err(|_| UnknownProfile(self.profile.clone()))?;
        let source = self.ca_bundle.clone().map(|name| CaSource::named(name, Path::new("")));
        let ca_bundle = source.or_else(|| config.ca_bundle.clone());
        let config = Config { ca_bundle, ..config.clone() };
        // whoever starts it is told now, not a model later
        Bundle::wanted(&config)?;
        let settings = pyro_mcp::Settings {
            profile,
            allow_host_compat: self.allow_host_compat,
            network: self.network(profile)?,
            images: self.images()?,
            project: self.project(),
            seed_roots: self.seed_roots,
            export_roots: self.export_roots,
            home: self.home,
            ceilings: Ceilings {
                max_mem_mib: self.max_mem_mib,
                max_vcpus: self.max_vcpus,
                max_workspaces: self.max_workspaces,
            },
            disclosure: Disclosure::allowed_if(self.allow_secrets),
        };
        Ok(Server { config, settings })
    }

    fn network(&self, profile: Profile) -> Result<NetworkRule, Error> {
        let policy = self.network_policy.as_deref().map(str::parse).transpose()?;
        let allow = AllowList::parse(&self.allow_hosts, &self.allow_nets)?;
        NetworkRule { policy, allow }.checked(profile)
    }

    fn images(&self) -> Result<Vec<ImagePattern>, BadImagePattern> {
        self.allow_images.iter().map(|text| text.parse()).collect()
    }

    fn project(&self) -> ProjectSource {
        match (&self.project_path, &self.repo_url) {
            (Some(path), _) => ProjectSource::Path(path.clone()),
            (None, Some(url)) => {
                ProjectSource::Repository { url: url.clone(), reference: self.repo_ref.clone() }
            }
            (None, None) => ProjectSource::Around(self.working_directory.clone()),
        }
    }
}
