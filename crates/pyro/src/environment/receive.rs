//! What a registry has under a name, an image or an environment of pyro's own, brought into the cache with its
//! record.

use super::artifact::{Artifact, Description};
use super::building::Building;
use super::cache::Cache;
use super::catalog::Recipe;
use super::making::{self, Making};
use super::named::Named;
use super::oci::{self, Content, Found, ImageConfig, OciError, Reference};
use super::record::{EnvironmentRecord, ImageRecord, Origin, Settings};
use super::{EnvironmentError, installed, space};
use crate::config::{Config, env_var};
use crate::durable;
use crate::error::AtPath;
use crate::event::{self, Observer};
use std::fs;
use std::path::Path;

/// What the registry that the user has named for the catalog has of a recipe.
pub(super) enum Offered {
    /// It had it.
    Installed(Box<EnvironmentRecord>),
    /// It has not, or not in this version.
    Nothing {
        /// Which registry, and what it has instead.
        reason: String,
    },
}

/// Asks the registry of `reference`, and brings what it has unless that is here already, perhaps under another
/// name.
pub(super) fn receive(
    config: &Config,
    cache: &Cache,
    reference: &Reference,
    observer: Observer<'_>,
) -> Result<EnvironmentRecord, EnvironmentError> {
    let failed = failed(reference);
    let found = oci::find(config, reference, observer).map_err(failed)?;
    let version = format!("sha256:{}", found.manifest_digest);
    let receiving = Receiving { config, cache, reference, found: &found, observer };
    // until the record is written, by which the next one knows what is here
    let _turn = receiving.turn()?;
    let record = match &found.content {
        Content::Image(settings) => receiving.image(version, settings)?,
        Content::Environment(bytes) => {
            let description = Description::parse(bytes).map_err(failed)?;
            receiving.environment(reference.to_string(), version, description)?
        }
    };
    let key = Named::Image(reference.clone()).key();
    durable::write_json(&cache.environment_record(&key), &record)?;
    Ok(record)
}

/// Brings a recipe from the registry that the user has named for the catalog, where it has this version of it. Any
/// other failure than that is an error: whoever names a registry wants to know that it is dead.
pub(super) fn of_catalog(
    config: &Config,
    cache: &Cache,
    registry: &str,
    recipe: &Recipe,
    observer: Observer<'_>,
) -> Result<Offered, EnvironmentError> {
    let name = format!("{registry}/{}", recipe.name);
    let reference = &Reference::parse(&name).map_err(|reason| EnvironmentError::Unknown {
        name: format!("{}={registry}", env_var::PYRO_REGISTRY),
        reason,
    })?;
    let failed = failed(reference);
    let found = match oci::find(config, reference, observer) {
        Err(OciError::NoSuchImage { .. }) => {
            return Ok(Offered::Nothing { reason: format!("{registry} has no {}", recipe.name) });
        }
        found => found.map_err(failed)?,
    };
    let Content::Environment(bytes) = &found.content else {
        return Err(failed(oci::bad("manifest", "it is a container image and no environment")));
    };
    let description = Description::parse(bytes).map_err(failed)?;
    if description.name != recipe.name {
        let what = format!("it is {} and not {}", description.name, recipe.name);
        return Err(failed(oci::bad("configuration", what)));
    }
    if description.version != recipe.version {
        let (has, wanted) = (&description.version, recipe.version);
        let reason = format!("{registry} has {} in version {has} instead of {wanted}", recipe.name);
        return Ok(Offered::Nothing { reason });
    }
    let receiving = Receiving { config, cache, reference, found: &found, observer };
    let _turn = receiving.turn()?;
    let (name, version) = (recipe.name.to_owned(), recipe.version.to_owned());
    let record = receiving.environment(name, version, description)?;
    durable::write_json(&cache.environment_record(recipe.name), &record)?;
    Ok(Offered::Installed(Box::new(record)))
}

fn failed(reference: &Reference) -> impl Fn(OciError) -> EnvironmentError + Copy + '_ {
    |source| EnvironmentError::Image { image: reference.to_string(), source }
}

/// Something that a registry has, on its way into the cache.
struct Receiving<'a> {
    config: &'a Config,
    cache: &'a Cache,
    reference: &'a Reference,
    found: &'a Found<'a>,
    observer: Observer<'a>,
}

impl Receiving<'_> {
    /// The record of an image, which is made of its layers.
    fn image(
        &self,
        version: String,
        config: &ImageConfig,
    ) -> Result<EnvironmentRecord, EnvironmentError> {
        let Self { cache, reference, found, .. } = self;
        let is_it = |record: &EnvironmentRecord| {
            is_of_manifest(record, &found.manifest_digest) && installed::has_image(cache, record)
        };
        let (image, kernel) = match cache.all_environments()?.into_iter().find(is_it) {
            Some(record) => (record.image, record.kernel),
            None => {
                let image = self.arrivals(|arrivals| self.write_image(config, arrivals))?;
                (image, making::UNDECIDED.to_owned())
            }
        };
        let origin = Origin::Image {
            reference: reference.to_string(),
            index_digest: found.index_digest.clone(),
            manifest_digest: found.manifest_digest.clone(),
            config_digest: found.config_digest().to_owned(),
            layers: found.layer_records(&config.diff_ids),
        };
        let (name, settings) = (reference.to_string(), Settings::of(config));
        let record = making::record(name, version, image, origin, settings);
        Ok(EnvironmentRecord { kernel, ..record })
    }

    /// Fetches the layers and writes the image.
    fn write_image(
        &self,
        config: &ImageConfig,
        arrivals: &Path,
    ) -> Result<ImageRecord, EnvironmentError> {
        let Self { cache, reference, found, observer, .. } = *self;
        let name = &reference.to_string();
        making::require_space(cache, found.bytes())?;
        fs::create_dir_all(arrivals).at("create", arrivals)?;
        let layers = found.fetch(&config.diff_ids, arrivals, name, observer);
        let layers = layers.map_err(failed(reference))?;
        let what = &format!("writing the image of {name}");
        event::step(observer, what, || {
            let building = &Building::begin(cache, self.config)?;
            let making = Making { cache, building, name, what, observer };
            making.of_layers(&layers, config.working_directory.as_deref())
        })
    }

    /// The record of the environment `name`, whose image and kernel are brought unless they are here.
    fn environment(
        &self,
        name: String,
        version: String,
        description: Description,
    ) -> Result<EnvironmentRecord, EnvironmentError> {
        let Self { cache, reference, found, observer, .. } = *self;
        let diff_ids = description.diff_ids();
        let artifact = Artifact {
            from: format!("registry:{reference}"),
            index_digest: found.index_digest.clone(),
            manifest_digest: found.manifest_digest.clone(),
            config_digest: found.config_digest().to_owned(),
            layers: found.layer_records(&diff_ids),
            description,
        };
        if !artifact.is_here(cache)? {
            self.arrivals(|arrivals| {
                let bytes = found.bytes().saturating_add(artifact.description.bytes());
                space::require(cache.root(), bytes)?;
                fs::create_dir_all(arrivals).at("create", arrivals)?;
                let layers = found.fetch(&diff_ids, arrivals, &name, observer);
                let layers = layers.map_err(failed(reference))?;
                let building = Building::begin(cache, self.config)?;
                artifact.install(cache, &building, &layers, &name, observer)
            })?;
        }
        Ok(artifact.record(name, version))
    }

    /// Waits for whoever brings the same.
    fn turn(&self) -> Result<crate::lock::Lock, EnvironmentError> {
        let what = format!("pull-{}", self.found.manifest_digest);
        Ok(self.cache.lock(&what, &format!("fetching {}", self.reference), self.observer)?)
    }

    /// Works with the directory where the layers arrive. What is in it stays only where it is good for another
    /// attempt.
    fn arrivals<T>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, EnvironmentError>,
    ) -> Result<T, EnvironmentError> {
        let arrivals = self.cache.pull(&self.found.manifest_digest);
        let done = work(&arrivals);
        if !done.as_ref().is_err_and(leaves_good_bytes) {
            // whole, or wrong: of no more use either way, and the first error counts
            let _ = fs::remove_dir_all(&arrivals);
        }
        done
    }
}

fn leaves_good_bytes(error: &EnvironmentError) -> bool {
    matches!(error, EnvironmentError::Image { source, .. } if source.leaves_good_bytes())
}

fn is_of_manifest(record: &EnvironmentRecord, digest: &str) -> bool {
    matches!(&record.origin, Origin::Image { manifest_digest, .. } if manifest_digest == digest)
}
