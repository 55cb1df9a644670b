//! A registry that the user has named for the catalog: it is asked before anything is built.

use crate::host::Host;
use crate::registry::artifact::Artifact;
use crate::registry::image::{Image, Layer, Packing};
use crate::registry::server::{Fault, Server};
use pyro::event::{Event, ignore};
use std::path::PathBuf;
use std::sync::Mutex;

fn debian(version: &str) -> Image {
    Artifact::new("debian:12", version, &[7; 4096]).image()
}

/// A machine without tools, whose user has named this registry.
fn host(server: &Server) -> Host {
    let mut host = Host::empty();
    host.config.registries.catalog = Some(format!("{}/pyro", server.host));
    host
}

#[test]
fn a_name_of_the_catalog_comes_from_there_and_keeps_its_name() {
    let server = Server::start();
    let host = host(&server);
    let source = server.put(&debian("1.0.0"), "pyro/debian", "12");
    let listed = host.environments().inspect("debian:12").unwrap();
    assert_eq!(listed.entry.source, format!("registry:{source}"), "before it is here");
    let installed = host.pull("debian:12").unwrap();
    assert_eq!((&*installed.name, &*installed.version), ("debian:12", "1.0.0"));
    let inspected = host.environments().inspect("debian:12").unwrap();
    assert_eq!(inspected.entry.source, format!("registry:{source}"));
    assert_eq!(inspected.passed_over, Vec::<String>::new());
    // whose kernel serves what has none of its own, because the user has named this registry
    let image = Image::new(&[Layer::new(Packing::Plain, |layer| {
        layer.file("a", "a");
    })]);
    let image = host.pull(&server.put(&image, "team/tool", "1")).unwrap();
    assert_eq!(image.kernel.vmlinux, installed.kernel.vmlinux);
}

#[test]
fn what_it_has_not_is_built_here_and_it_is_said() {
    let server = Server::start();
    let host = host(&server);
    let has_old = "pyro has debian:12 in version 0.9.0 instead of 1.0.0; building debian:12";
    for expected in ["pyro has no debian:12; building debian:12 on this host instead", has_old] {
        let heard = Mutex::new(Vec::new());
        let observer = |event| heard.lock().unwrap().push(event);
        // the next source; there are no tools here
        let error = host.environments().pull("debian:12", &observer).unwrap_err();
        assert_eq!(error.code(), "host_tool_failed", "{error}");
        let heard = heard.into_inner().unwrap();
        let said = |event: &Event| matches!(event, Event::Warning(text) if text.contains(expected));
        assert!(heard.iter().any(said), "{heard:?}");
        server.put(&debian("0.9.0"), "pyro/debian", "12");
    }
}

#[test]
fn every_other_failure_is_an_error_and_nothing_is_built() {
    let server = Server::start();
    let host = host(&server);
    let refused = || {
        let error = host.pull("debian:12").unwrap_err();
        assert_eq!(host.remains(), Vec::<PathBuf>::new());
        (error.code().to_owned(), error.to_string())
    };
    server.put(&Artifact::new("debian:11", "1.0.0", &[7; 4096]).image(), "pyro/debian", "12");
    let (code, text) = refused();
    assert!(code == "bad_image" && text.contains("it is debian:11 and not debian:12"), "{text}");
    let image = Image::new(&[Layer::new(Packing::Plain, |_| {})]);
    server.put(&image, "pyro/debian", "12");
    let (code, text) = refused();
    assert!(code == "bad_image" && text.contains("a container image"), "{text}");
    server.breaks("/manifests/", Fault::Status(403, "X: y"), 1);
    assert_eq!(refused().0, "registry_login");
    server.breaks("/manifests/", Fault::Status(500, "X: y"), 5);
    assert_eq!(refused().0, "registry_unwell");
    let mut host = Host::empty();
    host.config.registries.catalog = Some("127.0.0.1:1/pyro".to_owned());
    assert_eq!(host.refused("debian:12").code(), "fetch_failed");
}

#[test]
fn a_file_with_a_name_of_the_catalog_takes_no_place_that_is_taken() {
    let server = Server::start();
    let maker = host(&server);
    let file = |root: u8| {
        server.put(
            &Artifact::new("debian:12", "1.0.0", &[root; 4096]).image(),
            "pyro/debian",
            "12",
        );
        let host = host(&server);
        host.pull("debian:12").unwrap();
        let file = maker.path(&format!("{root}.tar"));
        host.environments().export("debian:12", &file, &ignore).unwrap();
        file
    };
    let (mine, other) = (file(1), file(2));
    let host = Host::empty();
    let import = |file, name| host.environments().import(file, name, &ignore);
    assert_eq!(import(&mine, None).unwrap(), "debian:12");
    assert_eq!(import(&mine, None).unwrap(), "debian:12", "nothing changes");
    let error = import(&other, None).unwrap_err();
    assert_eq!(error.code(), "replaces_environment");
    assert!(error.hints()[0].contains("--name debian:12"), "{error}");
    assert_eq!(import(&other, Some("localhost/other")).unwrap(), "localhost/other:latest");
    assert_eq!(import(&other, Some("debian:12")).unwrap(), "debian:12");
    let installed = host.pull("debian:12").unwrap();
    assert_eq!(std::fs::read(installed.image).unwrap(), [2; 4096]);

    server.put(&debian("0.9.0"), "old", "1");
    let old = host.pull(&format!("{}/old:1", server.host)).unwrap();
    let file = maker.path("old.tar");
    host.environments().export(&old.name, &file, &ignore).unwrap();
    assert_eq!(import(&file, None).unwrap_err().code(), "wrong_version");
}
