//! `pyro env push`, `export`, `import` and `pull` of artifacts, as far as it takes a process of its own: what is
//! printed, what a variable means, and a kill.

use crate::registry::artifact::Artifact;
use crate::registry::image::Image;
use crate::registry::server::{Fault, Server};
use crate::world::World;
use std::fs;

/// An environment whose image does not compress to nothing.
fn artifact(name: &str) -> Image {
    let words = (0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes());
    Artifact::new(name, "1.0.0", &words.collect::<Vec<u8>>()).image()
}

/// A world with that environment, and what it is called there.
fn world(server: &Server) -> (World, String) {
    let world = World::new();
    let name = server.put(&artifact("tool"), "tool", "1");
    let pulled = world.pyro(&["env", "pull", &name]);
    assert_eq!(pulled.code(), 0, "{pulled}");
    (world, name)
}

/// What killed builds and pulls leave.
fn left(world: &World) -> usize {
    let names = ["building", "pulls"].map(|name| world.path(&format!(".cache/pyro/{name}")));
    names.iter().map(|directory| fs::read_dir(directory).unwrap().count()).sum()
}

#[test]
fn a_push_says_the_digest_and_how_much_was_sent() {
    let server = Server::start();
    let (world, name) = world(&server);
    let reference = format!("{}/pyro/tool:1", server.host);
    let pushed = world.pyro(&["env", "push", &name, &reference, "--json"]);
    let document = pushed.json();
    assert_eq!((&document["name"], &document["reference"]), (&name.into(), &(*reference).into()));
    assert_eq!(document["sent_bytes"], document["size_bytes"]);
    assert!(document["digest"].as_str().unwrap().starts_with("sha256:"), "{pushed}");
    let again = world.pyro(&["env", "push", document["name"].as_str().unwrap(), &reference]);
    let digest = document["digest"].as_str().unwrap();
    assert!(again.stdout().starts_with(&format!("{reference} is {digest}: ")), "{again}");
    assert!(again.stdout().contains(", 0 B of it sent"), "{again}");
    let refused = world.pyro(&["env", "push", "debian:12", &reference, "--json"]);
    assert_eq!((refused.code(), &refused.json()["code"]), (1, &"environment_not_here".into()));
}

#[test]
fn an_export_is_a_file_or_a_stream_of_the_same_bytes_and_import_reads_it() {
    let server = Server::start();
    let (world, name) = world(&server);
    let exported = world.pyro(&["env", "export", &name, "--output", "tool.tar", "--json"]);
    assert!(exported.json()["digest"].is_string(), "{exported}");
    let streamed = world.pyro(&["env", "export", &name, "--output", "-"]);
    assert!(streamed.stdout == fs::read(world.path("tool.tar")).unwrap());
    let taken = world.pyro(&["env", "export", &name, "--output", "tool.tar"]);
    assert!(taken.code() == 1 && taken.stderr().contains("exists"), "{taken}");

    let other = World::new();
    fs::rename(world.path("tool.tar"), other.path("tool.tar")).unwrap();
    let imported = other.pyro(&["env", "import", "tool.tar", "--json"]).json();
    // the artifact was called so when it was made by hand
    assert_eq!(imported["name"], "docker.io/library/tool:latest");
    assert_eq!(imported["origin"]["kind"], "artifact");
    assert_eq!(imported["kernel"]["artifact"], imported["source"]);
}

#[test]
fn pyro_registry_names_where_the_catalog_comes_from() {
    let (world, server) = (World::new(), Server::start());
    let source = server.put(&artifact("debian:12"), "pyro/debian", "12");
    let mut pulling = world.command(&["env", "pull", "debian:12", "--json"]);
    let pulling = pulling.env("PYRO_REGISTRY", format!("{}/pyro", server.host)).spawn();
    let pulled = world.finish(pulling.unwrap());
    assert_eq!(pulled.code(), 0, "{pulled}");
    assert_eq!(pulled.json()["source"], format!("registry:{source}"));
    let listed = world.pyro(&["env", "list", "--json"]).json();
    assert_eq!(listed["environments"][0]["installed"], true, "{listed}");
    let mut wrong = world.command(&["env", "list"]);
    let wrong = wrong.env("PYRO_REGISTRY", "https://registry.example").spawn();
    assert!(world.finish(wrong.unwrap()).stderr().contains("PYRO_REGISTRY"));
}

#[test]
fn a_push_that_was_killed_is_made_again_and_what_it_left_is_swept() {
    let server = Server::start();
    let (world, name) = world(&server);
    let reference = format!("{}/pyro/tool:1", server.host);
    server.breaks("PUT", Fault::FullAfter(300), 1);
    let mut pushing = world.command(&["env", "push", &name, &reference]).spawn().unwrap();
    server.wait_for("FULL PUT");
    pushing.kill().unwrap();
    pushing.wait().unwrap();
    let pushed = world.pyro(&["env", "push", &name, &reference]);
    assert_eq!(pushed.code(), 0, "{pushed}");
    assert_eq!(left(&world), 0);
    let other = World::new();
    assert_eq!(other.pyro(&["env", "pull", &reference]).code(), 0);
}

#[test]
fn a_pull_of_an_artifact_that_was_killed_goes_on_where_it_was() {
    let (world, server) = (World::new(), Server::start());
    let image = artifact("tool");
    let root = &image.blobs[1].0;
    let reference = server.put(&image, "tool", "1");
    server.breaks(root, Fault::SilentAfter(100_000), 1);
    let mut pulling = world.command(&["env", "pull", &reference]).spawn().unwrap();
    server.wait_for(root);
    let part = root.replace("sha256:", "") + ".part";
    let arrived = || {
        let images = fs::read_dir(world.path(".cache/pyro/pulls")).into_iter().flatten().flatten();
        let mut parts = images.map(|image| image.path().join(&part));
        parts.any(|file| file.metadata().is_ok_and(|m| m.len() == 100_000))
    };
    while !arrived() {
        assert!(pulling.try_wait().unwrap().is_none(), "it ended before it was killed");
        std::thread::yield_now();
    }
    pulling.kill().unwrap();
    pulling.wait().unwrap();
    let pulled = world.pyro(&["env", "pull", &reference]);
    assert_eq!(pulled.code(), 0, "{pulled}");
    assert_eq!(server.times_asked(&format!("{root} bytes=100000-")), 1, "{:?}", server.asked());
    assert_eq!(left(&world), 0);
}
