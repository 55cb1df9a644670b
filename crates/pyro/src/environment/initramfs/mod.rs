//! The initramfs: what a guest's kernel unpacks and starts. It holds one executable, which is the
//! agent, and the kernel modules that it loads; the root file system is somewhere else. Nothing
//! here boots anything or knows the agent's command line.
//!
//! Layout, which the agent relies on:
//!
//! ```text
//! /init                    the executable, mode 0755, without symbols and debug information
//! /dev/console             character device 5:1
//! /dev /proc /sys /run /tmp /newroot     empty directories to mount on
//! /modules/<name>.ko       kernel modules, decompressed, signatures cut off
//! /modules/serial          file names of modules to load, one a line, in this order:
//! /modules/vsock             one of these two to reach the host,
//! /modules/storage           this one for disks; a name loaded already is to be skipped
//! /lib/pyro/<library>      shared libraries, where the executable has any; the directory is there
//!                            in any case, and the kernel command line must carry
//!                            LD_LIBRARY_PATH=/lib/pyro, which the kernel hands to /init
//! the executable's PT_INTERP at its own path
//! ```
//!
//! Everything belongs to root, is dated 1970, and is the same for the same input. It is not
//! compressed: under emulation that costs more than it saves.

mod cpio;
mod executable;
mod libraries;

use self::cpio::Archive;
use self::executable::Executable;
use self::libraries::Library;
use super::kernel::{Kernel, KernelError, read_plain};
use crate::durable::move_into_place;
use crate::error::{AtPath, Diagnose, Kind, PathError};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where shared libraries lie in the guest: the value of `LD_LIBRARY_PATH` on the command line.
pub const LIBRARY_DIRECTORY: &str = "/lib/pyro";
/// Changes whenever the same input gives another initramfs.
const FORMAT: &[u8] = b"pyro initramfs 1\n";
const MOUNT_POINTS: [&str; 6] = ["/dev", "/proc", "/sys", "/run", "/tmp", "/newroot"];

/// Why there is no initramfs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitramfsError {
    /// A file could not be read or written.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A kernel module could not be read.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The agent is not an executable of this kind of machine.
    #[error("{} cannot run in a guest: {what}", path.display())]
    BadExecutable {
        /// The executable.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The dynamic loader does not find a library.
    #[error("{} needs the library {library}, which is not on this host", path.display())]
    MissingLibrary {
        /// The executable.
        path: PathBuf,
        /// What it needs.
        library: String,
    },
}

impl Diagnose for InitramfsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Path(error) => error.kind(),
            Self::Kernel(error) => error.kind(),
            Self::BadExecutable { .. } | Self::MissingLibrary { .. } => Kind::Host,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Path(error) => error.code(),
            Self::Kernel(error) => error.code(),
            Self::BadExecutable { .. } => "bad_agent_executable",
            Self::MissingLibrary { .. } => "missing_library",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Path(error) => error.hints(),
            Self::Kernel(error) => error.hints(),
            _ => vec!["install pyro again".into()],
        }
    }
}

/// Writes the initramfs of `executable` and the modules of `kernel` to `out`: aside first, then
/// renamed, on stable storage when this returns. Two writers of the same `out` must not meet.
///
/// # Errors
/// [`InitramfsError`].
pub fn write(executable: &Path, kernel: &Kernel, out: &Path) -> Result<(), InitramfsError> {
    let aside = aside(out);
    let file = File::create(&aside).at("create", &aside)?;
    let mut archive = Archive::new(file);
    add_skeleton(&mut archive).at("write", &aside)?;
    let init = Executable::read(executable)?;
    archive.file("/init", 0o755, init.bytes()).at("write", &aside)?;
    for library in libraries::of(executable, &init)? {
        let bytes = std::fs::read(&library.path).at("read", &library.path)?;
        archive.file(&library.place, 0o755, &bytes).at("write", &aside)?;
    }
    for module in &kernel.modules {
        let name = format!("/modules/{}", Kernel::module_file_name(module));
        archive.file(&name, 0o644, &read_plain(module)?).at("write", &aside)?;
    }
    for (set, modules) in kernel.sets.by_name() {
        archive.file(&format!("/modules/{set}"), 0o644, &lines(modules)).at("write", &aside)?;
    }
    let file = archive.finish().at("write", &aside)?;
    file.sync_all().at("write", &aside)?;
    Ok(move_into_place(&aside, out)?)
}

/// A name for what [`write()`] would write: the SHA-256, in hex, of everything that goes into it.
/// It reads all of that, so callers in a hurry remember it by the executable's path, size, time
/// and inode.
///
/// # Errors
/// [`InitramfsError`].
pub fn key(executable: &Path, kernel: &Kernel) -> Result<String, InitramfsError> {
    let mut hash = Sha256::new_with_prefix(FORMAT);
    hash_file(&mut hash, executable)?;
    for Library { path, place } in libraries::of(executable, &Executable::read(executable)?)? {
        hash.update(place.as_bytes());
        hash_file(&mut hash, &path)?;
    }
    for module in &kernel.modules {
        hash.update(Kernel::module_file_name(module).as_bytes());
        hash_file(&mut hash, module)?;
    }
    for (set, modules) in kernel.sets.by_name() {
        hash.update(set.as_bytes());
        hash.update(lines(modules));
    }
    Ok(hex::encode(hash.finalize()))
}

fn add_skeleton(archive: &mut Archive<File>) -> std::io::Result<()> {
    for directory in MOUNT_POINTS {
        archive.directory(directory)?;
    }
    archive.directory("/modules")?;
    archive.directory(LIBRARY_DIRECTORY)?;
    // The kernel opens it for /init before anything can be mounted.
    archive.character_device("/dev/console", 0o600, (5, 1))
}

fn lines(names: &[String]) -> Vec<u8> {
    names.iter().flat_map(|name| [name.as_bytes(), b"\n"]).collect::<Vec<_>>().concat()
}

/// Adds the length before the bytes, so that no two lists of files look alike.
fn hash_file(hash: &mut Sha256, path: &Path) -> Result<(), PathError> {
    let mut file = File::open(path).at("open", path)?;
    hash.update(file.metadata().at("read", path)?.len().to_le_bytes());
    let mut buffer = vec![0; 128 << 10];
    loop {
        match file.read(&mut buffer).at("read", path)? {
            0 => return Ok(()),
            count => hash.update(&buffer[..count]),
        }
    }
}

fn aside(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    out.with_file_name(name)
}
