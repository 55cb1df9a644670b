//! A user with an empty cache, in which only a kernel is already, and with logins of their own.
#![allow(dead_code, reason = "each test program uses its own part")]

use crate::file_tree::{FileTree, image};
use crate::registry::artifact::{MODULE, VMLINUX};
use crate::registry::image::digest;
use pyro::config::Config;
use pyro::environment::{Environments, Installed};
use pyro::event::ignore;
use pyro::{Error, Result};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) struct Host {
    home: tempfile::TempDir,
    pub(crate) config: Config,
}

impl Host {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        // any program will do: nothing is booted
        let config = Config::from_lookup("/bin/true".into(), |name| match name {
            "HOME" | "PYRO_HOME" => Some(home.path().into()),
            "PATH" => Some(home.path().join("bin").into()),
            _ => None,
        });
        let mut config = config.unwrap();
        config.registries.patience = Duration::from_secs(1);
        config.registries.first_pause = Duration::from_millis(5);
        let host = Self { home, config };
        host.keep_a_kernel();
        host
    }

    /// Another machine: without a kernel, and without programs that could get one.
    pub(crate) fn empty() -> Self {
        let host = Self::new();
        fs::remove_dir_all(host.path("cache")).unwrap();
        fs::create_dir(host.path("bin")).unwrap();
        for name in ["apt-get", "apt-cache", "apt-config", "dpkg", "mmdebstrap"] {
            let program = host.path("bin").join(name);
            fs::write(&program, "#!/bin/sh\nexit 100\n").unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        host
    }

    /// So that no archive has to be asked for one.
    fn keep_a_kernel(&self) {
        let kernels = self.path("cache/kernels");
        let kernel = kernels.join("linux-none_1");
        fs::create_dir_all(kernel.join("modules")).unwrap();
        fs::write(kernel.join("vmlinux"), VMLINUX).unwrap();
        fs::write(kernel.join("modules/virtio.ko"), MODULE).unwrap();
        let sets = json!({ "serial": ["virtio.ko"], "vsock": ["virtio.ko"], "storage": [] });
        let description = json!({
            "version": "1", "vmlinux": "vmlinux", "modules": ["modules/virtio.ko"], "sets": sets,
        });
        fs::write(kernel.join("kernel.json"), description.to_string()).unwrap();
        let record = json!({
            "format": 1, "id": "linux-none_1", "package": "linux-none", "package_version": "1",
            "uri": "http://name:password@mirror.example/linux.deb", "package_digest": "",
            "digest": digest(VMLINUX)["sha256:".len()..], "created_at": 1,
        });
        fs::write(kernels.join("linux-none_1.json"), record.to_string()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes Docker's file with logins.
    pub(crate) fn logins(&self, file: &serde_json::Value) {
        fs::create_dir_all(self.path(".docker")).unwrap();
        fs::write(self.path(".docker/config.json"), file.to_string()).unwrap();
    }

    pub(crate) fn environments(&self) -> Environments {
        Environments::new(self.config.clone())
    }

    pub(crate) fn pull(&self, name: &str) -> Result<Installed> {
        self.environments().pull(name, &ignore)
    }

    /// Pulls, and reads the image back.
    pub(crate) fn tree(&self, name: &str) -> FileTree {
        image::read(&self.pull(name).unwrap().image)
    }

    /// Pulls what cannot be pulled; nothing of it may be left.
    pub(crate) fn refused(&self, name: &str) -> Error {
        let error = self.pull(name).unwrap_err();
        assert_eq!(self.remains(), Vec::<PathBuf>::new(), "after {error}");
        error
    }

    /// What a failed pull has no business to leave.
    pub(crate) fn remains(&self) -> Vec<PathBuf> {
        let names = ["images", "environments", "building", "pulls", "kernels"];
        let files = names.iter().flat_map(|name| files_below(&self.path("cache").join(name)));
        files.filter(|path| !path.display().to_string().contains("linux-none_1")).collect()
    }
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
