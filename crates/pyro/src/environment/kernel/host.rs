//! The host's own kernel, as its distribution has installed it: a boot image, and a tree of modules.

use super::module::Module;
use super::sets::{self, Modules};
use super::unpack::{Parts, lay_out};
use super::{Kernel, KernelError, bzimage, vmlinux};
use crate::error::AtPath;
use std::fs;
use std::path::{Path, PathBuf};

/// A kernel that is installed on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::environment) struct Installed {
    /// As `uname -r` prints it.
    pub(in crate::environment) release: String,
    /// The boot image.
    pub(in crate::environment) image: PathBuf,
    modules: PathBuf,
}

/// The newest kernel of which both parts are there: modules below `modules`, the boot image beside them or
/// in `boot`.
pub(in crate::environment) fn newest(boot: &Path, modules: &Path) -> Option<Installed> {
    let releases = fs::read_dir(modules).into_iter().flatten().flatten();
    let installed = releases.filter_map(|entry| {
        let release = entry.file_name().into_string().ok()?;
        let images = [entry.path().join("vmlinuz"), boot.join(format!("vmlinuz-{release}"))];
        let image = images.into_iter().find(|image| image.is_file())?;
        Some(Installed { release, image, modules: entry.path() })
    });
    installed.max_by_key(|kernel| numbers(&kernel.release))
}

/// Copies what machines need of it into the directory `into`, as [`super::unpack_deb`] does.
///
/// # Errors
/// [`KernelError`].
pub(in crate::environment) fn copy(kernel: &Installed, into: &Path) -> Result<Kernel, KernelError> {
    let boot_image = fs::read(&kernel.image).at("read", &kernel.image)?;
    let files = vmlinux::module_files(&kernel.modules)?;
    let modules = sets::gather(|names| {
        let found = names.iter().filter_map(|name| files.get_key_value(name));
        let parsed = found.map(|(name, path)| {
            let file = fs::read(path).at("read", path)?;
            Ok((name.clone(), Module::parse(path, &file)?))
        });
        parsed.collect::<Result<Modules, KernelError>>()
    })?;
    let built_in = vmlinux::built_in(&kernel.modules)?;
    let vmlinux = bzimage::vmlinux(&boot_image)?;
    let version = kernel.release.clone();
    lay_out(&Parts { version, vmlinux, modules, built_in }, into)
}

/// The numbers in a release, by which versions are compared.
fn numbers(release: &str) -> Vec<u64> {
    let parts = release.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().unwrap_or(u64::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::bzimage::tests::boot_image;
    use super::super::module::tests::module;
    use super::*;

    const MODULES: [&str; 8] = [
        "virtio_mmio",
        "virtio_console",
        "vsock",
        "vmw_vsock_virtio_transport",
        "virtio_blk",
        "erofs",
        "overlay",
        "ext4",
    ];

    #[test]
    fn the_newest_kernel_that_is_whole_is_taken() {
        let home = tempfile::tempdir().unwrap();
        let (boot, modules) = (home.path().join("boot"), home.path().join("modules"));
        assert_eq!(newest(&boot, &modules), None);
        fs::create_dir(&boot).unwrap();
        for release in ["6.9.1-9", "6.10.2-1", "7.0.0-gone"] {
            let tree = modules.join(release).join("kernel");
            fs::create_dir_all(&tree).unwrap();
            for name in MODULES {
                fs::write(tree.join(format!("{name}.ko")), module(&["depends="])).unwrap();
            }
        }
        fs::write(boot.join("vmlinuz-6.9.1-9"), boot_image(b"\x7fELF older")).unwrap();
        fs::write(modules.join("6.10.2-1/vmlinuz"), boot_image(b"\x7fELF newer")).unwrap();
        let found = newest(&boot, &modules).unwrap();
        assert_eq!(found.release, "6.10.2-1");

        let into = home.path().join("kernel");
        let kernel = copy(&found, &into).unwrap();
        assert_eq!(kernel.version, "6.10.2-1");
        assert_eq!(fs::read(&kernel.vmlinux).unwrap(), b"\x7fELF newer");
        assert_eq!(kernel.modules.len(), MODULES.len());
        assert_eq!(Kernel::load(&into).unwrap(), kernel);
    }
}
