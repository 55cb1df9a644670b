//! A kernel of the user's own, described where it lies.

use super::module::{self, Module};
use super::sets::{self, BuiltIn, Modules};
use super::{Kernel, KernelError};
use crate::error::AtPath;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// What every kernel prints first (`linux_banner` of `init/version.c`).
const BANNER: &[u8] = b"Linux version ";
/// Bound on the depth of a module tree; real ones have about ten levels.
const MAX_DEPTH: usize = 32;

/// See [`Kernel::from_vmlinux`].
pub(super) fn describe(vmlinux: &Path, modules: &Path) -> Result<Kernel, KernelError> {
    let version = version(&std::fs::read(vmlinux).at("read", vmlinux)?)?;
    let files = module_files(modules)?;
    let found = sets::gather(|names| {
        let mut found = Modules::new();
        for (name, path) in names.iter().filter_map(|name| files.get_key_value(name)) {
            found
                .insert(name.clone(), Module::parse(path, &std::fs::read(path).at("read", path)?)?);
        }
        Ok(found)
    })?;
    let (sets, modules) = sets::order(&found, &built_in(modules)?)?;
    Ok(Kernel { version, vmlinux: vmlinux.to_owned(), modules, sets })
}

/// Whoever has modules and no list has nothing built in.
pub(super) fn built_in(modules: &Path) -> Result<BuiltIn, KernelError> {
    let list = modules.join("modules.builtin");
    match std::fs::read_to_string(&list) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(modules.exists().then(BTreeSet::new))
        }
        text => Ok(Some(sets::built_in(&text.at("read", &list)?))),
    }
}

fn version(vmlinux: &[u8]) -> Result<String, KernelError> {
    if !vmlinux.starts_with(b"\x7fELF\x02") {
        return Err(KernelError::BadImage("it is no 64-bit ELF file".into()));
    }
    let start = vmlinux.windows(BANNER.len()).position(|window| window == BANNER);
    let rest = start.map_or(&[][..], |at| &vmlinux[at + BANNER.len()..]);
    let word = rest.iter().take(128).take_while(|byte| byte.is_ascii_graphic());
    match word.map(|byte| char::from(*byte)).collect::<String>() {
        empty if empty.is_empty() => Err(KernelError::BadImage("it names no version".into())),
        version => Ok(version),
    }
}

/// Every module file below `directory` by its normalised name; none where there is no directory.
pub(super) fn module_files(directory: &Path) -> Result<BTreeMap<String, PathBuf>, KernelError> {
    let mut files = BTreeMap::new();
    let mut left = vec![(directory.to_owned(), 0)];
    while let Some((directory, depth)) = left.pop() {
        let entries = match std::fs::read_dir(&directory) {
            Err(error) if depth == 0 && error.kind() == io::ErrorKind::NotFound => break,
            entries => entries.at("read", &directory)?,
        };
        for entry in entries {
            let entry = entry.at("read", &directory)?;
            let path = entry.path();
            if entry.file_type().at("read", &path)?.is_dir() {
                if depth < MAX_DEPTH {
                    left.push((path, depth + 1));
                }
            } else if let Some(name) = module::name_of(&path) {
                files.insert(name, path);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::super::module::tests::module;
    use super::*;

    const ELF: &[u8] = b"\x7fELF\x02 ... Linux version 6.9.1-mine (me@here) ...";

    #[test]
    fn modules_stay_where_they_are_and_what_is_nowhere_is_missed() {
        let directory = tempfile::tempdir().unwrap();
        let (vmlinux, modules) =
            (directory.path().join("vmlinux"), directory.path().join("modules"));
        std::fs::write(&vmlinux, ELF).unwrap();
        std::fs::create_dir_all(modules.join("kernel/fs")).unwrap();
        let erofs = modules.join("kernel/fs/erofs.ko");
        std::fs::write(&erofs, module(&["depends="])).unwrap();
        let missing = |expected| match Kernel::from_vmlinux(&vmlinux, &modules) {
            Err(KernelError::MissingModule(name)) => assert_eq!(name, expected),
            other => panic!("{other:?}"),
        };
        missing("virtio_mmio");
        let list = |names: &[&str]| {
            let lines = names.iter().map(|name| format!("kernel/{name}.ko\n"));
            std::fs::write(modules.join("modules.builtin"), lines.collect::<String>()).unwrap();
        };
        let others = [
            "virtio_mmio",
            "virtio_console",
            "vsock",
            "vmw_vsock_virtio_transport",
            "virtio_blk",
            "overlay",
            "ext4",
        ];
        list(&others[..6]);
        missing("ext4");
        list(&others);
        let kernel = Kernel::from_vmlinux(&vmlinux, &modules).unwrap();
        assert_eq!(kernel.version, "6.9.1-mine");
        assert_eq!(kernel.modules, [erofs]);
        assert_eq!(kernel.sets.storage, ["erofs.ko"]);
    }

    #[test]
    fn a_kernel_without_modules_has_everything_built_in() {
        let directory = tempfile::tempdir().unwrap();
        let vmlinux = directory.path().join("vmlinux");
        std::fs::write(&vmlinux, ELF).unwrap();
        let kernel = Kernel::from_vmlinux(&vmlinux, &directory.path().join("none")).unwrap();
        assert!(kernel.modules.is_empty());
        std::fs::write(&vmlinux, "MZ").unwrap();
        assert!(Kernel::from_vmlinux(&vmlinux, &directory.path().join("none")).is_err());
    }
}
