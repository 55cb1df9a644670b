//! What a machine boots from: an immutable root image and a kernel. [`Environments`] finds them in
//! the cache, or builds them; each of its verbs has a file of its own. Nothing here boots anything,
//! and nothing here knows what a workspace is.

pub mod artifact;
pub mod catalog;
pub mod erofs;
pub mod initramfs;
pub mod kernel;
pub mod oci;
pub mod pins;
pub mod record;

mod agent;
mod building;
mod cache;
mod debian;
mod early;
mod error;
mod export;
mod import;
mod inspect;
mod installed;
mod kernel_source;
mod list;
mod making;
mod named;
mod prune;
mod pull;
mod push;
mod receive;
mod remove;
mod site;
mod space;

pub use error::EnvironmentError;
pub use export::Exported;
pub use inspect::Inspection;
pub use installed::Installed;
pub use list::{Entry, Listing};
pub use oci::OciError;
pub use prune::{CorruptRecord, Pruned};
pub use push::Pushed;
pub(crate) use site::{Plan, Root, Site, Traces};

use crate::Result;
use crate::config::Config;
use crate::event::{Observer, ignore};
use crate::lock::Lock;
use cache::Cache;
use named::Named;
use pull::Freshness;
use std::io::Write;
use std::path::Path;

/// The environments of one user.
/// # Example
/// ```
/// use pyro::environment::Environments;
/// # let home = tempfile::tempdir()?;
/// # let home = home.path().as_os_str().to_owned();
///
/// let lookup = |name: &str| (name == "PYRO_HOME").then(|| home.clone());
/// let config = pyro::Config::from_lookup("/usr/local/bin/pyro".into(), lookup)?;
/// let environments = Environments::new(config);
/// for environment in environments.list()?.environments {
///     println!("{}: {}", environment.name, environment.description);
/// }
/// assert!(environments.installed("debian:12")?.is_none(), "nothing was prepared here yet");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Environments {
    config: Config,
    cache: Cache,
}

impl Environments {
    /// The environments in the cache that `config` names. Touches nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let cache = Cache::below(config.paths.cache());
        Self { config, cache }
    }

    /// Every environment of the catalog, installed or not, and every image that was pulled.
    ///
    /// # Errors
    /// When the cache cannot be read.
    pub fn list(&self) -> Result<Listing> {
        Ok(list::list(&self.config, &self.cache)?)
    }

    /// Everything there is to know about one environment.
    ///
    /// # Errors
    /// For an unknown name, or when the cache cannot be read.
    pub fn inspect(&self, name: &str) -> Result<Inspection> {
        Ok(inspect::inspect(&self.config, &self.cache, &Named::parse(name)?)?)
    }

    /// The environment, if it can be booted right now. Starts no program and reads no image: a few
    /// small files. `None` where anything is missing, even only the initramfs for a new version of
    /// the executable: [`Environments::pull`] then makes what is missing and no more.
    ///
    /// # Errors
    /// For an unknown name, or when the cache cannot be read.
    pub fn installed(&self, name: &str) -> Result<Option<Installed>> {
        Ok(installed::installed(&self.config, &self.cache, &Named::parse(name)?)?)
    }

    /// Makes sure that the environment can be booted: builds or pulls its image, fetches its kernel and
    /// makes its initramfs, each only where it is missing. While another process is at the same
    /// work this one waits and uses the result. An image that is here stays what it is, even where
    /// its tag has moved since.
    ///
    /// # Errors
    /// For an unknown name, when the host lacks programs or space, when the archive or the registry
    /// cannot be reached, or when what came is not what was ordered.
    pub fn pull(&self, name: &str, observer: Observer<'_>) -> Result<Installed> {
        self.bring(name, Freshness::AsItIs, observer)
    }

    /// The same, and asks the registry of an image whether its tag leads to another one by now. What was
    /// made from the old one keeps it.
    ///
    /// # Errors
    /// As [`Environments::pull`].
    pub fn update(&self, name: &str, observer: Observer<'_>) -> Result<Installed> {
        self.bring(name, Freshness::Newest, observer)
    }

    /// Makes an environment of a file or directory: what [`Environments::export`] wrote, a root file system as a tar
    /// archive, an OCI layout, or what `docker save` wrote. Returns its name in full, under which it is from now on what was imported; `name`
    /// may be left out where the source has one.
    ///
    /// # Errors
    /// When there is no name or an unusable one, and for a source that is damaged or no image.
    pub fn import(
        &self,
        source: &Path,
        name: Option<&str>,
        observer: Observer<'_>,
    ) -> Result<String> {
        Ok(import::import(&self.config, &self.cache, source, name, observer)?)
    }

    /// Writes an environment that is here, image and kernel, into the new file `output`: whole or not at all. It is an
    /// OCI layout in a tar archive, with an artifact of pyro's own in it.
    ///
    /// # Errors
    /// When it is not here or has no kernel yet, when there is something at `output`, or when that cannot be written.
    pub fn export(&self, name: &str, output: &Path, observer: Observer<'_>) -> Result<Exported> {
        Ok(export::export(&self.config, &self.cache, &Named::parse(name)?, output, observer)?)
    }

    /// The same to a stream, which errors call `shown`.
    ///
    /// # Errors
    /// As [`Environments::export`].
    pub fn export_to(
        &self,
        name: &str,
        out: impl Write,
        shown: &Path,
        observer: Observer<'_>,
    ) -> Result<Exported> {
        let name = Named::parse(name)?;
        Ok(export::write(&self.config, &self.cache, &name, out, shown, observer)?)
    }

    /// Puts an environment that is here, image and kernel, into the registry of `reference`, under its tag, as an
    /// artifact of pyro's own. What the registry has already is not sent again.
    ///
    /// # Errors
    /// When it is not here or has no kernel yet, for a reference without a tag to give, and when the registry refuses
    /// it or cannot be reached.
    pub fn push(&self, name: &str, reference: &str, observer: Observer<'_>) -> Result<Pushed> {
        Ok(push::push(&self.config, &self.cache, &Named::parse(name)?, reference, observer)?)
    }

    /// Forgets an environment, and removes its image unless another environment or a machine needs it.
    ///
    /// # Errors
    /// When it is not here, or when it cannot be told what a machine uses.
    pub fn remove(&self, name: &str) -> Result<Pruned> {
        Ok(remove::remove(&self.config, &self.cache, &Named::parse(name)?)?)
    }

    fn bring(&self, name: &str, freshness: Freshness, observer: Observer<'_>) -> Result<Installed> {
        let name = Named::parse(name)?;
        Ok(pull::pull(&self.config, &self.cache, &name, freshness, observer)?)
    }

    /// Makes the image of an environment of the catalog anew, even where it is here, by the host's own tools.
    ///
    /// # Errors
    /// As [`Environments::pull`]; and for a name that is none of the catalog.
    pub(crate) fn rebuild(&self, name: &str, observer: Observer<'_>) -> Result<Installed> {
        self.recipe(name)?;
        self.bring(name, Freshness::Anew, observer)
    }

    /// The recipe of the catalog that has this name.
    ///
    /// # Errors
    /// [`EnvironmentError::NotOfTheCatalog`].
    pub(crate) fn recipe(&self, name: &str) -> Result<&'static catalog::Recipe> {
        let recipe = catalog::find(name);
        Ok(recipe.ok_or_else(|| EnvironmentError::NotOfTheCatalog { name: name.to_owned() })?)
    }

    /// The recipe of the catalog that has this name, if it has no image here yet.
    ///
    /// # Errors
    /// For an unknown name, or when the cache cannot be read.
    pub(crate) fn missing_recipe(&self, name: &str) -> Result<Option<&'static catalog::Recipe>> {
        match Named::parse(name)? {
            named @ Named::Recipe(recipe) => {
                Ok(installed::image(&self.cache, &named)?.is_none().then_some(recipe))
            }
            Named::Image(_) => Ok(None),
        }
    }

    /// Whether the catalog is made in machines: where this host lacks the tools, and where the user has said
    /// of which image.
    pub(crate) fn needs_a_machine(&self) -> bool {
        self.config.debian_image.is_some() || debian::check_host(&self.config).is_err()
    }

    /// The image that machines make the catalog of.
    pub(crate) fn debian_image(&self) -> String {
        self.config.debian_image.clone().unwrap_or_else(|| debian::IMAGE.to_owned())
    }

    /// The settings that it was made with.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Whether this host has the programs to build environments; found out without building one.
    ///
    /// # Errors
    /// [`EnvironmentError::MissingTools`], with the packages to install.
    pub fn check_host(&self) -> Result<()> {
        Ok(debian::check_host(&self.config)?)
    }

    /// Whether guests have a kernel, or this host has a way to one; found out without fetching any.
    ///
    /// # Errors
    /// [`EnvironmentError::NoKernel`], or when the cache cannot be read.
    pub(crate) fn check_kernel(&self) -> Result<()> {
        Ok(kernel_source::check_host(&self.config, &self.cache)?)
    }

    /// Removes the images, kernels and initramfs that no environment and no machine uses, records
    /// that cannot be read, and what killed builds left behind.
    ///
    /// # Errors
    /// When it cannot be told what a machine uses (nothing is removed then), or when the cache
    /// cannot be changed.
    pub fn prune(&self) -> Result<Pruned> {
        Ok(prune::prune(&self.config, &self.cache)?)
    }

    /// Holds off [`Environments::prune`] until the lock is dropped. Whoever makes a machine holds it
    /// from asking for the environment until [`pins::Pins`] are written.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub fn hold(&self) -> Result<Lock> {
        self.cache.create()?;
        Ok(prune::hold(&self.cache, &ignore)?)
    }
}

/// Unix seconds.
fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
