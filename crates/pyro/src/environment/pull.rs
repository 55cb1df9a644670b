//! Makes an environment ready to boot.

use super::building::{self, Building};
use super::cache::Cache;
use super::catalog::Recipe;
use super::installed::{self, Boots, Installed};
use super::making::{self, Making};
use super::named::Named;
use super::oci::{self, Reference};
use super::record::{EnvironmentRecord, ImageRecord, Origin, Settings, Stored};
use super::{EnvironmentError, debian, early, kernel_source, prune, space};
use crate::config::Config;
use crate::durable;
use crate::error::AtPath;
use crate::event::{self, Event, Observer};
use std::fs;
use std::path::Path;

/// Whether what is here will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// It will.
    AsItIs,
    /// Only where its source has nothing newer.
    Newest,
    /// Not at all.
    Anew,
}

/// See [`super::Environments::pull`] and [`super::Environments::update`].
pub(super) fn pull(
    config: &Config,
    cache: &Cache,
    name: &Named,
    freshness: Freshness,
    observer: Observer<'_>,
) -> Result<Installed, EnvironmentError> {
    let may_move = match name {
        Named::Recipe(_) => false,
        Named::Image(reference) => !reference.is_fixed(),
    };
    let asks = may_move && freshness == Freshness::Newest || freshness == Freshness::Anew;
    if !asks && let Some(installed) = installed::installed(config, cache, name)? {
        return Ok(installed);
    }
    cache.create()?;
    let _turn = cache.lock(&name.key(), &format!("preparing {}", name.canonical()), observer)?;
    let _kept = prune::hold(cache, observer)?;
    warn_of_a_corrupt_record(cache, name, observer)?;
    let record = match (installed::image(cache, name)?, name) {
        (Some(record), _) if !asks => record,
        (_, Named::Recipe(recipe)) => build_image(config, cache, recipe, observer)?,
        (_, Named::Image(reference)) => pull_image(config, cache, reference, observer)?,
    };
    let (record, boots) = find_kernel(config, cache, record, observer)?;
    let early = early::prepare(config, cache, &boots.kernel, observer)?;
    Ok(installed::assemble(cache, record, boots, early))
}

fn warn_of_a_corrupt_record(
    cache: &Cache,
    name: &Named,
    observer: Observer<'_>,
) -> Result<(), EnvironmentError> {
    if let Stored::Corrupt { path, reason } = cache.environment(&name.key())? {
        let path = path.display();
        observer(Event::Warning(format!("{path} cannot be used and is made anew: {reason}")));
    }
    Ok(())
}

/// Builds the image and moves it into the cache. The record names no kernel yet.
fn build_image(
    config: &Config,
    cache: &Cache,
    recipe: &Recipe,
    observer: Observer<'_>,
) -> Result<EnvironmentRecord, EnvironmentError> {
    space::require(cache.root(), recipe.space_bytes)?;
    space::require(building::scratch_root(), recipe.space_bytes)?;
    event::step(observer, &format!("building {}", recipe.name), || {
        let building = Building::begin(cache, config)?;
        let built = debian::build(config, recipe, &building, observer)?;
        let image = making::keep(cache, &built.image, built.entries, Some(built.tar_digest))?;
        let (name, version) = (recipe.name.to_owned(), recipe.version.to_owned());
        let record = making::record(name, version, image, built.origin, Settings::default());
        durable::write_json(&cache.environment_record(recipe.name), &record)?;
        Ok(record)
    })
}

/// Asks the registry, and pulls the image unless it is here already, perhaps under another name.
fn pull_image(
    config: &Config,
    cache: &Cache,
    reference: &Reference,
    observer: Observer<'_>,
) -> Result<EnvironmentRecord, EnvironmentError> {
    let failed = |source| EnvironmentError::Image { image: reference.to_string(), source };
    let found = oci::find(config, reference, observer).map_err(failed)?;
    let doing = format!("fetching {reference}");
    let _turn = cache.lock(&format!("pull-{}", found.manifest_digest), &doing, observer)?;
    let known = cache.all_environments()?.into_iter().find(|record| {
        is_of_manifest(record, &found.manifest_digest) && installed::has_image(cache, record)
    });
    let (image, kernel) = match known {
        Some(record) => (record.image, record.kernel),
        None => {
            let arrivals = cache.pull(&found.manifest_digest);
            let image = receive_image(config, cache, reference, &found, &arrivals, observer);
            if !image.as_ref().is_err_and(leaves_good_bytes) {
                // whole, or wrong: of no more use either way, and the first error counts
                let _ = fs::remove_dir_all(&arrivals);
            }
            (image?, making::UNDECIDED.to_owned())
        }
    };
    let settings = Settings::of(found.settings());
    let origin = Origin::Image {
        reference: reference.to_string(),
        index_digest: found.index_digest.clone(),
        manifest_digest: found.manifest_digest.clone(),
        config_digest: found.config_digest().to_owned(),
        layers: found.layer_records(),
    };
    let version = format!("sha256:{}", found.manifest_digest);
    let name = reference.to_string();
    let record =
        EnvironmentRecord { kernel, ..making::record(name, version, image, origin, settings) };
    let key = Named::Image(reference.clone()).key();
    durable::write_json(&cache.environment_record(&key), &record)?;
    Ok(record)
}

fn leaves_good_bytes(error: &EnvironmentError) -> bool {
    matches!(error, EnvironmentError::Image { source, .. } if source.leaves_good_bytes())
}

fn is_of_manifest(record: &EnvironmentRecord, digest: &str) -> bool {
    matches!(&record.origin, Origin::Image { manifest_digest, .. } if manifest_digest == digest)
}

/// Fetches the layers and writes the image.
fn receive_image(
    config: &Config,
    cache: &Cache,
    reference: &Reference,
    found: &oci::Found<'_>,
    arrivals: &Path,
    observer: Observer<'_>,
) -> Result<ImageRecord, EnvironmentError> {
    let name = &reference.to_string();
    making::require_space(cache, found.bytes())?;
    fs::create_dir_all(arrivals).at("create", arrivals)?;
    let layers = found.fetch(arrivals, name, observer);
    let layers =
        layers.map_err(|source| EnvironmentError::Image { image: name.clone(), source })?;
    let what = &format!("writing the image of {name}");
    event::step(observer, what, || {
        let building = &Building::begin(cache, config)?;
        let making = Making { cache, building, name, what, observer };
        making.of_layers(&layers, found.settings().working_directory.as_deref())
    })
}

/// Finds the kernel that the record names, or gets the newest one and names it there.
fn find_kernel(
    config: &Config,
    cache: &Cache,
    mut record: EnvironmentRecord,
    observer: Observer<'_>,
) -> Result<(EnvironmentRecord, Boots), EnvironmentError> {
    if let Some(boots) = installed::kernel(config, cache, &record.kernel)? {
        return Ok((record, boots));
    }
    record.kernel = match &record.origin {
        Origin::DebianArchive { sources, .. } => {
            kernel_source::prepare(config, cache, sources, observer)?
        }
        // any kernel runs a container's image; one that is here needs no archive
        Origin::Image { .. } | Origin::Import { .. } | Origin::Recipe { .. } => {
            match kernel_source::newest_in_cache(cache)? {
                Some(kernel) => kernel,
                None => kernel_source::prepare(config, cache, &debian::sources(config)?, observer)?,
            }
        }
    };
    let key = Named::parse(&record.name)?.key();
    durable::write_json(&cache.environment_record(&key), &record)?;
    match installed::kernel(config, cache, &record.kernel)? {
        Some(boots) => Ok((record, boots)),
        None => Err(EnvironmentError::BadAnswer {
            program: "the cache",
            reason: format!("the kernel {} has just vanished", record.kernel),
        }),
    }
}
