//! Packages of the Debian archive, installed in machines: by the recipe that the documentation shows, and in
//! place of mmdebstrap where a host has neither that nor apt.

use crate::registry::debian::Registry;
use crate::registry::image::{Image, Layer, Packing};
use scenarios::{ENVIRONMENT, World, target_directory};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// apt's lists and a few packages, on an emulated CPU of a busy host.
const PATIENCE: Duration = Duration::from_secs(400);
const EXAMPLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/recipes/greeter/recipe.toml");

#[test]
fn the_recipe_of_the_documentation_gives_what_it_says() {
    let documented = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/environments.md");
    let (documented, recipe) =
        (fs::read_to_string(documented).unwrap(), fs::read_to_string(EXAMPLE));
    assert!(documented.contains(&recipe.unwrap()), "the documentation shows another recipe");
    let world = World::new().with_private_cache();
    let build = ["env", "build", EXAMPLE, "--ca-bundle", "host", "--json"];
    let built = world.pyro(&build).within(PATIENCE).succeeds().json();
    let packages = built["origin"]["packages"].as_array().unwrap();
    let jq = packages.iter().find(|package| package["name"] == "jq").unwrap();
    assert!(jq["version"].as_str().unwrap().starts_with("1.6"), "{jq}");

    // the host's authorities and the machine's name server were for the build alone
    let own = "ls /usr/local/share/ca-certificates; cat /etc/resolv.conf; ls /var/lib/apt/lists; \
        cd /var/cache/apt/archives; ls *.deb";
    let script =
        format!("greet; {{ {own}; }} 2> /dev/null; cat /etc/ssl/certs/ca-certificates.crt");
    let ran = world.pyro(&["run", "example/greeter:1", "--", "sh", "-c", &script]).succeeds();
    let bundle = world.run(&["cat", "/etc/ssl/certs/ca-certificates.crt"]).succeeds();
    assert_eq!(ran.text(), format!("hello, world, from 12\n{}", bundle.text()));
}

#[test]
fn a_host_without_mmdebstrap_and_apt_makes_the_catalog_of_debians_image() {
    let world = World::new().with_private_cache();
    let store = tempfile::tempdir_in(target_directory()).unwrap();
    let registry = Registry::start(store.path());
    let layer = Layer::of_tar(Packing::Plain, &fs::read(debian_without_git()).unwrap());
    let image = registry.push(&Image::new(&[layer]), "library/debian", "12");
    let _ = world.pyro(&["env", "remove", ENVIRONMENT]).outcome();

    let world = world.on_a_host(&["--without-mmdebstrap", "--without-apt"]);
    let pull = world.pyro(&["env", "pull", ENVIRONMENT, "--json"]);
    let made = pull.env("PYRO_DEBIAN_IMAGE", &image).within(PATIENCE).succeeds().json();
    let origin = &made["origin"];
    assert_eq!((&origin["kind"], &origin["recipe"]), (&"recipe".into(), &"catalog".into()));
    assert_eq!(origin["base"]["name"], image.as_str());
    let packages = origin["packages"].as_array().unwrap();
    assert!(packages.iter().any(|package| package["name"] == "git"), "{made}");
    let ran = world.run(&["git", "--version"]).succeeds();
    assert!(ran.text().starts_with("git version 2."), "{}", ran.text());
}

/// A small Debian, as its image on Docker Hub is, but for the certificates, whose packing takes an emulated CPU
/// a minute; made once.
fn debian_without_git() -> PathBuf {
    let directory = target_directory().join("scenarios");
    fs::create_dir_all(&directory).unwrap();
    let archive = directory.join("debian-small.tar");
    if !archive.exists() {
        let aside = tempfile::NamedTempFile::new_in(&directory).unwrap();
        let script = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/debian-tar"));
        let built =
            Command::new(script).arg("ca-certificates").stdout(aside.reopen().unwrap()).status();
        assert!(built.unwrap().success(), "debian-tar");
        aside.persist(&archive).unwrap();
    }
    archive
}
