//! Makes an environment ready to boot.

use super::building::{self, Building};
use super::cache::Cache;
use super::catalog::Recipe;
use super::installed::{self, Boots, Installed};
use super::making;
use super::named::Named;
use super::receive::{self, Offered};
use super::record::{EnvironmentRecord, Origin, Settings, Stored};
use super::{EnvironmentError, debian, early, kernel_source, prune, space};
use crate::config::Config;
use crate::durable;
use crate::event::{self, Event, Observer};

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
        (Some(record), _) if !asks && !lacks_its_kernel(cache, &record)? => record,
        (_, Named::Recipe(recipe)) => make(config, cache, recipe, observer)?,
        (_, Named::Image(reference)) => receive::receive(config, cache, reference, observer)?,
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

/// Whether this is an artifact whose own kernel is gone; no other will do.
fn lacks_its_kernel(cache: &Cache, record: &EnvironmentRecord) -> Result<bool, EnvironmentError> {
    let is_artifact = matches!(record.origin, Origin::Artifact { .. });
    Ok(is_artifact && kernel_source::of_cache(cache, &record.kernel)?.is_none())
}

/// Gets a recipe from the first of its sources that has it: the registry that the user has named for the
/// catalog, and where there is none or it has not this, the Debian archive.
fn make(
    config: &Config,
    cache: &Cache,
    recipe: &Recipe,
    observer: Observer<'_>,
) -> Result<EnvironmentRecord, EnvironmentError> {
    let Some(registry) = &config.registries.catalog else {
        return build_image(config, cache, recipe, Vec::new(), observer);
    };
    match receive::of_catalog(config, cache, registry, recipe, observer)? {
        Offered::Installed(record) => Ok(*record),
        Offered::Nothing { reason } => {
            let name = recipe.name;
            observer(Event::Warning(format!("{reason}; building {name} on this host instead")));
            build_image(config, cache, recipe, vec![reason], observer)
        }
    }
}

/// Builds the image and moves it into the cache. The record names no kernel yet.
fn build_image(
    config: &Config,
    cache: &Cache,
    recipe: &Recipe,
    passed_over: Vec<String>,
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
        let record = EnvironmentRecord { passed_over, ..record };
        durable::write_json(&cache.environment_record(recipe.name), &record)?;
        Ok(record)
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
        Origin::Image { .. }
        | Origin::Import { .. }
        | Origin::Recipe { .. }
        | Origin::Artifact { .. } => match kernel_source::newest_in_cache(config, cache)? {
            Some(kernel) => kernel,
            None => kernel_source::prepare(config, cache, &debian::sources(config)?, observer)?,
        },
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
