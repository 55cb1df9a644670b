//! Tells everything that is known about one environment.

use super::cache::Cache;
use super::list::{self, Entry};
use super::record::{KernelRecord, Origin};
use super::{EnvironmentError, catalog, installed};
use serde::Serialize;
use std::path::PathBuf;

/// One environment in full.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// What lists show of it.
    #[serde(flatten)]
    pub entry: Entry,
    /// Debian packages that its recipe asks for.
    pub packages: Vec<String>,
    /// The image file, where it is installed.
    pub image: Option<PathBuf>,
    /// Where every byte of the image came from.
    pub origin: Option<Origin>,
    /// Where the kernel came from.
    pub kernel: Option<KernelRecord>,
    /// When the image was made, Unix seconds.
    pub created_at: Option<u64>,
}

/// See [`super::Environments::inspect`].
pub(super) fn inspect(cache: &Cache, name: &str) -> Result<Inspection, EnvironmentError> {
    let recipe = catalog::find(name)?;
    let entry = list::entry(cache, recipe)?;
    let record = installed::image(cache, name)?;
    let kernel = match &record {
        Some(record) => cache.kernel_origin(&record.kernel)?.whole(),
        None => None,
    };
    Ok(Inspection {
        entry,
        packages: recipe.packages.iter().map(|package| (*package).to_owned()).collect(),
        image: record.as_ref().map(|record| cache.image(&record.image.digest)),
        created_at: record.as_ref().map(|record| record.created_at),
        origin: record.map(|record| record.origin),
        kernel,
    })
}
