//! Which image a name means, today and tomorrow.

use crate::host::Host;
use crate::registry::image::{Image, Layer, Packing};
use crate::registry::server::{Fault, Server};
use pyro::environment::pins::Pins;
use pyro::environment::record::Origin;
use pyro::event::ignore;

fn image(content: &str) -> Image {
    Image::new(&[Layer::new(Packing::Gzip, |layer| {
        layer.file("content", content);
    })])
}

#[test]
fn a_tag_is_asked_for_once_and_again_only_when_the_human_says_so() {
    let (server, host) = (Server::start(), Host::new());
    let reference = server.put(&image("old"), "a", "1");
    let old = host.pull(&reference).unwrap();
    assert_eq!(old.version, image("old").digest());
    server.put(&image("new"), "a", "1");
    let again = host.pull(&reference).unwrap();
    assert_eq!(again.image_digest, old.image_digest);
    assert_eq!(server.times_asked("/manifests/1"), 1, "the second pull needs no registry");

    // somebody made a machine of it
    let machine = host.config.paths.machines().join("vm-1");
    std::fs::create_dir_all(&machine).unwrap();
    Pins::of(&old).write(&machine).unwrap();
    let new = host.environments().update(&reference, &ignore).unwrap();
    assert_eq!(new.version, image("new").digest());
    host.environments().prune().unwrap();
    assert!(old.image.exists() && new.image.exists(), "a machine's image stays");
    std::fs::remove_dir_all(&machine).unwrap();
    host.environments().prune().unwrap();
    assert!(!old.image.exists() && new.image.exists());
    assert!(host.environments().installed(&reference).unwrap().is_some());
}

#[test]
fn two_names_of_one_image_are_one_download() {
    let (server, host) = (Server::start(), Host::new());
    let image = image("x");
    let by_tag = host.pull(&server.put(&image, "a", "1")).unwrap();
    let by_digest = host.pull(&format!("{}/a@{}", server.host, image.digest())).unwrap();
    assert_eq!(by_tag.image, by_digest.image);
    assert_eq!(server.times_asked(&image.blobs[1].0), 1);
    let names: Vec<_> =
        host.environments().list().unwrap().environments.into_iter().map(|e| e.name).collect();
    assert!(names.contains(&by_tag.name) && names.contains(&by_digest.name), "{names:?}");
}

#[test]
fn of_an_index_the_image_for_guests_is_taken_and_every_digest_is_recorded() {
    let (server, host) = (Server::start(), Host::new());
    let image = image("x");
    server.put(&image, "a", "amd64");
    let reference = server.put_document("a", "all", &image.index());
    let installed = host.pull(&reference).unwrap();
    assert_eq!(installed.version, image.digest());
    let inspected = host.environments().inspect(&reference).unwrap();
    assert!(inspected.entry.installed && inspected.kernel.is_some());
    let Some(Origin::Image {
        reference: recorded,
        index_digest,
        manifest_digest,
        config_digest,
        layers,
    }) = inspected.origin
    else {
        panic!("{inspected:?}")
    };
    let plain = |digest: &str| digest.strip_prefix("sha256:").unwrap().to_owned();
    assert_eq!(recorded, reference);
    assert_eq!(index_digest, Some(plain(&crate::registry::image::digest(&image.index()))));
    assert_eq!(manifest_digest, plain(&image.digest()));
    assert_eq!(config_digest, plain(&image.blobs[0].0));
    assert_eq!(layers.len(), 1);
    assert_eq!(layers[0].digest, plain(&image.blobs[1].0));
    assert_eq!(layers[0].size_bytes, image.blobs[1].1.len() as u64);
}

#[test]
fn an_image_that_is_here_needs_no_registry() {
    let (server, host) = (Server::start(), Host::new());
    let reference = server.put(&image("x"), "a", "1");
    host.pull(&reference).unwrap();
    server.breaks("/", Fault::Status(500, "X: y"), usize::MAX);
    assert!(host.environments().installed(&reference).unwrap().is_some());
    // the executable is another one now: what it needs is made again, without the registry
    let mut config = host.config.clone();
    config.executable = "/bin/false".into();
    let environments = pyro::environment::Environments::new(config);
    assert!(environments.installed(&reference).unwrap().is_none());
    environments.pull(&reference, &ignore).unwrap();
}

#[test]
fn a_name_that_nobody_has_is_an_error_with_the_way_on() {
    let (server, host) = (Server::start(), Host::new());
    let reference = server.put(&image("x"), "a", "1");
    for missing in [reference.replace(":1", ":2"), format!("{}/b", server.host)] {
        let error = host.refused(&missing);
        assert_eq!(error.code(), "no_such_image", "{error}");
        assert!(error.to_string().contains("manifest unknown"), "{error}");
        assert!(error.hints().join(" ").contains("env list"), "{error}");
    }
    let absent = format!("{}/a@{}", server.host, image("y").digest());
    assert_eq!(host.refused(&absent).code(), "no_such_image");
}
