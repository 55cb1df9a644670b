//! The guest's kernel: an ELF `vmlinux` and the few modules that a machine needs, in load order.
//! It comes out of a Debian package or from the user. Nothing here downloads or boots anything.
//!
//! A kernel directory holds `vmlinux`, `modules/<name>.ko` (decompressed, signatures cut off) and
//! `kernel.json`; the last is written last, so a directory without it is unfinished.

mod bzimage;
mod compression;
mod deb;
pub(super) mod host;
mod module;
mod sets;
mod unpack;
mod vmlinux;

pub(super) use self::module::read_plain;
pub use self::unpack::unpack_deb;
use crate::error::{AtPath, Diagnose, Kind, PathError};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The description of a kernel directory.
const DESCRIPTION: &str = "kernel.json";

/// A kernel that guests can boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// The release, as `uname -r` prints it.
    pub version: String,
    /// The uncompressed ELF image: both QEMU `microvm` and Firecracker boot it.
    pub vmlinux: PathBuf,
    /// Every module of any set, each after those it depends on. Files may be compressed and signed.
    pub modules: Vec<PathBuf>,
    /// Which modules which task needs.
    pub sets: ModuleSets,
}

/// File names of modules, `<name>.ko`, each list in load order with dependencies included. The
/// agent loads one channel set and then `storage`; a module in both is loaded once. Empty where
/// everything is built into the kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleSets {
    /// To reach the host over a virtio-serial port.
    pub serial: Vec<String>,
    /// To reach the host over vsock.
    pub vsock: Vec<String>,
    /// The disks and their file systems, and the entropy device where there is a driver for it.
    pub storage: Vec<String>,
}

impl ModuleSets {
    /// The lists with their names.
    #[must_use]
    pub fn by_name(&self) -> [(&'static str, &[String]); 3] {
        [("serial", &self.serial), ("vsock", &self.vsock), ("storage", &self.storage)]
    }
}

impl Kernel {
    /// Reads back what [`unpack_deb`] wrote into `directory`; the paths in the result are below it.
    ///
    /// # Errors
    /// [`KernelError`], also where the directory is unfinished.
    pub fn load(directory: &Path) -> Result<Self, KernelError> {
        let file = directory.join(DESCRIPTION);
        let text = std::fs::read(&file).at("read", &file)?;
        let mut kernel: Self =
            serde_json::from_slice(&text).map_err(|error| KernelError::Description(file, error))?;
        kernel.vmlinux = directory.join(&kernel.vmlinux);
        for module in &mut kernel.modules {
            *module = directory.join(&*module);
        }
        Ok(kernel)
    }

    /// A kernel of the user's own: an ELF image, and a tree of modules (as in
    /// `/lib/modules/<version>`) which stays where it is. What is neither there nor in its
    /// `modules.builtin` is missing; without that tree everything counts as built in.
    ///
    /// # Errors
    /// [`KernelError`].
    pub fn from_vmlinux(vmlinux: &Path, modules: &Path) -> Result<Self, KernelError> {
        vmlinux::describe(vmlinux, modules)
    }

    /// Writes the description of a kernel whose files are in `directory` and durable; the paths in it are
    /// relative to that.
    pub(super) fn describe(&self, directory: &Path) -> Result<(), KernelError> {
        unpack::describe(self, directory)
    }

    /// The name in [`ModuleSets`] of one of [`Kernel::modules`].
    #[must_use]
    pub fn module_file_name(module: &Path) -> String {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.split_once(".ko").map_or(&*name, |(stem, _)| stem);
        format!("{stem}.ko")
    }
}

/// Why there is no usable kernel.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// A file could not be read or written.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A description that was not written by this program.
    #[error("{} is damaged", .0.display())]
    Description(PathBuf, #[source] serde_json::Error),
    /// The package could not be read.
    #[error("{} is no usable kernel package", path.display())]
    BadPackage {
        /// The package.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: io::Error,
    },
    /// The package lacks something.
    #[error("{} contains no {what}", path.display())]
    Incomplete {
        /// The package.
        path: PathBuf,
        /// What is not in it.
        what: &'static str,
    },
    /// The kernel image could not be understood.
    #[error("cannot take the kernel out of its boot image: {0}")]
    BadImage(String),
    /// A needed module is neither there nor built in.
    #[error("the kernel has no module {0}")]
    MissingModule(String),
    /// A module could not be understood.
    #[error("module {name} is damaged: {what}")]
    BadModule {
        /// The module.
        name: String,
        /// What is wrong with it.
        what: String,
    },
}

impl Diagnose for KernelError {
    fn kind(&self) -> Kind {
        match self {
            Self::Path(error) => error.kind(),
            _ => Kind::Host,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Path(error) => error.code(),
            Self::Description(..) => "bad_kernel_description",
            Self::BadPackage { .. } | Self::Incomplete { .. } => "bad_kernel_package",
            Self::BadImage(_) => "bad_kernel_image",
            Self::MissingModule(_) => "missing_kernel_module",
            Self::BadModule { .. } => "bad_kernel_module",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Path(error) => error.hints(),
            Self::MissingModule(name) => vec![format!(
                "use a kernel with {name}, as a module beside it in `modules/` or built in and named \
                 in `modules/modules.builtin`"
            )],
            Self::BadPackage { .. } | Self::Description(..) => {
                vec!["run `pyro env pull` again".into()]
            }
            _ => Vec::new(),
        }
    }
}
