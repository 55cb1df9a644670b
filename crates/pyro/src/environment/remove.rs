//! Forgets one environment, with its image where nothing else needs it.

use super::EnvironmentError;
use super::cache::Cache;
use super::named::Named;
use super::prune::{self, Pruned};
use super::record::Stored;
use crate::config::Config;
use crate::durable::sync_directory;

/// See [`super::Environments::remove`].
pub(super) fn remove(
    config: &Config,
    cache: &Cache,
    name: &Named,
) -> Result<Pruned, EnvironmentError> {
    cache.create()?;
    let _alone = prune::alone(cache)?;
    let digest = match cache.environment(&name.key())? {
        Stored::Absent => return Err(EnvironmentError::NotHere { name: name.canonical() }),
        Stored::Corrupt { .. } => None,
        Stored::Whole(record) => Some(record.image.digest),
    };
    let mut pruned = Pruned::default();
    pruned.remove(&cache.environment_record(&name.key()))?;
    // first the record, for good: an image without one is only a waste
    sync_directory(&cache.environments())?;
    if let Some(digest) = digest
        && !prune::in_use(config, cache)?.contains(&digest)
        && cache.image(&digest).exists()
    {
        pruned.remove(&cache.image(&digest))?;
    }
    Ok(pruned)
}
