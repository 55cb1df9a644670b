//! Environments that a machine makes: a recipe says what to start from and what to do, a machine of the base
//! does it on a disk of its own, and its whole root becomes a new image. The same recipe on the same base
//! makes nothing twice. While it goes on nothing has the new name, so whatever happens in between
//! leaves everything as it was.

pub(super) mod catalog;
mod document;
mod error;
mod files;
mod nearest;
mod recipe;
mod root;
mod steps;

pub use error::BuildError;
pub use recipe::{Put, Recipe, RecipeError};

use super::prepare;
use super::{Vm, VmSpec};
use crate::config::Config;
use crate::environment::record::{BaseRecord, Settings};
use crate::environment::{Environments, Installed, Plan, Root, Site, Traces};
use crate::error::Result;
use crate::event::Observer;
use files::Packed;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use tokio::runtime::{Builder, Runtime};

/// Moves whenever the same recipe would give something else.
const BUILDER: u32 = 1;
/// The longest that a build may take, in seconds: a machine that nobody waits for any more ends.
const LONGEST: u64 = 6 * 3600;

/// What to build, and how.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// The recipe file.
    pub recipe: PathBuf,
    /// What to call the environment, instead of what the recipe says.
    pub name: Option<String>,
    /// Whether to build even what was built before.
    pub anew: bool,
    /// Whether to ask the registry for a newer base.
    pub pull: bool,
    /// What builds it.
    pub machine: Machine,
}

/// The machine that builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Virtual CPUs.
    pub vcpu_count: u32,
    /// Memory in MiB.
    pub mem_mib: u32,
    /// Whether an emulated machine may run without a jail around the emulator.
    pub allow_weak_isolation: bool,
}

impl Default for Machine {
    fn default() -> Self {
        let VmSpec { vcpu_count, mem_mib, allow_weak_isolation, .. } = VmSpec::default();
        Self { vcpu_count, mem_mib, allow_weak_isolation }
    }
}

/// An environment of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Its name in full.
    pub name: String,
    /// Whether the same had been built before, so that nothing was done.
    pub cached: bool,
}

/// What is to be made, once everything about it is known.
struct Order<'a> {
    name: &'a str,
    /// Its file; none for the catalog's.
    recipe: Option<&'a Path>,
    wanted: &'a Recipe,
    anew: bool,
}

/// Builds the environment of a recipe, and makes it ready to boot. Blocks; a thread of its own is
/// the place for it.
///
/// # Errors
/// For a recipe that cannot be used, a base that cannot be had, a step that fails; nothing is changed then.
pub fn build(config: &Config, request: &BuildRequest, observer: Observer<'_>) -> Result<Built> {
    let recipe = Recipe::read(&request.recipe).map_err(BuildError::from)?;
    let name = request.name.as_ref().or(recipe.name.as_ref());
    let name = name.ok_or_else(|| BuildError::Nameless { recipe: request.recipe.clone() })?;
    let name = Environments::new(config.clone()).name_to_give(name)?;
    let base = match request.pull {
        true => prepare::update(config, &recipe.from, observer)?,
        false => prepare::pull(config, &recipe.from, observer)?,
    };
    let order =
        Order { name: &name, recipe: Some(&request.recipe), wanted: &recipe, anew: request.anew };
    let cached = make(config, &order, &base, &request.machine, observer)?;
    prepare::pull(config, &name, observer)?;
    Ok(Built { name, cached })
}

/// Makes it, or finds it made; true where it was found.
fn make(
    config: &Config,
    order: &Order<'_>,
    base: &Installed,
    machine: &Machine,
    observer: Observer<'_>,
) -> Result<bool> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = crate::error::AtPath::at(runtime, "start a runtime for", Path::new(order.name))?;
    let site = Environments::new(config.clone()).site(order.name, observer)?;
    let files = match order.recipe {
        Some(recipe) => files::pack(&runtime, recipe, &order.wanted.files, &site)?,
        None => Vec::new(),
    };
    let plan = plan(order, base, &files);
    let _turn = site.turn(&plan, observer)?;
    if !order.anew && site.has_made(&plan, observer)? {
        return Ok(true);
    }
    site.require_space(base.size_bytes)?;
    let work = Work { config, recipe: order.wanted, base, machine, site: &site, observer };
    let root = work.done(&runtime, files)?;
    site.keep(root, &plan, observer)?;
    Ok(false)
}

/// What decides the result. The digest is that of a text with every part of it.
fn plan(order: &Order<'_>, base: &Installed, files: &[Packed]) -> Plan {
    let recipe = order.wanted;
    let put: Vec<_> = files.iter().map(|file| (file.directory.to_string(), &file.digest)).collect();
    let settings = settings(recipe, base, order.recipe.is_some());
    let network = recipe.network.as_ref().map(|allow| &allow.hosts);
    let whole = serde_json::json!({
        "builder": BUILDER,
        "base": base.image_digest,
        "starts_with": [base.env],
        "packages": recipe.packages,
        "files": put,
        "run": recipe.run,
        "network": network,
        "settings": settings,
        "labels": recipe.labels,
    });
    Plan {
        recipe: order.recipe.map_or_else(|| "catalog".into(), |path| path.display().to_string()),
        recipe_digest: hex::encode(Sha256::digest(whole.to_string())),
        base: BaseRecord {
            name: base.name.clone(),
            version: base.version.clone(),
            image_digest: base.image_digest.clone(),
        },
        settings,
        labels: recipe.labels.iter().cloned().collect(),
    }
}

/// Those of the base, with what the recipe says instead. The catalog's environments have none, whatever
/// they are made of.
fn settings(recipe: &Recipe, base: &Installed, has_a_file: bool) -> Settings {
    if !has_a_file {
        return Settings::default();
    }
    let is_set_anew = |name: &String| recipe.env.iter().any(|(other, _)| other == name);
    let kept = base.env.iter().filter(|(name, _)| !is_set_anew(name));
    Settings {
        env: kept.chain(&recipe.env).cloned().collect(),
        working_directory: match &recipe.workdir {
            Some(directory) => Some(directory.into()),
            None => base.working_directory.clone(),
        },
        user: recipe.user.clone().or_else(|| base.user.clone()),
    }
}

/// A build under way.
struct Work<'a> {
    config: &'a Config,
    recipe: &'a Recipe,
    base: &'a Installed,
    machine: &'a Machine,
    site: &'a Site,
    observer: Observer<'a>,
}

impl Work<'_> {
    /// Boots the base, does everything in it, and takes its root. The machine is gone afterwards.
    fn done(&self, runtime: &Runtime, files: Vec<Packed>) -> Result<Root> {
        let vm = runtime.block_on(Vm::start(self.config, &self.spec(), self.observer))?;
        let root = self.done_in(runtime, &vm, files);
        let deleted = runtime.block_on(vm.delete());
        let root = root?;
        deleted?;
        Ok(root)
    }

    fn done_in(&self, runtime: &Runtime, vm: &Vm, files: Vec<Packed>) -> Result<Root> {
        let Self { recipe, observer, .. } = *self;
        if !vm.has_booted(&self.base.image_digest)? {
            return Err(BuildError::BaseMoved { base: self.base.name.clone() }.into());
        }
        let given = runtime.block_on(async {
            let given = match self.config.ca_bundle {
                Some(_) => root::given(vm).await?,
                None => Default::default(),
            };
            steps::put(vm, files, observer).await?;
            let base = &self.base.name;
            steps::install(vm, base, &recipe.packages, &recipe.env, observer).await?;
            steps::run_all(vm, base, &recipe.run, &recipe.env, observer).await?;
            steps::settle(vm).await?;
            Ok::<_, crate::Error>(given)
        })?;
        let traces = Traces { network: self.network(), given };
        root::take(runtime, vm, self.site, &traces, observer)
    }

    fn spec(&self) -> VmSpec {
        VmSpec {
            environment: self.base.name.clone(),
            vcpu_count: self.machine.vcpu_count,
            mem_mib: self.machine.mem_mib,
            ttl_seconds: LONGEST,
            network: self.network(),
            allow: self.recipe.network.clone().unwrap_or_default(),
            allow_host_compat: false,
            allow_weak_isolation: self.machine.allow_weak_isolation,
        }
    }

    /// Only where something runs that may use it.
    fn network(&self) -> bool {
        let runs = !self.recipe.packages.is_empty() || !self.recipe.run.is_empty();
        runs && self.recipe.network.is_some()
    }
}
