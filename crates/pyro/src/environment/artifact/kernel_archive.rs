//! A kernel as a tar archive: `vmlinux` and then its modules in load order, regular files of root's and nothing
//! else. It is read as strictly as it is written: names come from the configuration, never from the archive.

use super::super::erofs::ErofsError;
use super::super::kernel::{Kernel, KernelError};
use super::super::oci::{Layer, OciError, bad, check};
use super::description::KernelDescription;
use crate::archive::Members;
use crate::durable::sync_directory;
use crate::error::{AtPath, PathError};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tar::EntryType;

const VMLINUX: &str = "vmlinux";
const MODULES: &str = "modules";
/// How kernels and modules begin (elf(5)); so nothing that is packed once more is unpacked by anybody.
const ELF: &[u8] = b"\x7fELF";
/// Bytes of extended headers; the archive needs none.
const MAX_EXTENSION: u64 = 4096;
const BLOCK: usize = 256 << 10;

/// Writes the archive of a kernel.
pub(super) fn write(kernel: &Kernel, out: impl Write) -> Result<(), PathError> {
    let mut tar = tar::Builder::new(out);
    let modules = kernel.modules.iter().map(|module| (module_path(module), module));
    for (name, path) in [(PathBuf::from(VMLINUX), &kernel.vmlinux)].into_iter().chain(modules) {
        let file = File::open(path).at("open", path)?;
        let mut header = tar::Header::new_ustar();
        header.set_size(file.metadata().at("look at", path)?.len());
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        tar.append_data(&mut header, name, file).at("pack", path)?;
    }
    tar.finish().at("pack", &kernel.vmlinux)
}

fn module_path(module: &Path) -> PathBuf {
    Path::new(MODULES).join(Kernel::module_file_name(module))
}

/// Unpacks an archive into the directory `into`, which is made. When it returns, the kernel is what its
/// description says, has reached stable storage, and [`Kernel::load`] finds it.
pub(super) fn unpack(
    layer: &Layer,
    description: &KernelDescription,
    into: &Path,
) -> Result<(), OciError> {
    fs::create_dir_all(into.join(MODULES)).at("create", into)?;
    let mut unpacked = layer.open()?;
    let mut members =
        Members::new(unpacked.by_ref().take(description.archive_bytes), MAX_EXTENSION);
    let modules: Vec<PathBuf> =
        description.modules.iter().map(|name| Path::new(MODULES).join(name)).collect();
    for expected in [PathBuf::from(VMLINUX)].iter().chain(&modules) {
        let member = members.next_member().map_err(|error| layer.failed(error.into()))?;
        let is_it = member.is_some_and(|member| {
            member.kind == EntryType::Regular
                && Path::new(OsStr::from_bytes(&member.path)) == expected
        });
        if !is_it {
            return Err(not_one(format!("{} is not where it belongs", expected.display())));
        }
        let digest = keep(&mut members.contents(), &into.join(expected), layer)?;
        if expected == Path::new(VMLINUX) {
            check("the kernel", &description.vmlinux_digest, &digest)?;
        }
    }
    if members.next_member().map_err(|error| layer.failed(error.into()))?.is_some() {
        return Err(not_one("it holds more than a kernel"));
    }
    drop(members);
    unpacked.finish()?;
    sync_directory(&into.join(MODULES))?;
    let kernel = Kernel {
        version: description.release.clone(),
        vmlinux: VMLINUX.into(),
        modules,
        sets: description.sets.clone(),
    };
    kernel.describe(into).map_err(written)
}

/// Writes one file, and says what its SHA-256 is.
fn keep(content: &mut impl Read, path: &Path, layer: &Layer) -> Result<String, OciError> {
    let mut file = File::create_new(path).at("create", path)?;
    let (mut hash, mut block, mut begins) = (Sha256::new(), vec![0; BLOCK], true);
    loop {
        let read =
            content.read(&mut block).map_err(|error| layer.failed(ErofsError::Read(error)))?;
        if begins && !block[..read].starts_with(ELF) {
            let name = path.file_name().unwrap_or_default().display();
            return Err(not_one(format!("{name} is no ELF file")));
        }
        if read == 0 {
            break;
        }
        begins = false;
        hash.update(&block[..read]);
        file.write_all(&block[..read]).at("write", path)?;
    }
    file.sync_all().at("sync", path)?;
    Ok(hex::encode(hash.finalize()))
}

fn written(error: KernelError) -> OciError {
    match error {
        KernelError::Path(error) => error.into(),
        error => not_one(error.to_string()),
    }
}

fn not_one(what: impl Into<String>) -> OciError {
    bad("kernel", what)
}
