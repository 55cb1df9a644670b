//! Container images as what machines boot from: pulled from a registry on this host, run, worked in, and
//! the same bytes for as long as a workspace lives.

use crate::registry::image::{Entries, Image, Layer, Packing};
use crate::registry::server::Server;
use scenarios::{Era, Server as Mcp, World};
use serde_json::json;

/// The programs of a small image.
const APPLETS: [&str; 16] = [
    "sh", "cat", "chmod", "chown", "echo", "id", "ln", "ls", "mkdir", "mkfifo", "mknod", "mount",
    "pwd", "rm", "sleep", "touch",
];

/// A directory of nothing but BusyBox: no /tmp, no /dev, no /proc. Its profile sets PATH, as Debian's does.
pub(crate) fn busybox(layer: &mut Entries) {
    let program = std::fs::read("/bin/busybox").unwrap();
    layer.directory("bin/").program("bin/busybox", 0o755, &program);
    for applet in APPLETS {
        layer.symlink(&format!("bin/{applet}"), "busybox");
    }
    layer.file("etc/profile", "export PATH=/bin\n");
    layer.file("etc/passwd", "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/srv:/bin/sh\n");
    layer.program("opt/tools/greet", 0o755, b"#!/bin/sh\necho hello from $MODE\n");
}

/// Two layers; the upper one takes a file of the lower one away, and adds a mark.
pub(crate) fn image(mark: &str) -> Image {
    let lower = Layer::new(Packing::Gzip, |layer| {
        busybox(layer);
        layer.file("etc/secret", "old").owned("srv/mine", 1000, "mine\n");
    });
    let upper = Layer::new(Packing::Zstd, |layer| {
        layer.whiteout("etc/", "secret").file("mark", mark);
    });
    let settings = json!({
        "Env": ["PATH=/opt/tools:/bin", "MODE=test"], "WorkingDir": "/srv", "User": "app"
    });
    Image::with(&[lower, upper], &settings)
}

#[test]
fn an_image_runs_as_it_asks_to_and_a_workspace_keeps_its_bytes() {
    let world = World::new().with_private_cache();
    let server = Server::start();
    let name = server.put(&image("one\n"), "team/tool", "latest");

    let script = "id -un; pwd; greet; cat mine /mark; cat /etc/secret || touch /srv/new 2>&1";
    let ran = world.pyro(&["run", &name, "--json", "--", "sh", "-c", script]).outcome().json();
    let expected = "app\n/srv\nhello from test\nmine\none\n";
    let said = ran["stdout"].as_str().unwrap();
    assert!(said.starts_with(expected) && said.contains("Permission denied"), "{ran}");
    assert_eq!(ran["environment"], name.as_str());
    assert_eq!(ran["environment_version"], image("one\n").digest());

    let id = world.pyro(&["workspace", "create", &name, "--id-only"]).succeeds().text().to_owned();
    let in_workspace = |words: &[&str]| {
        let words = [&["workspace", "exec", &id, "--"], words].concat();
        world.pyro(&words).succeeds().text().to_owned()
    };
    assert_eq!(
        in_workspace(&["sh", "-c", "id -un; pwd; greet"]),
        "root\n/workspace\nhello from test"
    );
    in_workspace(&["sh", "-c", "echo changed > /mark; echo kept > file"]);

    // the tag moves on; whoever asks for it gets the new image, and nobody else does
    server.put(&image("two\n"), "team/tool", "latest");
    let _ = world.pyro(&["env", "pull", &name]).succeeds();
    let _ = world.pyro(&["env", "prune"]).succeeds();
    let _ = world.pyro(&["workspace", "reset", &id]).succeeds();
    assert_eq!(in_workspace(&["sh", "-c", "cat /mark; ls"]), "one");
    let _ = world.pyro(&["workspace", "delete", &id]).succeeds();
    assert_eq!(world.pyro(&["run", &name, "--", "cat", "/mark"]).succeeds().text(), "two");
}

#[test]
fn an_image_without_a_shell_boots_and_says_what_it_lacks() {
    let world = World::new().with_private_cache();
    let server = Server::start();
    let layer = Layer::new(Packing::Plain, |layer| {
        layer.file("only", "this");
    });
    let name = server.put(&Image::new(&[layer]), "bare", "1");
    let ran = world.pyro(&["run", &name, "--", "true"]).outcome().exits(125);
    let _ = ran.complains("the environment has no /bin/sh, which runs every command");
}

#[test]
fn a_model_names_no_image_of_this_host_unless_its_human_has_allowed_it() {
    let world = World::new().with_private_cache();
    let registry = Server::start();
    let name = registry.put(&image("one\n"), "team/tool", "latest");
    let serve = |flags: &[&str]| {
        let words = [&["mcp", "serve", "--profile", "vm-run"], flags].concat();
        Mcp::of(world.pyro(&words), Era::Stateless)
    };
    let greet = json!({"environment": &name, "command": "greet"});

    let mut strict = serve(&[]);
    let refused = strict.refused("vm_run", &greet);
    assert!(refused.contains("code: image_not_allowed"), "{refused}");
    let flag = format!("--allow-image {}/team/tool\n", registry.host);
    assert!(refused.contains(&flag), "{refused}");
    assert_eq!(registry.asked(), [""; 0]);

    let mut lenient = serve(&["--allow-image", &format!("{}/team/*", registry.host)]);
    assert!(lenient.text("vm_run", &greet).contains("stdout:\nhello from test\n"));
    // what is installed by now is nobody's secret
    assert!(strict.text("vm_run", &greet).contains("stdout:\nhello from test\n"));
    for server in [strict, lenient] {
        let _ = server.end();
    }
}
