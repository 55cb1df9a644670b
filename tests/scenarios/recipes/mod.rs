//! Environments from recipes: what a machine makes of an image, down to the bits that only an image has;
//! that nothing is made twice, or half; and what a recipe must not say.

mod packages;

use crate::file_tree::{FileTree, image};
use crate::images::busybox;
use crate::registry::image::{Image, Layer, Packing};
use crate::registry::server::Server;
use scenarios::{Call, Process, Signal, World};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Permission bits, and the four kinds of what they belong to.
const SET_USER_ID: u32 = 0o104_755;
const DEVICE: u32 = 0o020_660;
const PIPE: u32 = 0o010_600;

/// A file capability, as `setcap cap_net_raw+ep` writes it (`struct vfs_cap_data`, revision 2).
const CAPABILITY: &[u8] = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// A base with everything that only an image has.
fn base() -> Image {
    let layer = Layer::new(Packing::Gzip, |layer| {
        busybox(layer);
        layer.file("etc/resolv.conf", "nameserver 192.0.2.1\n");
        layer.program("opt/su", 0o4755, b"#!/bin/sh\n").hard_link("opt/same", "opt/su");
        layer.xattr("security.capability", CAPABILITY);
        layer.program("opt/ping", 0o755, b"#!/bin/sh\n");
        layer.device("opt/null", 1, 3).fifo("opt/pipe").symlink("opt/link", "nowhere/at/all");
        layer.owned("opt/mine", 70_000, "mine\n").file("opt/unwanted", "");
    });
    Image::with(&[layer], &json!({ "Env": ["PATH=/opt/tools:/bin", "MODE=base"], "User": "app" }))
}

/// A recipe in a directory of its own.
struct Kitchen<'w> {
    world: &'w World,
    directory: PathBuf,
    base: String,
}

impl<'w> Kitchen<'w> {
    fn new(world: &'w World, server: &Server) -> Self {
        let directory = world.home().join("kitchen");
        fs::create_dir_all(&directory).unwrap();
        Self { world, directory, base: server.put(&base(), "team/base", "1") }
    }

    fn write(&self, recipe: &str) -> PathBuf {
        let path = self.directory.join("recipe.toml");
        fs::write(&path, format!("name = 'acme/tool:1'\nfrom = '{}'\n{recipe}", self.base))
            .unwrap();
        path
    }

    fn call(&self, recipe: &str, options: &[&str]) -> Call {
        let recipe = self.write(recipe);
        self.world.pyro(&[&["env", "build", recipe.to_str().unwrap()], options].concat())
    }

    #[track_caller]
    fn build(&self, recipe: &str) -> Value {
        self.call(recipe, &["--json"]).succeeds().json()
    }

    #[track_caller]
    fn refuses(&self, recipe: &str, complaint: &str) {
        let _ = self.call(recipe, &[]).outcome().exits(2).complains(complaint);
    }

    fn is_there(&self, name: &str) -> bool {
        let listing = self.world.pyro(&["env", "list", "--json"]).succeeds().json();
        let entries = listing["environments"].as_array().unwrap();
        entries.iter().any(|entry| entry["name"] == name)
    }

    /// What builds have not taken away.
    fn leavings(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.world.cache().join("building")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn tree_of(environment: &Value) -> FileTree {
    image::read(Path::new(environment["image"].as_str().unwrap()))
}

#[test]
fn a_recipe_becomes_an_image_once_with_everything_that_an_image_has() {
    let world = World::new().with_private_cache();
    let server = Server::start();
    let kitchen = Kitchen::new(&world, &server);
    fs::create_dir_all(kitchen.directory.join("files/deep")).unwrap();
    fs::write(kitchen.directory.join("files/deep/one"), "one\n").unwrap();
    symlink("one", kitchen.directory.join("files/deep/two")).unwrap();
    let tool = kitchen.directory.join("tool");
    fs::write(&tool, "#!/bin/sh\necho tool in $MODE of $HOME\n").unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o700)).unwrap();
    let recipe = "
        files = [
            { source = 'tool', path = '/bin/tool' },
            { source = 'tool', path = '/etc/secret', mode = '0400' },
            { source = 'files', path = '/srv/files' },
        ]
        run = [
            'id -u > /opt/who; pwd >> /opt/who; echo $MODE >> /opt/who; tool >> /opt/who',
            '''
            rm /opt/unwanted
            echo new > /opt/new; chown 7:8 /opt/new; chmod 6755 /opt/new; ln /opt/new /opt/newer
            mknod /opt/null2 c 1 3; mkfifo /opt/pipe2
            mkdir -p /workspace /run; touch /workspace/not /run/not /dev/not
            sleep 600 &
            ''',
        ]
        workdir = '/srv'
        user = 'root'
        [env]
        MODE = 'a recipe'
        [labels]
        team = 'core'";
    let built = kitchen.build(recipe);
    assert_eq!(
        (&built["cached"], &built["name"]),
        (&json!(false), &json!("docker.io/acme/tool:1"))
    );
    let origin = &built["origin"];
    assert_eq!((&origin["kind"], &origin["labels"]["team"]), (&json!("recipe"), &json!("core")));
    assert_eq!(origin["base"]["name"], kitchen.base.as_str());
    assert_eq!(origin["base"]["version"], base().digest());
    world.assert_clean();

    let tree = tree_of(&built);
    let entry = |path: &str| &tree[path.as_bytes()];
    assert_eq!(entry("opt/su").mode, SET_USER_ID);
    assert_eq!((entry("opt/su").links, entry("opt/su").same_as.as_slice()), (2, &b"opt/same"[..]));
    assert_eq!(entry("opt/ping").xattrs[&b"security.capability"[..]], CAPABILITY);
    assert_eq!((entry("opt/null").mode, entry("opt/null").device), (DEVICE, (1, 3)));
    assert_eq!(entry("opt/pipe").mode, PIPE);
    assert_eq!(entry("opt/link").target, b"nowhere/at/all");
    assert_eq!((entry("opt/mine").uid, entry("opt/mine").gid), (70_000, 70_001));
    let new = entry("opt/new");
    assert_eq!((new.mode, new.uid, new.gid, new.links), (0o106_755, 7, 8, 2));
    assert_eq!(entry("opt/null2").device, (1, 3));
    assert_eq!(entry("opt/pipe2").mode & 0o170_000, PIPE & 0o170_000);
    assert_eq!((entry("bin/tool").mode, entry("bin/tool").uid), (0o100_755, 0));
    assert_eq!(entry("etc/secret").mode, 0o100_400);
    assert_eq!(entry("srv/files/deep/two").target, b"one");
    let absent = ["opt/unwanted", "run/not", "dev/not", "workspace", "etc/resolv.conf"];
    assert_eq!(absent.map(|path| tree.contains_key(path.as_bytes())), [false; 5]);

    let script = "cat /opt/who; id -u; pwd; tool";
    let ran = world.pyro(&["run", "acme/tool:1", "--", "sh", "-c", script]).succeeds();
    assert_eq!(ran.text(), "0\n/\na recipe\ntool in a recipe of /\n0\n/srv\ntool in a recipe of /");

    // without any machine: there is nothing that could run one
    let without = |call: Call| {
        call.env("PYRO_QEMU", "/bin/false").env("PYRO_FIRECRACKER", "/bin/false").succeeds()
    };
    let again = without(kitchen.call(recipe, &["--json", "--name", "acme/other"])).json();
    assert_eq!((&again["cached"], &again["digest"]), (&json!(true), &built["digest"]));
    let said = without(kitchen.call(recipe, &[]));
    assert_eq!(said.text(), "docker.io/acme/tool:1 is ready, as it was built before");

    // what is in a file counts, and so does the wish to build anew
    fs::write(&tool, "#!/bin/sh\necho another\n").unwrap();
    let other = kitchen.build(recipe);
    assert_eq!(other["cached"], false);
    assert_ne!(other["origin"]["recipe_digest"], origin["recipe_digest"]);
    let ran = world.pyro(&["run", "acme/tool:1", "--", "tool"]).succeeds();
    assert_eq!(ran.text(), "another");
    assert_eq!(kitchen.leavings(), Vec::<PathBuf>::new());
}

#[test]
fn what_fails_or_is_refused_leaves_everything_as_it_was() {
    let world = World::new().with_private_cache();
    let server = Server::start();
    let kitchen = Kitchen::new(&world, &server);
    let failing = "run = ['echo fine', 'echo first; echo why >&2; exit 7', 'echo never']
        network.policy = 'off'";
    let failed = kitchen.call(failing, &[]).outcome().exits(1);
    let failed = failed.complains("running (2/3) echo first; echo why >&2; exit 7 failed");
    let failed = failed.complains("with exit code 7; its last lines:\nfirst\nwhy\n");
    assert!(!failed.stderr.contains("never"), "{}", failed.stderr);
    let json = kitchen.call(failing, &["--json"]).outcome().exits(1).json();
    assert_eq!(json["code"], "build_step_failed");
    world.assert_clean();

    kitchen.refuses("packages = ['git']", "has no apt-get");
    kitchen.refuses("\npakages = ['git']", "recipe.toml, line 4: there is no key \"pakages\"");
    kitchen.refuses("pakages = ['git']", "did you mean \"packages\"?");
    let outside = world.home().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "secret").unwrap();
    symlink(&outside, kitchen.directory.join("way")).unwrap();
    symlink(outside.join("secret"), kitchen.directory.join("link")).unwrap();
    for source in ["way/secret", "link", "../outside/secret", "way"] {
        let recipe = format!("files = [{{ source = '{source}', path = '/stolen' }}]");
        kitchen.refuses(&recipe, &format!("{source} cannot go into the environment"));
    }
    kitchen.refuses("files = [{ source = 'none', path = '/none' }]", "No such file");
    let _ = world.pyro(&["env", "build", "none.toml"]).outcome().exits(1).complains("none.toml");
    assert!(!kitchen.is_there("docker.io/acme/tool:1"));
    assert_eq!(kitchen.leavings(), Vec::<PathBuf>::new());
}

#[test]
fn a_build_that_is_killed_leaves_nothing_and_two_at_once_are_one() {
    let world = World::new().with_private_cache();
    let server = Server::start();
    let kitchen = Kitchen::new(&world, &server);
    let endless = kitchen.call("run = ['sleep 600']", &[]).start();
    let machine = endless.process(Process::is_vmm);
    endless.signal(Signal::KILL);
    let _ = endless.end().exits(128 + 9);
    world.assert_no_process();
    assert!(!Path::new(&format!("/proc/{}", machine.pid)).exists());
    assert_eq!(kitchen.leavings().len(), 1, "what the next build sweeps");

    let recipe = "run = ['echo $RANDOM$$ > /made; sleep 1']";
    let both = [(); 2].map(|()| kitchen.call(recipe, &["--json"]).start());
    let built = both.map(|running| running.end().succeeds().json());
    let cached = built.iter().filter(|built| built["cached"] == true).count();
    assert_eq!(cached, 1, "{built:?}");
    assert_eq!(built[0]["digest"], built[1]["digest"]);
    assert_eq!(kitchen.leavings(), Vec::<PathBuf>::new());
    let _ = world.pyro(&["env", "remove", "acme/tool:1"]).succeeds();
    assert!(!kitchen.is_there("docker.io/acme/tool:1"));
    world.assert_clean();
}
