//! An environment that one machine has and another one boots: through a registry, or in a file.

use crate::images::image;
use crate::registry::debian::Registry;
use crate::registry::server::Server;
use scenarios::World;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What gets packages where there are any.
const TOOLS: [&str; 6] = ["apt-get", "apt-cache", "apt-config", "dpkg", "dpkg-deb", "mmdebstrap"];

/// Another machine, with nothing of pyro's in its cache and with tools that only say that they were called.
struct Elsewhere {
    world: World,
    path: String,
}

impl Elsewhere {
    fn new() -> Self {
        let world = World::unprepared().with_empty_cache();
        let tools = world.home().join("tools");
        fs::create_dir(&tools).unwrap();
        for name in TOOLS {
            let called = called(&world);
            let script = format!("#!/bin/sh\necho {name} >>{}\nexit 100\n", called.display());
            fs::write(tools.join(name), script).unwrap();
            fs::set_permissions(tools.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", tools.display());
        Self { world, path }
    }

    fn pyro(&self, arguments: &[&str]) -> scenarios::Outcome {
        self.world.pyro(arguments).env("PATH", &self.path).succeeds()
    }
}

fn called(world: &World) -> PathBuf {
    world.home().join("called")
}

fn bytes(inspected: &serde_json::Value) -> Vec<u8> {
    fs::read(Path::new(inspected["image"].as_str().unwrap())).unwrap()
}

#[test]
fn what_one_machine_has_another_boots_byte_for_byte_and_without_any_tools() {
    let here = World::new().with_private_cache();
    let (server, store) = (Server::start(), tempfile::tempdir().unwrap());
    let registry = Registry::start(store.path());
    let name = server.put(&image("one\n"), "team/tool", "1");
    let _ = here.pyro(&["env", "pull", &name]).succeeds();
    let reference = format!("{}/pyro/tool:1", registry.host);
    let push = || here.pyro(&["env", "push", &name, &reference, "--json"]).succeeds().json();
    let pushed = push();
    let again = push();
    assert_eq!((&again["digest"], &again["sent_bytes"]), (&pushed["digest"], &0.into()), "{again}");

    let there = Elsewhere::new();
    let words = ["run", &reference, "--", "sh", "-c", "id -un; greet; cat /mark"];
    assert_eq!(there.pyro(&words).text(), "app\nhello from test\none");
    let inspected = there.pyro(&["env", "inspect", &reference, "--json"]).json();
    let original = here.pyro(&["env", "inspect", &name, "--json"]).succeeds().json();
    assert_eq!(inspected["digest"], original["digest"]);
    assert!(bytes(&inspected) == bytes(&original), "two images with one digest");
    assert_eq!(inspected["kernel"]["digest"], original["kernel"]["digest"]);
    assert_eq!(inspected["version"], pushed["digest"]);

    // the same in a file
    let file = here.home().join("tool.tar");
    let file = file.to_str().unwrap();
    let _ = here.pyro(&["env", "export", &name, "--output", file]).succeeds();
    let imported =
        there.pyro(&["env", "import", file, "--name", "localhost/tool", "--json"]).json();
    assert_eq!(imported["digest"], original["digest"]);
    assert_eq!(imported["version"], pushed["digest"]);
    assert!(!called(&there.world).exists(), "{:?}", fs::read_to_string(called(&there.world)));
}
