//! `pyro env pull` of images, as far as it takes a process of its own: an authority to trust, and a kill.

use crate::registry::debian::Registry;
use crate::registry::image::{Image, Layer, Packing};
use crate::registry::server::{Fault, Server};
use crate::world::World;
use serde_json::json;
use std::fs;

fn image() -> Image {
    Image::new(&[Layer::new(Packing::Plain, |layer| {
        layer.file("content", &"x".repeat(200_000));
    })])
}

/// A world whose cache has a kernel already, so that no archive has to be asked for one.
fn world() -> World {
    let world = World::new();
    let kernels = world.path(".cache/pyro/kernels");
    let kernel = kernels.join("linux-none_1");
    fs::create_dir_all(&kernel).unwrap();
    fs::write(kernel.join("vmlinux"), "a kernel").unwrap();
    let sets = json!({ "serial": [], "vsock": [], "storage": [] });
    let description = json!({ "version": "1", "vmlinux": "vmlinux", "modules": [], "sets": sets });
    fs::write(kernel.join("kernel.json"), description.to_string()).unwrap();
    let record = json!({
        "format": 1, "id": "linux-none_1", "package": "linux-none", "package_version": "1",
        "uri": "", "package_digest": "", "digest": "", "created_at": 1,
    });
    fs::write(kernels.join("linux-none_1.json"), record.to_string()).unwrap();
    world
}

#[test]
fn docker_registry_over_tls_is_believed_where_the_host_trusts_its_authority() {
    let (world, store) = (world(), tempfile::tempdir().unwrap());
    let reference = Registry::start(store.path()).push(&image(), "a", "1");
    let (registry, authority) = Registry::with_tls(store.path());
    let reference = format!("{}{}", registry.host, &reference[reference.find('/').unwrap()..]);
    let refused = world.pyro(&["env", "pull", &reference]);
    assert_eq!(refused.code(), 1, "{refused}");
    assert!(refused.stderr().contains("install ca-certificates"), "{refused}");
    let mut trusting = world.command(&["env", "pull", &reference]);
    let pulled = world.finish(trusting.env("SSL_CERT_FILE", authority).spawn().unwrap());
    assert_eq!(pulled.code(), 0, "{pulled}");
    let listed = world.pyro(&["env", "list", "--json"]).json();
    let named = |entry: &serde_json::Value| entry["name"] == reference.as_str();
    let entry = listed["environments"].as_array().unwrap().iter().find(|entry| named(entry));
    assert_eq!(entry.unwrap()["version"], image().digest());
}

#[test]
fn a_pull_that_was_killed_goes_on_where_it_was() {
    let (world, server) = (world(), Server::start());
    let image = image();
    let layer = &image.blobs[1].0;
    let reference = server.put(&image, "a", "1");
    server.breaks(layer, Fault::SilentAfter(100_000), 1);
    let mut pulling = world.command(&["env", "pull", &reference]).spawn().unwrap();
    server.wait_for(layer);
    let pulls = world.path(".cache/pyro/pulls");
    let arrived = || {
        let images = fs::read_dir(&pulls).into_iter().flatten().flatten();
        let files = images.flat_map(|image| fs::read_dir(image.path()).into_iter().flatten());
        files.flatten().any(|file| file.metadata().is_ok_and(|m| m.len() == 100_000))
    };
    while !arrived() {
        assert!(pulling.try_wait().unwrap().is_none(), "it ended before it was killed");
        std::thread::yield_now();
    }
    pulling.kill().unwrap();
    pulling.wait().unwrap();
    let pulled = world.pyro(&["env", "pull", &reference]);
    assert_eq!(pulled.code(), 0, "{pulled}");
    assert_eq!(server.times_asked(&format!("{layer} bytes=100000-")), 1, "{:?}", server.asked());
    assert_eq!(fs::read_dir(&pulls).unwrap().count(), 0);
}

/// Mounts a small file system over a directory of the cache, pulls, and lists what is left there.
const ON_A_FULL_DISK: &str = "cd $HOME/.cache/pyro && mkdir -p $1 && \
     mount -t tmpfs -o size=64k tmpfs $1 || exit 99\n\
     $2 env pull $3 --json; code=$?\n\
     find images environments building pulls -type f >&2; exit $code";

#[test]
fn a_disk_that_fills_up_half_way_is_one_error_and_nothing_stays() {
    let server = Server::start();
    let reference = server.put(&image(), "a", "1");
    // where layers arrive, and where the image is written
    for directory in ["pulls", "building"] {
        let world = world();
        let pyro = env!("CARGO_BIN_EXE_pyro");
        let pulling = std::process::Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", ON_A_FULL_DISK, "sh"])
            .args([directory, pyro, &reference])
            .env_clear()
            .env("HOME", world.path(""))
            .env("PATH", "/usr/bin:/bin")
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn();
        let pulled = world.finish(pulling.unwrap());
        assert_eq!(pulled.code(), 1, "{directory}: {pulled}");
        assert_eq!(pulled.json()["code"], "no_space", "{directory}: {pulled}");
        assert_eq!(pulled.stderr(), "", "{directory}");
    }
}
