//! The registries of Debian, Python, Node.js and Rust, as their own clients use them: over TLS where the client
//! does, through whatever this host's network demands. Which registries these are, the clients' settings on this
//! host say; the clients too come from this host, where a guest would need minutes to install them.

use scenarios::{Outcome, Workspace, World};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Four clients on an emulated CPU of a busy host.
const PATIENCE: Duration = Duration::from_secs(200);
/// Parts of Python's library that pip can do without, and that are large.
const NOT_NEEDED: [&str; 9] = [
    "site-packages",
    "dist-packages",
    "test",
    "idlelib",
    "lib2to3",
    "ensurepip",
    "tkinter",
    "turtledemo",
    "pydoc_data",
];

/// A client, and what it says where it finds no registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Client {
    name: &'static str,
    script: &'static str,
    without: &'static str,
}

const APT: Client = Client {
    name: "apt",
    script: "apt-get -q -o APT::Update::Error-Mode=any -o Acquire::Languages=none -o Acquire::Retries=0 update
        apt-get -q install -y --no-install-recommends hello
        hello",
    without: "resolv",
};
const PIP: Client = Client {
    name: "pip",
    script: "export PYTHONHOME=/workspace/python PYTHONPATH=/workspace/python/with LD_LIBRARY_PATH=/workspace/python/lib
        /workspace/bin/python3 -m pip install --no-compile --no-cache-dir --retries 0 --disable-pip-version-check --target /tmp/pip six
        test -s /tmp/pip/six.py",
    without: "No matching distribution found for six",
};
const NPM: Client = Client {
    name: "npm",
    script: "mkdir -p /tmp/npm
        cd /tmp/npm
        /workspace/bin/node /workspace/npm/bin/npm-cli.js install --no-audit --no-fund --no-update-notifier \
            --fetch-retries 0 is-number
        test -s node_modules/is-number/index.js",
    without: "getaddrinfo",
};
const CARGO: Client = Client {
    name: "cargo",
    script: "mkdir -p /tmp/cargo/src
        cd /tmp/cargo
        : > src/lib.rs
        printf '[package]\\nname = \"it\"\\nedition = \"2021\"\\n[dependencies]\\nitoa = \"1\"\\n' > Cargo.toml
        RUSTC=/workspace/rust/bin/rustc /workspace/bin/cargo fetch --quiet --config net.retry=0
        test -s /workspace/cargo/registry/cache/*/itoa-1.*.crate",
    without: "Could not resolve hostname",
};

/// The clients of this host, in a directory that a workspace begins with.
struct Clients {
    directory: PathBuf,
    /// What the host's clients are told about registries.
    settings: Vec<String>,
    /// npm's only one.
    npm_registry: String,
}

impl Clients {
    fn of_this_host(world: &World) -> Self {
        let directory = world.home().join("clients");
        for part in ["bin", "python/lib", "python/with", "cargo"] {
            fs::create_dir_all(directory.join(part)).unwrap();
        }
        let mut settings = vec!["export CARGO_HOME=/workspace/cargo".to_owned()];
        python(&directory, &mut settings);
        copy(&said(&["node", "-p", "process.execPath"]), &directory.join("bin/node"));
        copy(&format!("{}/npm", said(&["npm", "root", "--global"])), &directory.join("npm"));
        let npm_registry = said(&["npm", "config", "get", "registry"]);
        settings.push(format!("export npm_config_registry={npm_registry}"));
        rust(&directory);
        let home = std::env::var("CARGO_HOME");
        let home = home.unwrap_or_else(|_| std::env::var("HOME").unwrap() + "/.cargo");
        if Path::new(&home).join("config.toml").exists() {
            copy(&format!("{home}/config.toml"), &directory.join("cargo/config.toml"));
        }
        Self { directory, settings, npm_registry }
    }

    fn workspace<'w>(&self, world: &'w World, options: &[&str]) -> Workspace<'w> {
        let seed = ["--ca-bundle", "host", "--seed-path", self.directory.to_str().unwrap()];
        world.workspace(&[&seed, options].concat())
    }

    fn run(&self, client: Client, workspace: &Workspace<'_>) -> Outcome {
        let script = format!("set -e\n{}\n{}", self.settings.join("\n"), client.script);
        let limit = PATIENCE.as_secs().to_string();
        let call = workspace.exec_with(&["--timeout-seconds", &limit], &["sh", "-c", &script]);
        call.within(2 * PATIENCE).outcome()
    }

    #[track_caller]
    fn works(&self, client: Client, workspace: &Workspace<'_>) {
        let _ = self.run(client, workspace).succeeds();
    }

    /// It ends by itself, long before its time limit, and names the reason.
    #[track_caller]
    fn fails(&self, client: Client, workspace: &Workspace<'_>) {
        let Client { name, without, .. } = client;
        let outcome = self.run(client, workspace);
        assert!(![0, 124, 125].contains(&outcome.code()), "{name}: {outcome:?}");
        let said = [String::from_utf8_lossy(&outcome.stdout).as_ref(), &outcome.stderr].concat();
        assert!(said.contains(without), "{name}: {said}");
    }

    fn npm_host(&self) -> &str {
        let (_, address) = self.npm_registry.split_once("://").unwrap();
        address.split(['/', ':']).next().unwrap()
    }
}

/// The interpreter, as much of its library as pip needs, and pip.
fn python(directory: &Path, settings: &mut Vec<String>) {
    let facts = "import os, pip, sys, sysconfig as s
print(os.path.realpath(sys.executable), s.get_path('stdlib'), os.path.dirname(pip.__file__),
      os.path.join(s.get_config_var('LIBDIR'), s.get_config_var('INSTSONAME')), sep='\\n')";
    let facts = said(&["python3", "-c", facts]);
    let [executable, library, pip, shared] = facts.lines().collect::<Vec<_>>()[..] else {
        panic!("{facts}")
    };
    copy(executable, &directory.join("bin/python3"));
    copy(pip, &directory.join("python/with/pip"));
    // not where it is part of the executable
    if shared.contains(".so") && Path::new(shared).exists() {
        copy(shared, &directory.join("python/lib"));
    }
    let home = directory.join("python/lib").join(Path::new(library).file_name().unwrap());
    fs::create_dir(&home).unwrap();
    for part in fs::read_dir(library).unwrap() {
        let part = part.unwrap().path();
        let name = part.file_name().unwrap().to_str().unwrap();
        if !NOT_NEEDED.contains(&name) && !name.starts_with("config-") {
            copy(part.to_str().unwrap(), &home);
        }
    }
    let setting = ["-m", "pip", "config", "get", "global.index-url"];
    let index = Command::new("python3").args(setting).output().unwrap();
    if index.status.success() {
        let index = String::from_utf8(index.stdout).unwrap();
        settings.push(format!("export PIP_INDEX_URL={}", index.trim()));
    }
}

/// cargo, and the compiler that it asks for its version, without what only compiling needs.
fn rust(directory: &Path) {
    let toolchain = PathBuf::from(said(&["rustc", "--print", "sysroot"]));
    let of = |part: &str| toolchain.join(part).display().to_string();
    copy(&of("bin/cargo"), &directory.join("bin/cargo"));
    for part in ["rust/bin", "rust/lib"] {
        fs::create_dir_all(directory.join(part)).unwrap();
    }
    copy(&of("bin/rustc"), &directory.join("rust/bin/rustc"));
    for library in fs::read_dir(toolchain.join("lib")).unwrap() {
        let library = library.unwrap().path();
        if library.is_file() {
            copy(library.to_str().unwrap(), &directory.join("rust/lib"));
        }
    }
}

/// With their times, by which Python knows what it has compiled.
fn copy(from: &str, to: &Path) {
    let status = Command::new("cp").args(["-aL", from]).arg(to).status().unwrap();
    assert!(status.success(), "cp {from}: {status}");
}

/// What a program of this host prints.
fn said(words: &[&str]) -> String {
    let ran = Command::new(words[0]).args(&words[1..]).output();
    let ran = ran.unwrap_or_else(|error| panic!("{}: {error}", words[0]));
    assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().trim_end().to_owned()
}

/// The hosts that the workspace's log names with this decision.
fn hosts(workspace: &Workspace<'_>, decision: &str) -> BTreeSet<String> {
    let log = workspace.json(&["network", "log"], &[]);
    let lines = log["connections"].as_array().unwrap().iter();
    let such = lines.filter(|line| line["decision"] == decision);
    such.map(|line: &Value| line["host"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn with_egress_all_of_them_work() {
    let world = World::new();
    let clients = Clients::of_this_host(&world);
    let workspace = clients.workspace(&world, &["--network-policy", "egress"]);
    for client in [APT, PIP, NPM, CARGO] {
        clients.works(client, &workspace);
    }
    assert!(hosts(&workspace, "allowed").contains(clients.npm_host()));
    assert_eq!(hosts(&workspace, "refused"), BTreeSet::new());
    workspace.delete();
    world.assert_clean();
}

#[test]
fn without_a_network_all_of_them_fail_at_once_and_say_why() {
    let world = World::new();
    let clients = Clients::of_this_host(&world);
    let workspace = clients.workspace(&world, &[]);
    for client in [APT, PIP, NPM, CARGO] {
        clients.fails(client, &workspace);
    }
    workspace.delete();
    world.assert_clean();
}

#[test]
fn an_allow_list_lets_one_of_them_through_and_the_log_names_the_others() {
    let world = World::new();
    let clients = Clients::of_this_host(&world);
    let listed = ["--network-policy", "egress", "--allow-host", clients.npm_host()];
    let workspace = clients.workspace(&world, &listed);
    clients.works(NPM, &workspace);
    assert_eq!(hosts(&workspace, "refused"), BTreeSet::new());
    let mut refused = 0;
    for client in [APT, PIP, CARGO] {
        clients.fails(client, &workspace);
        let named = hosts(&workspace, "refused").len();
        assert!(named > refused, "no refusal of {}", client.name);
        refused = named;
    }
    assert_eq!(hosts(&workspace, "allowed"), BTreeSet::from([clients.npm_host().to_owned()]));
    workspace.delete();
    world.assert_clean();
}
