//! An artifact as one file: an OCI layout (image-spec 1.1, `image-layout.md`) in a tar archive, as other tools
//! for images write and read it. The same artifact gives the same bytes.

use super::super::oci::{ENVIRONMENT, Offer};
use super::pack::MANIFEST;
use crate::error::{AtPath, PathError};
use serde_json::json;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

const LAYOUT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
/// By which tools name what is in a layout (image-spec 1.1, `annotations.md`).
const NAME: &str = "org.opencontainers.image.ref.name";

/// Writes the artifact, whose environment is called `name`. Errors name the place `shown`.
pub(in crate::environment) fn write(
    offer: &Offer,
    name: &str,
    out: impl Write,
    shown: &Path,
) -> Result<(), PathError> {
    let digest = offer.digest();
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            "mediaType": MANIFEST, "artifactType": ENVIRONMENT, "digest": format!("sha256:{digest}"),
            "size": offer.manifest.len(), "annotations": { NAME: name },
        }],
    });
    let index = index.to_string();
    let mut tar = tar::Builder::new(out);
    let mut add = |name: &str, size: u64, content: &mut dyn Read| {
        let mut header = tar::Header::new_ustar();
        header.set_size(size);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        tar.append_data(&mut header, name, content).at("write", shown)
    };
    add("oci-layout", LAYOUT.len() as u64, &mut LAYOUT.as_bytes())?;
    add("index.json", index.len() as u64, &mut index.as_bytes())?;
    add(&blob(&digest), offer.manifest.len() as u64, &mut &offer.manifest[..])?;
    for part in &offer.parts {
        let mut file = File::open(&part.path).at("open", &part.path)?;
        add(&blob(&part.blob.digest), part.blob.size, &mut file)?;
    }
    tar.into_inner().and_then(|mut out| out.flush()).at("write", shown)
}

fn blob(digest: &str) -> String {
    format!("blobs/sha256/{digest}")
}
