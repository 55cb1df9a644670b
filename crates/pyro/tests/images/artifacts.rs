//! Environments that go from one machine to another as artifacts: over a registry, and in a file.

use crate::host::Host;
use crate::registry::artifact::{Artifact, MODULE, VMLINUX};
use crate::registry::debian::Registry;
use crate::registry::image::{Image, Layer, Packing, digest};
use crate::registry::server::{Fault, Server};
use pyro::environment::Installed;
use pyro::environment::pins::Pins;
use pyro::environment::record::Origin;
use pyro::event::{Event, Unit, ignore};
use serde_json::json;
use std::fs;
use std::sync::Mutex;

fn image() -> Image {
    let layer = Layer::new(Packing::Gzip, |layer| {
        layer.directory("etc/").file("etc/hello", "hello").device("null", 1, 3);
    });
    Image::with(&[layer], &json!({ "Env": ["A=b\nc"], "WorkingDir": "/etc", "User": "app" }))
}

/// A machine that has pulled an ordinary image of a registry's.
fn maker(server: &Server) -> (Host, Installed) {
    let host = Host::new();
    let installed = host.pull(&server.put(&image(), "team/tool", "1")).unwrap();
    (host, installed)
}

/// What another machine boots is what the first one boots.
fn assert_same(there: &Installed, here: &Installed) {
    assert_eq!(there.image_digest, here.image_digest);
    assert_eq!(fs::read(&there.image).unwrap(), fs::read(&here.image).unwrap());
    assert_eq!(fs::read(&there.kernel.vmlinux).unwrap(), VMLINUX);
    assert_eq!(fs::read(&there.kernel.modules[0]).unwrap(), MODULE);
    assert_eq!(there.kernel.sets, here.kernel.sets);
    assert_eq!(there.kernel_digest.as_deref(), Some(&digest(VMLINUX)["sha256:".len()..]));
    let settings = |i: &Installed| (i.env.clone(), i.working_directory.clone(), i.user.clone());
    assert_eq!(settings(there), settings(here));
}

#[test]
fn what_is_pushed_is_pulled_byte_for_byte_by_a_machine_without_any_tools() {
    let (server, store) = (Server::start(), tempfile::tempdir().unwrap());
    let registry = Registry::start(store.path());
    let (host, here) = maker(&server);
    let reference = format!("{}/pyro/tool:1", registry.host);
    let heard = Mutex::new(Vec::new());
    let observer = |event| heard.lock().unwrap().push(event);
    let pushed = host.environments().push(&here.name, &reference, &observer).unwrap();
    assert_eq!((&*pushed.name, &*pushed.reference), (&*here.name, &*reference));
    assert_eq!(pushed.sent_bytes, pushed.size_bytes);
    let heard = heard.into_inner().unwrap();
    let whole = |event: &Event| {
        matches!(event, Event::Advanced { what, done, total: Some(total), unit: Unit::Bytes }
            if what == &format!("pushing {reference}") && done == total && *total == pushed.size_bytes)
    };
    assert!(heard.iter().any(whole), "{heard:?}");

    let again = host.environments().push(&here.name, &reference, &ignore).unwrap();
    assert_eq!((&again.digest, again.sent_bytes), (&pushed.digest, 0));

    let other = Host::empty();
    let there = other.pull(&reference).unwrap();
    assert_same(&there, &here);
    assert_eq!(there.version, pushed.digest);

    // and on from there, as the same artifact
    let onward = format!("{}/pyro/tool:2", registry.host);
    let onward = other.environments().push(&reference, &onward, &ignore).unwrap();
    assert_eq!((&onward.digest, onward.sent_bytes), (&pushed.digest, 0));
    let by_digest = format!("{}/pyro/tool@{}", registry.host, pushed.digest);
    assert_eq!(Host::empty().pull(&by_digest).unwrap().image_digest, here.image_digest);
}

#[test]
fn inspect_says_where_each_byte_of_an_artifact_came_from() {
    let server = Server::start();
    let (host, here) = maker(&server);
    let reference = format!("{}/pyro/tool:1", server.host);
    let pushed = host.environments().push(&here.name, &reference, &ignore).unwrap();
    let other = Host::empty();
    other.pull(&reference).unwrap();
    let seen = other.environments().inspect(&reference).unwrap();
    assert_eq!(seen.entry.source, format!("registry:{reference}"));
    let kernel = seen.kernel.unwrap();
    assert_eq!(kernel.artifact, Some(format!("registry:{reference}")));
    assert_eq!((&*kernel.package, &*kernel.package_version), ("linux-none", "1"));
    assert_eq!(kernel.uri, "http://mirror.example/linux.deb", "a password is nobody's business");
    let Some(Origin::Artifact { from, manifest_digest, layers, name, origin, .. }) = seen.origin
    else {
        panic!("{:?}", seen.origin)
    };
    assert_eq!(from, format!("registry:{reference}"));
    assert_eq!(format!("sha256:{manifest_digest}"), pushed.digest);
    assert_eq!((layers.len(), &*name), (2, &*here.name));
    assert_eq!(layers[0].diff_id, here.image_digest);
    let Origin::Image { reference: first, .. } = *origin else { panic!("{origin:?}") };
    assert_eq!(first, here.name);
}

#[test]
fn a_file_holds_the_same_artifact_and_is_read_back_under_its_own_name_or_another() {
    let server = Server::start();
    let (host, here) = maker(&server);
    let file = host.path("tool.tar");
    let exported = host.environments().export(&here.name, &file, &ignore).unwrap();
    let pushed = format!("{}/pyro/tool:1", server.host);
    let pushed = host.environments().push(&here.name, &pushed, &ignore).unwrap();
    assert_eq!((&exported.digest, exported.size_bytes), (&pushed.digest, pushed.size_bytes));
    let mut stream = Vec::new();
    host.environments().export_to(&here.name, &mut stream, "-".as_ref(), &ignore).unwrap();
    assert!(stream == fs::read(&file).unwrap(), "always the same bytes");
    let taken = host.environments().export(&here.name, &file, &ignore).unwrap_err();
    assert!(taken.report().message.contains("exists"), "{taken}");

    let other = Host::empty();
    let name = other.environments().import(&file, None, &ignore).unwrap();
    assert_eq!(name, here.name);
    assert_same(&other.pull(&name).unwrap(), &here);
    let named = other.environments().import(&file, Some("localhost/mine"), &ignore).unwrap();
    assert_eq!(named, "localhost/mine:latest");
    let seen = other.environments().inspect(&named).unwrap();
    assert_eq!(
        (&seen.entry.version, seen.entry.source),
        (&pushed.digest, format!("file:{}", file.display()))
    );
    assert_eq!(
        other.environments().import(&file, Some("debian:12"), &ignore).unwrap_err().code(),
        "bad_name"
    );
}

#[test]
fn the_kernel_of_an_artifact_stays_as_long_as_something_boots_it_and_serves_nobody_else() {
    let (server, host) = (Server::start(), Host::empty());
    let artifact = Artifact::new("tool", "1", &[7; 4096]).image();
    let first = server.put(&artifact, "a", "1");
    let second = server.put(&artifact, "b", "1");
    let installed = host.pull(&first).unwrap();
    assert_eq!(host.pull(&second).unwrap().kernel.vmlinux, installed.kernel.vmlinux);
    assert_eq!(server.times_asked(&artifact.blobs[1].0), 1, "two names, one download");
    // a stranger's kernel is not for an image that has none of its own
    let error = host.pull(&server.put(&image(), "team/tool", "1")).unwrap_err();
    assert_eq!(error.code(), "host_tool_failed", "{error}");

    let machine = host.config.paths.machines().join("vm-1");
    fs::create_dir_all(&machine).unwrap();
    Pins::of(&installed).write(&machine).unwrap();
    for name in [&first, &second] {
        host.environments().remove(name).unwrap();
    }
    host.environments().prune().unwrap();
    assert!(installed.image.exists() && installed.kernel.vmlinux.exists(), "a machine needs them");
    fs::remove_dir_all(&machine).unwrap();
    host.environments().prune().unwrap();
    assert!(!installed.image.exists() && !installed.kernel.vmlinux.exists());
}

#[test]
fn an_artifact_whose_kernel_is_gone_is_pulled_again() {
    let (server, host) = (Server::start(), Host::empty());
    let reference = server.put(&Artifact::new("tool", "1", &[7; 4096]).image(), "a", "1");
    let installed = host.pull(&reference).unwrap();
    fs::remove_dir_all(installed.kernel.vmlinux.parent().unwrap()).unwrap();
    assert!(host.environments().installed(&reference).unwrap().is_none());
    assert!(host.pull(&reference).unwrap().kernel.vmlinux.exists());
}

#[test]
fn a_transfer_of_an_artifact_that_breaks_goes_on_where_it_stopped() {
    let (server, host) = (Server::start(), Host::empty());
    let root: Vec<u8> =
        (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let artifact = Artifact::new("tool", "1", &root).image();
    let reference = server.put(&artifact, "a", "1");
    server.breaks(&artifact.blobs[1].0, Fault::CutAfter(100_000), 2);
    let installed = host.pull(&reference).unwrap();
    assert_eq!(fs::read(installed.image).unwrap(), root);
    let root = &artifact.blobs[1].0;
    assert_eq!(server.times_asked(&format!("{root} -")), 1, "never from the start again");
    assert_eq!(server.times_asked(&format!("{root} bytes=")), 2);
}
