//! Makes an environment ready to boot.

use super::building::{self, Building};
use super::cache::{self, Cache};
use super::catalog::Recipe;
use super::installed::{self, Boots, Installed};
use super::record::{EnvironmentRecord, FORMAT, ImageRecord, Origin, Stored};
use super::{EnvironmentError, catalog, debian, early, kernel_source, now, prune, space};
use crate::config::Config;
use crate::digest;
use crate::durable;
use crate::error::AtPath;
use crate::event::{self, Event, Observer};

/// See [`super::Environments::pull`].
pub(super) fn pull(
    config: &Config,
    cache: &Cache,
    name: &str,
    observer: Observer<'_>,
) -> Result<Installed, EnvironmentError> {
    let recipe = catalog::find(name)?;
    if let Some(installed) = installed::installed(config, cache, name)? {
        return Ok(installed);
    }
    cache.create()?;
    let _turn = cache.lock(name, &format!("preparing {name}"), observer)?;
    let _kept = prune::hold(cache, observer)?;
    warn_of_a_corrupt_record(cache, name, observer)?;
    let record = match installed::image(cache, name)? {
        Some(record) => record,
        None => build_image(config, cache, recipe, observer)?,
    };
    let (record, boots) = find_kernel(config, cache, record, observer)?;
    let early = early::prepare(config, cache, &boots.kernel, observer)?;
    installed::assemble(cache, record, boots, early)
}

fn warn_of_a_corrupt_record(
    cache: &Cache,
    name: &str,
    observer: Observer<'_>,
) -> Result<(), EnvironmentError> {
    if let Stored::Corrupt { path, reason } = cache.environment(name)? {
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
        let digest = digest::of_file(&built.image)?;
        let size_bytes = std::fs::metadata(&built.image).at("look at", &built.image)?.len();
        cache::publish_file(&built.image, &cache.image(&digest))?;
        let record = EnvironmentRecord {
            format: FORMAT,
            name: recipe.name.to_owned(),
            version: recipe.version.to_owned(),
            image: ImageRecord {
                digest,
                size_bytes,
                entries: built.entries,
                tar_digest: built.tar_digest,
            },
            kernel: UNDECIDED.to_owned(),
            origin: built.origin,
            created_at: now(),
        };
        durable::write_json(&cache.environment_record(recipe.name), &record)?;
        Ok(record)
    })
}

/// Stands for the kernel in the record of a pull that was interrupted between image and kernel, or
/// that found a kernel of the user's own.
const UNDECIDED: &str = "undecided";

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
    let Origin::DebianArchive { sources, .. } = &record.origin;
    record.kernel = kernel_source::prepare(config, cache, sources, observer)?;
    durable::write_json(&cache.environment_record(&record.name), &record)?;
    match installed::kernel(config, cache, &record.kernel)? {
        Some(boots) => Ok((record, boots)),
        None => Err(EnvironmentError::BadAnswer {
            program: "the cache",
            reason: format!("the kernel {} has just vanished", record.kernel),
        }),
    }
}
