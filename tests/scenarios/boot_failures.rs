//! A machine that cannot boot says where and why, and leaves nothing.

use scenarios::World;
use std::fs;
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn only_file(directory: &Path, suffix: &str) -> PathBuf {
    let entries = fs::read_dir(directory).unwrap().flatten().map(|entry| entry.path());
    let mut found = entries.filter(|path| path.to_string_lossy().ends_with(suffix));
    found.next().unwrap_or_else(|| panic!("no {suffix} in {}", directory.display()))
}

/// Takes the hard link's place, so that the shared cache stays as it is.
fn own_copy(path: &Path) -> fs::File {
    let aside = path.with_extension("aside");
    fs::copy(path, &aside).unwrap();
    let mut permissions = fs::metadata(&aside).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    fs::set_permissions(&aside, permissions).unwrap();
    fs::rename(&aside, path).unwrap();
    fs::OpenOptions::new().read(true).write(true).open(path).unwrap()
}

#[test]
fn an_image_without_a_file_system_fails_at_mounting_the_root() {
    let world = World::new().with_private_cache();
    let image = own_copy(&only_file(&world.cache().join("images"), ".erofs"));
    image.write_all_at(&[0; 4096], 0).unwrap();
    let error = world.run_with(&["--json"], &["true"]).outcome().exits(125).json();
    let message = error["message"].as_str().unwrap();
    assert_eq!(error["kind"], "guest", "{error}");
    assert!(message.contains("mount_root") && message.contains("mount the image"), "{message}");
    assert!(message.contains("Invalid argument"), "{message}");
    world.assert_clean();
}

#[test]
fn an_image_that_was_cut_short_is_built_again_and_not_booted() {
    let world = World::new().with_private_cache();
    let image = only_file(&world.cache().join("images"), ".erofs");
    let length = fs::metadata(&image).unwrap().len();
    own_copy(&image).set_len(length / 2).unwrap();
    let listing = world.pyro(&["env", "list", "--json"]).succeeds().json();
    let entries = listing["environments"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["name"] == "debian:12").unwrap();
    assert_eq!(entry["installed"], false);
    assert!(entry["problem"].as_str().unwrap().contains("damaged"), "{entry}");
}

#[test]
fn an_initramfs_without_its_modules_fails_at_loading_them() {
    let world = World::new().with_private_cache();
    let _ = world.run(&["true"]).succeeds();
    let entries = fs::read_dir(world.cache().join("initramfs")).unwrap().flatten();
    let archives = entries.map(|entry| entry.path()).filter(|path| path.is_file());
    let changed = archives.filter(|archive| forget_overlay(&own_copy(archive))).count();
    assert!(changed > 0, "no initramfs has the module");
    let error = world.run_with(&["--json"], &["true"]).outcome().exits(125).json();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("load_modules") && message.contains("overlay"), "{message}");
    assert!(message.contains("No such file"), "{message}");
    world.assert_clean();
}

/// Renames the module within the archive, where names lie in plain bytes; false if it is not there.
fn forget_overlay(archive: &fs::File) -> bool {
    let name = b"/modules/overlay.ko\0".strip_prefix(b"/").unwrap();
    let mut bytes = vec![0; usize::try_from(archive.metadata().unwrap().len()).unwrap()];
    archive.read_exact_at(&mut bytes, 0).unwrap();
    let Some(at) = bytes.windows(name.len()).position(|window| window == name) else {
        return false;
    };
    archive.write_all_at(b"modules/0verlay.ko", at as u64).unwrap();
    true
}

/// A kernel of the user's own: the cache's, without one of its modules. Returns its image.
fn own_kernel_without(world: &World, module: &str) -> PathBuf {
    let record = only_file(&world.cache().join("kernels"), ".json");
    let kernel = record.with_file_name(record.file_stem().unwrap());
    let own = world.home().join("kernel");
    fs::create_dir_all(own.join("modules")).unwrap();
    symlink(kernel.join("vmlinux"), own.join("vmlinux")).unwrap();
    for entry in fs::read_dir(kernel.join("modules")).unwrap().flatten() {
        if entry.file_name() != module {
            symlink(entry.path(), own.join("modules").join(entry.file_name())).unwrap();
        }
    }
    own.join("vmlinux")
}

#[test]
fn a_kernel_of_ones_own_that_lacks_a_module_is_refused_at_once_by_the_modules_name() {
    let world = World::new().with_private_cache();
    let kernel = own_kernel_without(&world, "overlay.ko");
    let refused = |module: &str| {
        let run = world.run_with(&["--json"], &["true"]).env("PYRO_KERNEL", &kernel);
        let run = run.within(Duration::from_secs(5)).outcome().exits(125);
        let error = run.json();
        assert_eq!(error["code"], "missing_kernel_module", "{error}");
        assert_eq!(error["message"], format!("the kernel has no module {module}"));
        assert!(!world.state().join("pyro/machines").exists(), "a machine was made");
    };
    refused("overlay");
    let modules = kernel.with_file_name("modules");
    fs::remove_dir_all(&modules).unwrap();
    fs::create_dir(&modules).unwrap();
    refused("virtio_mmio");
}

#[test]
fn a_kernel_of_ones_own_that_only_says_it_has_overlay_fails_at_stacking_the_root() {
    let world = World::new().with_private_cache();
    let kernel = own_kernel_without(&world, "overlay.ko");
    let built_in = kernel.with_file_name("modules").join("modules.builtin");
    fs::write(built_in, "kernel/fs/overlayfs/overlay.ko\n").unwrap();
    let run = world.run_with(&["--json"], &["true"]).env("PYRO_KERNEL", kernel);
    let error = run.outcome().exits(125).json();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("mount_root") && message.contains("stack the root"), "{message}");
    assert!(message.contains("No such device"), "{message}");
    world.assert_clean();
}

#[test]
fn a_kernel_that_panics_is_quoted() {
    let world = World::new().with_private_cache();
    let _ = world.run(&["true"]).succeeds();
    for entry in fs::read_dir(world.cache().join("initramfs")).unwrap().flatten() {
        if entry.path().is_file() {
            own_copy(&entry.path()).write_all_at(&[0; 6], 0).unwrap();
        }
    }
    let error = world.run_with(&["--json"], &["true"]).outcome().exits(125).json();
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("Kernel panic - not syncing: VFS: Unable to mount root fs"),
        "{error}"
    );
    world.assert_clean();
}
