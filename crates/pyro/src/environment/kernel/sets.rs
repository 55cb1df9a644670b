//! Which modules a machine needs, and in which order they load. Dependencies come from the modules
//! themselves: packages carry no `modules.dep`, `depmod` makes it on the machine that installs them.

use super::module::Module;
use super::{KernelError, ModuleSets, module};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const SERIAL: &[&str] = &["virtio_mmio", "virtio_console"];
const VSOCK: &[&str] = &["virtio_mmio", "vsock", "vmw_vsock_virtio_transport"];
/// `crc32c_generic` first: file systems ask for the algorithm by name and there is no `modprobe`.
const STORAGE: &[&str] =
    &["crc32c_generic", "virtio_blk", "erofs", "overlay", "ext4", "virtio_rng"];
/// Machines work without these, or they go by another name elsewhere.
const OPTIONAL: &[&str] = &["crc32c_generic", "virtio_rng"];
/// What the above need in today's kernels. Asking for it at once saves passes over a package.
const USUAL: &[&str] = &[
    "virtio",
    "virtio_ring",
    "vmw_vsock_virtio_transport_common",
    "libcrc32c",
    "crc16",
    "mbcache",
    "jbd2",
    "rng_core",
    "crc32c",
    "crypto_crc32c",
    "netfs",
];

/// Modules by normalised name.
pub(super) type Modules = BTreeMap<String, Module>;

/// Names built into a kernel; `None` where nobody says.
pub(super) type BuiltIn = Option<BTreeSet<String>>;

/// Reads everything that the sets need: `read` is asked for names until all dependencies are
/// known, and gives those that exist as modules.
pub(super) fn gather(
    mut read: impl FnMut(&BTreeSet<String>) -> Result<Modules, KernelError>,
) -> Result<Modules, KernelError> {
    let every = [SERIAL, VSOCK, STORAGE, USUAL].concat();
    let mut missing: BTreeSet<String> = every.iter().map(ToString::to_string).collect();
    let mut asked = BTreeSet::new();
    let mut modules = Modules::new();
    while !missing.is_empty() {
        modules.append(&mut read(&missing)?);
        asked.append(&mut missing);
        let needed =
            modules.values().flat_map(|module| module.depends.iter().chain(&module.wishes));
        missing = needed.filter(|name| !asked.contains(*name)).cloned().collect();
    }
    Ok(modules)
}

/// The sets, and all of their modules in load order, each as the path it was found under.
pub(super) fn order(
    modules: &Modules,
    built_in: &BuiltIn,
) -> Result<(ModuleSets, Vec<PathBuf>), KernelError> {
    let order = |wanted: &[&[&str]]| {
        let mut order = Order { modules, built_in, seen: BTreeSet::new(), paths: Vec::new() };
        for name in wanted.concat() {
            order.visit(name, OPTIONAL.contains(&name))?;
        }
        Ok::<_, KernelError>(order.paths)
    };
    let names = |paths: Vec<PathBuf>| {
        paths.iter().map(|path| super::Kernel::module_file_name(path)).collect()
    };
    let sets = ModuleSets {
        serial: names(order(&[SERIAL])?),
        vsock: names(order(&[VSOCK])?),
        storage: names(order(&[STORAGE])?),
    };
    Ok((sets, order(&[SERIAL, VSOCK, STORAGE])?))
}

/// The names in a `modules.builtin` file, one path a line.
pub(super) fn built_in(list: &str) -> BTreeSet<String> {
    list.lines().filter_map(|line| module::name_of(Path::new(line))).collect()
}

struct Order<'m> {
    modules: &'m Modules,
    built_in: &'m BuiltIn,
    seen: BTreeSet<String>,
    paths: Vec<PathBuf>,
}

impl Order<'_> {
    fn visit(&mut self, name: &str, optional: bool) -> Result<(), KernelError> {
        if !self.seen.insert(name.to_owned()) {
            return Ok(());
        }
        let Some(module) = self.modules.get(name) else {
            let built_in = self.built_in.as_ref().is_none_or(|names| names.contains(name));
            return if optional || built_in {
                Ok(())
            } else {
                Err(KernelError::MissingModule(name.to_owned()))
            };
        };
        for wish in &module.wishes {
            self.visit(wish, true)?;
        }
        for dependency in &module.depends {
            self.visit(dependency, false)?;
        }
        self.paths.push(module.path.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(path: &str, depends: &[&str], wishes: &[&str]) -> (String, Module) {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let name = module::name_of(Path::new(path)).unwrap();
        let (depends, wishes) = (owned(depends), owned(wishes));
        (name, Module { path: path.into(), bytes: Vec::new(), depends, wishes })
    }

    fn kernel() -> Modules {
        Modules::from([
            module("k/virtio.ko", &[], &[]),
            module("k/virtio_ring.ko", &["virtio"], &[]),
            module("k/virtio_mmio.ko", &["virtio_ring", "virtio"], &[]),
            module("k/virtio_console.ko.xz", &["virtio_ring"], &[]),
            module("k/vsock.ko", &[], &[]),
            module("k/vmw_vsock_virtio_transport.ko", &["vsock", "unusual"], &[]),
            module("k/unusual.ko", &["deeper"], &[]),
            module("k/deeper.ko", &[], &[]),
            module("k/virtio_blk.ko", &["virtio"], &[]),
            module("k/erofs.ko", &["libcrc32c"], &["crc32c"]),
            module("k/libcrc32c.ko", &[], &["crc32c"]),
            module("k/overlay.ko", &[], &[]),
            module("k/virtio-rng.ko", &[], &[]),
        ])
    }

    #[test]
    fn each_module_follows_what_it_depends_on() {
        let ext4_is_built_in = Some(BTreeSet::from(["ext4".to_owned()]));
        let (sets, all) = order(&kernel(), &ext4_is_built_in).unwrap();
        assert_eq!(
            sets.serial,
            ["virtio.ko", "virtio_ring.ko", "virtio_mmio.ko", "virtio_console.ko"]
        );
        assert_eq!(
            sets.vsock[3..],
            ["vsock.ko", "deeper.ko", "unusual.ko", "vmw_vsock_virtio_transport.ko"]
        );
        assert_eq!(
            sets.storage,
            [
                "virtio.ko",
                "virtio_blk.ko",
                "libcrc32c.ko",
                "erofs.ko",
                "overlay.ko",
                "virtio-rng.ko"
            ]
        );
        assert_eq!(all.len(), 13);
    }

    #[test]
    fn a_module_that_is_nowhere_is_an_error() {
        let error = order(&kernel(), &Some(BTreeSet::new())).unwrap_err();
        assert!(matches!(error, KernelError::MissingModule(name) if name == "ext4"));
        assert!(order(&kernel(), &None).is_ok());
    }

    #[test]
    fn dependencies_nobody_expected_are_asked_for() {
        let mut all = kernel();
        let mut questions = 0;
        let found = gather(|names| {
            questions += 1;
            Ok(names.iter().filter_map(|name| all.remove_entry(name)).collect())
        });
        assert_eq!(found.unwrap().len(), 13);
        assert_eq!(questions, 3); // the usual names, then `unusual`, then `deeper`
    }
}
