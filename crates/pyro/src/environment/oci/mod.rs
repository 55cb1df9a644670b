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

pub use document::{Blob, Document, ImageConfig, Manifest};
pub use error::OciError;
pub(super) use files::{FileImage, Files, open as open_archive};
pub use flatten::flatten;
pub use layer::Layer;
pub(super) use reference::Reference;

use super::record::LayerRecord;
use crate::config::Config;
use crate::event::{self, Observer};
use blobs::Transfers;
use document::MAX_MANIFEST;
use registry::Registry;
use std::path::Path;

/// An image that a registry has: everything is known about it, and no layer is here yet.
#[derive(Debug)]
pub(super) struct Found<'c> {
    config: &'c Config,
    registry: Registry<'c>,
    /// SHA-256 of the index, where the reference led to one.
    pub(super) index_digest: Option<String>,
    /// SHA-256 of the manifest.
    pub(super) manifest_digest: String,
    manifest: Manifest,
    settings: ImageConfig,
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
    let manifest = match Document::parse(&bytes)? {
        Document::Manifest(manifest) => manifest,
        Document::Index(chosen) => {
            let (digest, bytes) = registry.manifest(Some(&chosen.digest), chosen.size, observer)?;
            index_digest = Some(std::mem::replace(&mut manifest_digest, digest));
            match Document::parse(&bytes)? {
                Document::Manifest(manifest) => manifest,
                Document::Index(_) => {
                    let what = "it leads to another index".to_owned();
                    return Err(OciError::BadDocument { document: "index", what });
                }
            }
        }
    };
    let blob = &manifest.config;
    let bytes = registry.blob("the configuration", &blob.digest, blob.size, observer)?;
    let settings = ImageConfig::parse(&bytes, manifest.layers.len())?;
    Ok(Found { config, registry, index_digest, manifest_digest, manifest, settings })
}

impl Found<'_> {
    /// Bytes of all layers as they are sent.
    pub(super) fn bytes(&self) -> u64 {
        self.manifest.layers.iter().map(|layer| layer.size).sum()
    }

    /// Brings the layers into `directory`, and goes on with what a killed process left there.
    pub(super) fn fetch(
        &self,
        directory: &Path,
        name: &str,
        observer: Observer<'_>,
    ) -> Result<Vec<Layer>, OciError> {
        let what = format!("fetching {name}");
        event::step(observer, &what, || {
            Transfers::new(self.config, &self.registry, directory, &what, observer)
                .run(&self.manifest.layers)
        })?;
        Ok(self.layers(directory))
    }

    fn layers(&self, directory: &Path) -> Vec<Layer> {
        let pairs = self.manifest.layers.iter().zip(&self.settings.diff_ids);
        pairs
            .map(|(layer, diff_id)| Layer {
                path: blobs::path_of(directory, &layer.digest),
                digest: layer.digest.clone(),
                diff_id: diff_id.clone(),
            })
            .collect()
    }

    /// What the image says about itself.
    pub(super) fn settings(&self) -> &ImageConfig {
        &self.settings
    }

    /// SHA-256 of the configuration.
    pub(super) fn config_digest(&self) -> &str {
        &self.manifest.config.digest
    }

    /// The layers for the record.
    pub(super) fn layer_records(&self) -> Vec<LayerRecord> {
        LayerRecord::of(&self.manifest.layers, &self.settings.diff_ids)
    }
}
