//! Images and root file systems out of files.

use crate::file_tree::image;
use crate::host::Host;
use crate::registry::image::{Entries, INDEX, Image, Layer, MANIFEST, Packing};
use pyro::Result;
use pyro::environment::record::Origin;
use pyro::event::ignore;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn layers() -> [Layer; 2] {
    let lower = Layer::new(Packing::Gzip, |layer| {
        layer.file("kept", "k").file("gone", "g");
    });
    let upper = Layer::new(Packing::Gzip, |layer| {
        layer.whiteout("", "gone");
    });
    [lower, upper]
}

/// The files of an OCI layout, by path.
fn layout(image: &Image) -> Vec<(String, Vec<u8>)> {
    let blob = |digest: &str| format!("blobs/sha256/{}", digest.strip_prefix("sha256:").unwrap());
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [{
        "mediaType": MANIFEST, "digest": image.digest(), "size": image.manifest.len(),
    }] });
    let mut files = vec![
        ("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
        ("index.json".to_owned(), index.to_string().into_bytes()),
        (blob(&image.digest()), image.manifest.clone()),
    ];
    files.extend(image.blobs.iter().map(|(digest, bytes)| (blob(digest), bytes.clone())));
    files
}

fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, &bytes[..]).unwrap();
    }
    tar.into_inner().unwrap()
}

/// What `docker save` writes: configuration and plain layers beside a description.
fn saved(names: &Value) -> Vec<u8> {
    let [lower, upper] = layers().map(|layer| {
        let mut tar = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&layer.blob[..]), &mut tar)
            .unwrap();
        tar
    });
    let config = Image::new(&layers()).blobs[0].clone();
    let config_name = format!("{}.json", config.0.strip_prefix("sha256:").unwrap());
    let id = |digit: &str| format!("{}/layer.tar", digit.repeat(64));
    let description =
        json!([{ "Config": config_name, "RepoTags": names, "Layers": [id("a"), id("b")] }]);
    archive(&[
        (id("a"), lower),
        (id("b"), upper),
        (config_name, config.1),
        ("manifest.json".to_owned(), description.to_string().into_bytes()),
    ])
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    Layer::of_tar(Packing::Gzip, bytes).blob
}

fn write(host: &Host, bytes: &[u8]) -> PathBuf {
    let path = host.path("image.tar");
    fs::write(&path, bytes).unwrap();
    path
}

fn import(host: &Host, source: &Path, name: Option<&str>) -> Result<String> {
    host.environments().import(source, name, &ignore)
}

/// Imports, makes it ready without any registry, and looks at it.
fn names_in(source: &[u8], name: Option<&str>, expected_name: &str) -> Vec<Vec<u8>> {
    let host = Host::new();
    let name = import(&host, &write(&host, source), name).unwrap();
    assert_eq!(name, expected_name);
    let installed = host.pull(&name).unwrap();
    image::read(&installed.image).into_keys().collect()
}

const EXPECTED: [&[u8]; 2] = [b"", b"kept"];

#[test]
fn every_kind_of_archive_is_told_by_what_is_in_it() {
    let of_layout = archive(&layout(&Image::new(&layers())));
    let (given, full) = (Some("localhost/tool:2"), "localhost/tool:2");
    assert_eq!(names_in(&of_layout, given, full), EXPECTED);
    assert_eq!(names_in(&gzip(&of_layout), given, full), EXPECTED);
    let tagged = saved(&json!(["tool:1", "tool:latest"]));
    assert_eq!(names_in(&tagged, None, "docker.io/library/tool:1"), EXPECTED);
    assert_eq!(names_in(&gzip(&tagged), given, full), EXPECTED);
    let root = Layer::new(Packing::Gzip, |root: &mut Entries| {
        root.directory("./").file("./kept", "k");
    });
    assert_eq!(names_in(&root.blob, given, full), EXPECTED);
}

#[test]
fn a_layout_in_a_directory_is_read_where_it_lies_and_recorded_by_digest() {
    let host = Host::new();
    let image = Image::new(&layers());
    let directory = host.path("layout");
    for (path, bytes) in layout(&image) {
        let file = directory.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    let name = import(&host, &directory, Some("localhost/tool")).unwrap();
    let inspected = host.environments().inspect(&name).unwrap();
    assert_eq!(inspected.entry.version, image.digest());
    assert_eq!(inspected.entry.source, format!("file:{}", directory.display()));
    let Some(Origin::Import { layers, manifest_digest, .. }) = inspected.origin else { panic!() };
    assert_eq!((layers.len(), manifest_digest.is_some()), (2, true));

    // a blob that somebody exchanged, and one that is a link to somewhere else
    let blob =
        directory.join("blobs/sha256").join(image.blobs[1].0.strip_prefix("sha256:").unwrap());
    fs::write(&blob, "something else").unwrap();
    assert_eq!(import(&host, &directory, Some("a")).unwrap_err().code(), "digest_mismatch");
    fs::remove_file(&blob).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", &blob).unwrap();
    assert_eq!(import(&host, &directory, Some("a")).unwrap_err().code(), "bad_image");
}

#[test]
fn what_has_no_name_or_an_impossible_one_is_refused() {
    let host = Host::new();
    let source = write(&host, &saved(&json!(null)));
    let code = |name: Option<&str>| import(&host, &source, name).unwrap_err().code().to_owned();
    assert_eq!(code(None), "nameless");
    assert_eq!(code(Some("debian:12")), "bad_name");
    assert_eq!(code(Some(&format!("a@{}", Image::new(&[]).digest()))), "bad_name");
    assert_eq!(code(Some("No Name")), "unknown_environment");
    assert_eq!(host.remains(), Vec::<PathBuf>::new());
}

#[test]
fn what_is_removed_is_gone_unless_a_machine_needs_it() {
    let host = Host::new();
    let source = write(&host, &saved(&json!(["tool:1"])));
    import(&host, &source, None).unwrap();
    let installed = host.pull("tool:1").unwrap();
    let machine = host.config.paths.machines().join("vm-1");
    fs::create_dir_all(&machine).unwrap();
    pyro::environment::pins::Pins::of(&installed).write(&machine).unwrap();
    host.environments().remove("tool:1").unwrap();
    assert!(installed.image.exists() && host.environments().installed("tool:1").unwrap().is_none());
    assert_eq!(host.environments().remove("tool:1").unwrap_err().code(), "environment_not_here");

    fs::remove_dir_all(&machine).unwrap();
    import(&host, &source, None).unwrap();
    let removed = host.environments().remove("tool:1").unwrap();
    assert!(!installed.image.exists() && removed.freed_bytes > 0);
    assert_eq!(host.remains(), Vec::<PathBuf>::new());
}
