//! Registries and images that lie. Each is refused with one error, and leaves nothing behind.

use crate::host::Host;
use crate::registry::image::{Entries, Image, Layer, Packing, digest};
use crate::registry::server::{Fault, Server};
use serde_json::json;
use std::io::Write;

fn code_of(layers: &[Layer]) -> (String, String) {
    let server = Server::start();
    let error = Host::new().refused(&server.put(&Image::new(layers), "a", "1"));
    (error.code().to_owned(), error.to_string())
}

fn layer(fill: impl FnOnce(&mut Entries) -> &mut Entries) -> Layer {
    Layer::new(Packing::Gzip, |layer| {
        fill(layer);
    })
}

#[test]
fn bytes_that_are_not_those_of_the_digest_are_refused_wherever_they_are() {
    let image = Image::new(&[layer(|layer| layer.file("a", "a"))]);
    for part in ["/manifests/sha256", &*image.blobs[0].0, &*image.blobs[1].0] {
        let (server, host) = (Server::start(), Host::new());
        server.put(&image, "a", "2");
        let reference = server.put_document("a", "1", &image.index());
        server.breaks(part, Fault::Corrupt, usize::MAX);
        assert_eq!(host.refused(&reference).code(), "digest_mismatch", "{part}");
    }
}

#[test]
fn a_layer_that_unpacks_to_something_else_than_the_configuration_says_is_refused() {
    let mut lying = layer(|layer| layer.file("a", "a"));
    lying.diff_id = digest(b"something else");
    let (code, text) = code_of(&[lying]);
    assert_eq!(code, "digest_mismatch");
    assert!(text.contains("unpacked, has the SHA-256"), "{text}");
}

#[test]
fn a_layer_that_is_cut_off_or_no_archive_is_refused() {
    let tar = Layer::new(Packing::Plain, |layer| {
        layer.file("a", &"a".repeat(5000));
    });
    let tar = tar.blob;
    let cases = [
        Layer::of_tar(Packing::Gzip, &tar[..3000]),
        Layer::of_tar(Packing::Plain, b"not a tar archive"),
        Layer::of_tar(Packing::Plain, &[7; 2048]),
        Layer {
            blob: Layer::of_tar(Packing::Gzip, &tar).blob[..60].to_vec(),
            ..layer(|layer| layer)
        },
        Layer { blob: [b"\x1f\x8b".to_vec(), vec![9; 500]].concat(), ..layer(|layer| layer) },
        Layer {
            blob: [b"\x28\xb5\x2f\xfd".to_vec(), vec![9; 500]].concat(),
            ..layer(|layer| layer)
        },
    ];
    for case in cases {
        let (code, text) = code_of(&[case]);
        assert_eq!(code, "bad_archive", "{text}");
        assert!(text.contains("the layer sha256:"), "{text}");
    }
}

#[test]
fn a_few_bytes_that_become_a_disk_full_are_stopped() {
    let zeros = vec![0; 1 << 20];
    let whole = Layer::new(Packing::Plain, |layer| {
        layer.file("zeros", "");
    });
    let mut header = tar::Header::from_byte_slice(&whole.blob[..512]).clone();
    header.set_size(4 << 30);
    header.set_cksum();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(header.as_bytes()).unwrap();
    for _ in 0..400 {
        gzip.write_all(&zeros).unwrap();
    }
    let blob = gzip.finish().unwrap();
    let (code, text) = code_of(&[Layer { blob, ..layer(|layer| layer) }]);
    assert_eq!(code, "decompression_bomb", "{text}");
}

#[test]
fn names_that_lead_out_of_the_image_are_refused() {
    for path in ["../escape", "a/../../escape", "/..", "d/.wh...", ".wh.", ".wh.."] {
        let (code, text) = code_of(&[layer(|layer| layer.file(path, "x"))]);
        assert_eq!(code, "bad_archive_path", "{path}: {text}");
    }
    let (code, text) = code_of(&[layer(|layer| layer.hard_link("a", "../../etc/passwd"))]);
    assert_eq!(code, "bad_archive_path", "{text}");
    let (code, text) = code_of(&[layer(|layer| layer.hard_link("a", "etc/passwd"))]);
    assert_eq!(code, "missing_link_target", "{text}");
    // what a link points at is the guest's affair, but nothing may be put through it
    let through = layer(|layer| layer.symlink("out", "/etc").file("out/passwd", "x"));
    assert_eq!(code_of(&[through]).0, "bad_archive_path");
}

#[test]
fn an_image_for_other_machines_or_no_image_at_all_is_told_apart() {
    let (server, host) = (Server::start(), Host::new());
    let refused = |document: &serde_json::Value| {
        let reference = server.put_document("a", "1", document.to_string().as_bytes());
        host.refused(&reference)
    };
    let arm = json!({ "schemaVersion": 2, "manifests": [{
        "digest": digest(b""), "size": 1, "platform": { "os": "linux", "architecture": "arm64" },
    }] });
    let error = refused(&arm);
    assert_eq!(error.code(), "wrong_platform");
    assert!(error.to_string().ends_with("not for linux/amd64 but for linux/arm64"), "{error}");
    let blob =
        |media_type: &str| json!({ "mediaType": media_type, "digest": digest(b""), "size": 1 });
    let chart = json!({
        "schemaVersion": 2, "config": blob("application/vnd.cncf.helm.config.v1+json"), "layers": [],
    });
    assert_eq!(refused(&chart).code(), "not_an_image");
    assert_eq!(refused(&json!({ "schemaVersion": 1 })).code(), "bad_image");
    assert_eq!(refused(&json!("<html>")).code(), "bad_image");
}

#[test]
fn more_than_the_disk_holds_is_refused_before_it_is_fetched() {
    let (server, host) = (Server::start(), Host::new());
    // with what unpacking them takes, 15 TiB
    let large: Vec<Layer> = (0..64).map(|_| layer(|layer| layer.file("a", "a"))).collect();
    let mut image = Image::new(&large);
    let size = format!("\"size\":{}", large[0].blob.len());
    let manifest = String::from_utf8(image.manifest).unwrap();
    image.manifest = manifest.replace(&size, &format!("\"size\":{}", 60_u64 << 30)).into_bytes();
    let error = host.refused(&server.put(&image, "a", "1"));
    assert_eq!(error.code(), "no_space", "{error}");
    assert_eq!(server.times_asked(&digest(&large[0].blob)), 0);
}
