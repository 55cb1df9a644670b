//! From a Debian kernel package to a kernel directory. The package is read as a stream, as often
//! as dependencies turn up that nobody expected (usually once); only what is kept is in memory.

use super::compression::read_within;
use super::module::{self, Module};
use super::sets::{self, BuiltIn, Modules};
use super::{DESCRIPTION, Kernel, KernelError, bzimage, deb};
use crate::durable::sync_directory;
use crate::error::{AtPath, PathError};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path};

/// Bounds for single files of a package; Debian's boot images have about 10 MB.
const MAX_BOOT_IMAGE: u64 = 128 << 20;
const MAX_MODULE: u64 = 64 << 20;
const MAX_LIST: u64 = 4 << 20;

/// Unpacks the kernel in the package `deb` into the directory `into`, which is made where missing.
/// When it returns, everything has reached stable storage and [`Kernel::load`] finds it.
///
/// # Errors
/// [`KernelError`].
pub fn unpack_deb(deb: &Path, into: &Path) -> Result<Kernel, KernelError> {
    let mut package = Package { deb, version: None, boot_image: None, built_in: None };
    let modules = sets::gather(|names| package.pick(names))?;
    let lacks = |what| KernelError::Incomplete { path: deb.to_owned(), what };
    let boot_image = package.boot_image.ok_or_else(|| lacks("boot image"))?;
    let version = package.version.ok_or_else(|| lacks("modules"))?;
    let vmlinux = bzimage::vmlinux(&boot_image)?;
    lay_out(&Parts { version, vmlinux, modules, built_in: package.built_in }, into)
}

/// What a kernel directory is made of.
pub(super) struct Parts {
    pub(super) version: String,
    pub(super) vmlinux: Vec<u8>,
    pub(super) modules: Modules,
    pub(super) built_in: BuiltIn,
}

/// Writes a kernel directory, its description last.
pub(super) fn lay_out(parts: &Parts, into: &Path) -> Result<Kernel, KernelError> {
    let Parts { version, vmlinux, modules, built_in } = parts;
    let (sets, order) = sets::order(modules, built_in)?;
    std::fs::create_dir_all(into.join("modules")).at("create", into)?;
    forget(into)?;
    write(&into.join("vmlinux"), vmlinux)?;
    let mut files = Vec::new();
    for path in order {
        let file = Path::new("modules").join(Kernel::module_file_name(&path));
        let module = module::name_of(&path).and_then(|name| modules.get(&name));
        write(&into.join(&file), module.map_or(&[][..], |module| &module.bytes))?;
        files.push(file);
    }
    sync_directory(&into.join("modules"))?;
    let (version, vmlinux) = (version.clone(), "vmlinux".into());
    describe(&Kernel { version, vmlinux, modules: files, sets }, into)?;
    Kernel::load(into)
}

/// A package and what the passes over it have found.
struct Package<'p> {
    deb: &'p Path,
    version: Option<String>,
    boot_image: Option<Vec<u8>>,
    built_in: BuiltIn,
}

impl Package<'_> {
    /// One pass: the named modules, and on the way everything that is not a module.
    fn pick(&mut self, names: &BTreeSet<String>) -> Result<Modules, KernelError> {
        let mut modules = Modules::new();
        let deb = self.deb;
        deb::for_each_file(deb, |path, file| {
            let read = |file: &mut dyn Read, limit| {
                read_within(file, limit)
                    .map_err(|source| KernelError::BadPackage { path: deb.to_owned(), source })
            };
            if let Some(name) = module::name_of(path) {
                if names.contains(&name) {
                    let module = Module::parse(path, &read(file, MAX_MODULE)?)?;
                    self.version = self.version.take().or_else(|| version(path));
                    modules.insert(name, module);
                }
            } else if path.file_name().is_some_and(|name| name == "modules.builtin") {
                let list = read(file, MAX_LIST)?;
                self.built_in = Some(sets::built_in(&String::from_utf8_lossy(&list)));
            } else if self.boot_image.is_none() && is_boot_image(path) {
                self.boot_image = Some(read(file, MAX_BOOT_IMAGE)?);
            }
            Ok(())
        })?;
        Ok(modules)
    }
}

/// `boot/vmlinuz-…`, or `usr/lib/modules/…/vmlinuz` in newer packages.
fn is_boot_image(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz"))
}

/// The component behind `lib/modules`.
fn version(module: &Path) -> Option<String> {
    let names: Vec<_> = module.components().map(Component::as_os_str).collect();
    let at = names.windows(2).position(|pair| pair[0] == "lib" && pair[1] == "modules")?;
    Some(names.get(at + 2)?.to_str()?.to_owned())
}

/// Takes the description of an earlier kernel away before its files are overwritten.
fn forget(into: &Path) -> Result<(), KernelError> {
    let file = into.join(DESCRIPTION);
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => {
            removed.at("remove", &file)?;
            Ok(sync_directory(into)?)
        }
    }
}

/// Writes the description last and all at once: it says that the rest is complete.
pub(super) fn describe(kernel: &Kernel, into: &Path) -> Result<(), KernelError> {
    let file = into.join(DESCRIPTION);
    let aside = into.join(format!("{DESCRIPTION}.partial"));
    let text = serde_json::to_vec_pretty(kernel)
        .map_err(|error| KernelError::Description(file.clone(), error))?;
    write(&aside, &text)?;
    std::fs::rename(&aside, &file).at("rename", &aside)?;
    sync_directory(into)?;
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let written: io::Result<()> = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.at("write", path)
}

#[cfg(test)]
mod tests {
    use super::super::bzimage::tests::boot_image;
    use super::super::module::tests::{module, signed};
    use super::*;
    use std::path::PathBuf;

    const MODULES: &[(&str, &str)] = &[
        ("drivers/virtio/virtio", ""),
        ("drivers/virtio/virtio_ring", "virtio"),
        ("drivers/virtio/virtio_mmio", "virtio,virtio_ring"),
        ("drivers/char/virtio_console", "virtio_ring"),
        ("drivers/net/virtio_net", "failover"),
        ("net/vsock", ""),
        ("net/vmw_vsock_virtio_transport", "vsock,surprise"),
        ("net/surprise", ""),
        ("drivers/block/virtio_blk", "virtio"),
        ("fs/erofs/erofs", ""),
        ("fs/overlayfs/overlay", ""),
    ];

    fn package(directory: &Path) -> PathBuf {
        let mut data = tar::Builder::new(flate2::write::GzEncoder::new(
            Vec::new(),
            flate2::Compression::fast(),
        ));
        let mut add = |path: &str, bytes: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            data.append_data(&mut header, path, bytes).unwrap();
        };
        add("./boot/vmlinuz-6.1.0-0-amd64", &boot_image(b"\x7fELF kernel"));
        for (path, depends) in MODULES {
            let module = signed(module(&[&format!("depends={depends}")]));
            add(&format!("./lib/modules/6.1.0-0-amd64/kernel/{path}.ko"), &module);
        }
        add("./lib/modules/6.1.0-0-amd64/modules.builtin", b"kernel/fs/ext4/ext4.ko\n");
        let data = data.into_inner().unwrap().finish().unwrap();
        let deb = directory.join("linux.deb");
        let mut package = ar::Builder::new(File::create(&deb).unwrap());
        for (name, bytes) in [("debian-binary", &b"2.0\n"[..]), ("data.tar.gz", &data)] {
            let header = ar::Header::new(name.as_bytes().to_vec(), bytes.len() as u64);
            package.append(&header, bytes).unwrap();
        }
        deb
    }

    #[test]
    fn a_package_becomes_a_kernel_directory() {
        let directory = tempfile::tempdir().unwrap();
        let into = directory.path().join("kernel");
        let kernel = unpack_deb(&package(directory.path()), &into).unwrap();
        assert_eq!(kernel.version, "6.1.0-0-amd64");
        assert_eq!(std::fs::read(&kernel.vmlinux).unwrap(), b"\x7fELF kernel");
        assert_eq!(kernel.modules.len(), MODULES.len() - 1, "virtio_net is not needed");
        assert_eq!(kernel.sets.storage, ["virtio.ko", "virtio_blk.ko", "erofs.ko", "overlay.ko"]);
        assert_eq!(kernel.sets.vsock[4..], ["surprise.ko", "vmw_vsock_virtio_transport.ko"]);
        let virtio = std::fs::read(&kernel.modules[0]).unwrap();
        assert_eq!(virtio, module(&["depends="]), "plain, without signature");
        assert_eq!(Kernel::load(&into).unwrap(), kernel);
        assert_eq!(unpack_deb(&package(directory.path()), &into).unwrap(), kernel, "once more");
    }

    #[test]
    fn an_unfinished_directory_is_not_loaded() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Kernel::load(directory.path()).is_err());
    }

    #[test]
    fn what_is_no_package_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let deb = directory.path().join("x.deb");
        for bytes in [&b""[..], b"!<arch>\n", b"not a package"] {
            std::fs::write(&deb, bytes).unwrap();
            assert!(unpack_deb(&deb, directory.path()).is_err());
        }
    }
}
