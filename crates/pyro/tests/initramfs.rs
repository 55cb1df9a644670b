//! The initramfs, unpacked by GNU cpio and run in what it unpacks to.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use pyro::environment::initramfs::{self, LIBRARY_DIRECTORY};
use pyro::environment::kernel::{Kernel, ModuleSets};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn kernel(directory: &Path) -> Kernel {
    let modules = directory.join("kernel");
    std::fs::create_dir_all(&modules).unwrap();
    let sets = ModuleSets {
        serial: vec!["a.ko".into(), "b.ko".into()],
        vsock: vec!["a.ko".into()],
        storage: Vec::new(),
    };
    let paths = ["a.ko", "b.ko"].map(|name| {
        std::fs::write(modules.join(name), name.repeat(1000)).unwrap();
        modules.join(name)
    });
    let vmlinux = modules.join("vmlinux");
    Kernel { version: "6.1".into(), vmlinux, modules: paths.to_vec(), sets }
}

/// Unpacks all but the device node, which only root can make.
fn unpack(image: &Path, into: &Path) {
    std::fs::create_dir(into).unwrap();
    let status = Command::new("cpio")
        .args(["-i", "--quiet", "--make-directories", "--nonmatching", "dev/console"])
        .current_dir(into)
        .stdin(std::fs::File::open(image).unwrap())
        .status()
        .unwrap();
    assert!(status.success());
}

fn list(image: &Path) -> String {
    let output = Command::new("cpio")
        .args(["-itv", "--quiet", "--numeric-uid-gid"])
        .stdin(std::fs::File::open(image).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn it_holds_the_agent_its_libraries_and_the_modules() {
    let directory = tempfile::tempdir().unwrap();
    let (image, root) = (directory.path().join("image"), directory.path().join("root"));
    let executable = std::env::current_exe().unwrap();
    initramfs::write(&executable, &kernel(directory.path()), &image).unwrap();

    let listed = list(&image);
    let console = listed.lines().find(|line| line.ends_with("dev/console")).unwrap();
    assert!(console.starts_with("crw-------"), "{console}");
    assert!(console.contains("5,   1") || console.contains("5, 1"), "{console}");
    assert!(!listed.contains("partial"));

    unpack(&image, &root);
    for directory in ["dev", "proc", "sys", "run", "tmp", "newroot", "modules", "lib/pyro"] {
        assert!(root.join(directory).is_dir(), "{directory}");
    }
    assert_eq!(std::fs::read_to_string(root.join("modules/serial")).unwrap(), "a.ko\nb.ko\n");
    assert_eq!(std::fs::read_to_string(root.join("modules/vsock")).unwrap(), "a.ko\n");
    assert_eq!(std::fs::read_to_string(root.join("modules/storage")).unwrap(), "");
    assert_eq!(std::fs::read(root.join("modules/b.ko")).unwrap(), b"b.ko".repeat(1000));

    // Only with what was packed: the loader and the libraries in the unpacked tree.
    let loader = root.join("lib64/ld-linux-x86-64.so.2");
    let run = Command::new(&loader)
        .arg("--library-path")
        .arg(root.join(LIBRARY_DIRECTORY.trim_start_matches('/')))
        .arg("--inhibit-cache")
        .arg(root.join("init"))
        .arg("--list")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&run.stdout).contains("the_modules"), "{run:?}");
}

#[test]
fn the_key_follows_the_content() {
    let directory = tempfile::tempdir().unwrap();
    let mut kernel = kernel(directory.path());
    let executable = PathBuf::from("/bin/true");
    let key = |kernel: &Kernel| initramfs::key(&executable, kernel).unwrap();
    let first = key(&kernel);
    assert_eq!(first.len(), 64);
    assert_eq!(first, key(&kernel));
    let other = initramfs::key(Path::new("/bin/false"), &kernel).unwrap();
    assert_ne!(first, other);
    kernel.sets.storage.push("a.ko".into());
    let second = key(&kernel);
    assert_ne!(first, second);
    std::fs::write(&kernel.modules[0], "changed").unwrap();
    assert_ne!(second, key(&kernel));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let kernel = kernel(directory.path());
    let images = ["one", "two"].map(|name| {
        let image = directory.path().join(name);
        initramfs::write(Path::new("/bin/true"), &kernel, &image).unwrap();
        std::fs::read(image).unwrap()
    });
    assert!(images[0] == images[1]);
}
