//! Puts an installed environment into a registry, as an artifact of root image and kernel.

use super::building::Building;
use super::cache::Cache;
use super::named::Named;
use super::oci::{self, Reference};
use super::{EnvironmentError, artifact, installed, prune};
use crate::config::Config;
use crate::event::Observer;
use serde::Serialize;

/// An environment that is in a registry now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pushed {
    /// What it is called here.
    pub name: String,
    /// What it is called there.
    pub reference: String,
    /// `sha256:` and the digest by which it is there for ever.
    pub digest: String,
    /// Bytes of all of its parts, packed.
    pub size_bytes: u64,
    /// Bytes of those that the registry did not have yet.
    pub sent_bytes: u64,
}

/// See [`super::Environments::push`].
pub(super) fn push(
    config: &Config,
    cache: &Cache,
    name: &Named,
    reference: &str,
    observer: Observer<'_>,
) -> Result<Pushed, EnvironmentError> {
    let reference = tagged(reference)?;
    cache.create()?;
    let _kept = prune::hold(cache, observer)?;
    let Some(record) = installed::image(cache, name)? else {
        return Err(EnvironmentError::NotHere { name: name.canonical() });
    };
    let building = Building::begin(cache, config)?;
    let offer = artifact::pack(cache, &building, &record, observer)?;
    let sent = oci::push(config, &reference, &offer, observer);
    let sent_bytes = sent.map_err(|source| EnvironmentError::Push {
        name: record.name.clone(),
        reference: reference.to_string(),
        source: Box::new(source),
    })?;
    Ok(Pushed {
        name: record.name,
        reference: reference.to_string(),
        digest: format!("sha256:{}", offer.digest()),
        size_bytes: offer.bytes(),
        sent_bytes,
    })
}

/// A place in a registry that can be given something: one with a tag.
fn tagged(reference: &str) -> Result<Reference, EnvironmentError> {
    match Reference::parse(reference) {
        Err(reason) => Err(EnvironmentError::BadReference { name: reference.to_owned(), reason }),
        Ok(parsed) if parsed.is_fixed() => Err(EnvironmentError::BadReference {
            name: reference.to_owned(),
            reason: "it names certain bytes; what is pushed is given a tag",
        }),
        Ok(parsed) => Ok(parsed),
    }
}
