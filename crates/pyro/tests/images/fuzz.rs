//! The fuzz targets of images, on stable: documents and layers that begin well and go wrong anywhere.

use crate::registry::artifact::Artifact;
use crate::registry::image::{Image, Layer, Packing};
use proptest::prelude::*;

#[path = "../../../../fuzz/harness/layers.rs"]
mod layers;
#[path = "../../../../fuzz/harness/manifest.rs"]
mod manifest;

fn tar(paths: &[&str]) -> Vec<u8> {
    let layer = Layer::new(Packing::Plain, |layer| {
        layer.xattr("user.a", b"b");
        for path in paths {
            layer.directory("d/").file(path, "content").whiteout("d/", "x").hard_link("l", path);
        }
    });
    layer.blob
}

/// Puts other bytes into some places.
fn spoil(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    for (place, byte) in changes {
        let place = place.index(bytes.len());
        bytes[place] = *byte;
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_document_is_too_strange(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)
    ) {
        let image = Image::new(&[Layer::new(Packing::Gzip, |_| {})]);
        let artifact = Artifact::new("tool", "1", b"root").image();
        let of_image = [image.manifest.clone(), image.index(), image.blobs[0].1.clone()];
        let of_artifact = [artifact.manifest.clone(), artifact.blobs[0].1.clone()];
        for document in of_image.into_iter().chain(of_artifact) {
            manifest::read(&spoil(document, &changes));
        }
    }

    #[test]
    fn no_layers_are_too_strange(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)
    ) {
        let (lower, upper) = (tar(&["d/x", "d/y"]), tar(&["d/y"]));
        let length = u16::try_from(lower.len()).unwrap().to_le_bytes();
        let place = tempfile::tempdir().unwrap();
        layers::write(&spoil([&length[..], &lower, &upper].concat(), &changes), place.path());
    }
}
