//! Environments from container images: any OCI or Docker image for linux/amd64, in its registry or in files,
//! checked by digest all the way down, and flattened straight into one EROFS image without being
//! unpacked. What the cache does with the result is not decided here.

mod blobs;
mod challenge;
mod document;
mod error;
mod files;
mod flatten;
mod layer;
mod login;
mod overlay;
mod reference;
mod registry;
mod retry;
mod terms;
mod upload;

pub use document::{Blob, Document, ImageConfig, Manifest};
pub(super) use document::{
    ENVIRONMENT, ENVIRONMENT_CONFIG, ENVIRONMENT_KERNEL, ENVIRONMENT_ROOT, MAX_ENV, bad, is_word,
};
pub use error::OciError;
pub(super) use files::{FileContent, FileEnvironment, FileImage, Files, open as open_archive};
pub use flatten::flatten;
pub use layer::Layer;
pub(super) use reference::Reference;
pub(super) use registry::check;
pub(super) use upload::{Offer, Part, push};

use super::record::LayerRecord;
use crate::config::Config;
use crate::event::{self, Observer};
use blobs::Transfers;
use document::MAX_MANIFEST;
use registry::Registry;
use std::path::Path;

/// An image or an environment that a registry has: everything is known about it, and no layer is here yet.
#[derive(Debug)]
pub(super) struct Found<'c> {
    config: &'c Config,
    registry: Registry<'c>,
    /// SHA-256 of the index, where the reference led to one.
    pub(super) index_digest: Option<String>,
    /// SHA-256 of the manifest.
    pub(super) manifest_digest: String,
    manifest: Manifest,
    /// What its configuration says.
    pub(super) content: Content,
}

/// What lies under a name.
#[derive(Debug)]
pub(super) enum Content {
    /// A container image.
    Image(ImageConfig),
    /// An environment of pyro's own, whose configuration is not read yet.
    Environment(Vec<u8>),
}

/// Asks the registry of `reference` what it has.
pub(super) fn find<'c>(
    config: &'c Config,
    reference: &'c Reference,
    observer: Observer<'_>,
) -> Result<Found<'c>, OciError> {
    let registry = Registry::of(config, reference)?;
    let (mut manifest_digest, bytes) = registry.manifest(None, MAX_MANIFEST, observer)?;
    let mut index_digest = None;
    let mut document = Document::parse(&bytes)?;
    if let Document::Index(chosen) = document {
        let (digest, bytes) = registry.manifest(Some(&chosen.digest), chosen.size, observer)?;
        index_digest = Some(std::mem::replace(&mut manifest_digest, digest));
        document = Document::parse(&bytes)?;
    }
    let configuration =
        |blob: &Blob| registry.blob("the configuration", &blob.digest, blob.size, observer);
    let (manifest, content) = match document {
        Document::Manifest(manifest) => {
            let bytes = configuration(&manifest.config)?;
            let settings = ImageConfig::parse(&bytes, manifest.layers.len())?;
            (manifest, Content::Image(settings))
        }
        Document::Environment(manifest) => {
            let bytes = configuration(&manifest.config)?;
            (manifest, Content::Environment(bytes))
        }
        Document::Index(_) => return Err(bad("index", "it leads to another index")),
    };
    Ok(Found { config, registry, index_digest, manifest_digest, manifest, content })
}

impl Found<'_> {
    /// Bytes of all layers as they are sent.
    pub(super) fn bytes(&self) -> u64 {
        self.manifest.layers.iter().map(|layer| layer.size).sum()
    }

    /// Brings the layers into `directory`, and goes on with what a killed process left there. `diff_ids` says
    /// what each is to be when it is unpacked.
    pub(super) fn fetch(
        &self,
        diff_ids: &[String],
        directory: &Path,
        name: &str,
        observer: Observer<'_>,
    ) -> Result<Vec<Layer>, OciError> {
        let what = format!("fetching {name}");
        event::step(observer, &what, || {
            Transfers::new(self.config, &self.registry, directory, &what, observer)
                .run(&self.manifest.layers)
        })?;
        let path = |layer: &Blob| blobs::path_of(directory, &layer.digest);
        Ok(Layer::of(&self.manifest.layers, diff_ids, path))
    }

    /// SHA-256 of the configuration.
    pub(super) fn config_digest(&self) -> &str {
        &self.manifest.config.digest
    }

    /// The layers for the record.
    pub(super) fn layer_records(&self, diff_ids: &[String]) -> Vec<LayerRecord> {
        LayerRecord::of(&self.manifest.layers, diff_ids)
    }
}
