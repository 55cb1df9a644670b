//! One kernel module: its plain bytes and what its `.modinfo` section says.

use super::KernelError;
use super::compression::{decompressed, read_within};
use crate::error::AtPath;
use object::{Object, ObjectSection};
use std::path::{Path, PathBuf};

/// Far above any module that a machine needs.
const MAX_MODULE: u64 = 64 << 20;
/// `MODULE_SIG_STRING` of `include/linux/module_signature.h`.
const SIGNATURE_MARK: &[u8] = b"~Module signature appended~\n";
/// `struct module_signature`, whose last four bytes are the signature's length, big-endian.
const SIGNATURE_TRAILER: usize = 12;

/// A module and what it needs.
pub(super) struct Module {
    /// Where it was found.
    pub(super) path: PathBuf,
    /// Decompressed, without signature.
    pub(super) bytes: Vec<u8>,
    /// Names of modules that must be loaded before.
    pub(super) depends: Vec<String>,
    /// Names of modules, or aliases of any number of them, that should be loaded before.
    pub(super) wishes: Vec<String>,
}

/// The plain bytes of a module file.
///
/// # Errors
/// [`KernelError`].
pub(in super::super) fn read_plain(path: &Path) -> Result<Vec<u8>, KernelError> {
    plain(&std::fs::read(path).at("read", path)?, path)
}

/// Module names are written with either dash or underscore; this is the form for comparing.
pub(super) fn normalised(name: &str) -> String {
    name.replace('-', "_")
}

/// The normalised name of a module file, `None` for other files.
pub(super) fn name_of(path: &Path) -> Option<String> {
    let (stem, end) = path.file_name()?.to_str()?.split_once(".ko")?;
    matches!(end, "" | ".xz" | ".zst" | ".gz").then(|| normalised(stem))
}

impl Module {
    pub(super) fn parse(path: &Path, file: &[u8]) -> Result<Self, KernelError> {
        let bytes = plain(file, path)?;
        let info = modinfo(&bytes).map_err(|what| bad(path, what))?;
        let values = |key: &str| {
            let prefix = format!("{key}=");
            let of_key = info.iter().filter_map(move |entry| entry.strip_prefix(&*prefix));
            of_key.map(str::to_owned).collect::<Vec<_>>()
        };
        let depends = values("depends").join(",");
        let depends = depends.split(',').filter(|name| !name.is_empty()).map(normalised).collect();
        let wishes = values("softdep").iter().flat_map(|wish| before(wish)).collect();
        Ok(Self { path: path.to_owned(), bytes, depends, wishes })
    }
}

/// The names behind `pre:` in a soft dependency: `pre: a b post: c`.
fn before(softdep: &str) -> Vec<String> {
    let Some((_, names)) = softdep.split_once("pre:") else { return Vec::new() };
    let names = names.split_once("post:").map_or(names, |(before, _)| before);
    names.split_whitespace().map(normalised).collect()
}

fn plain(file: &[u8], path: &Path) -> Result<Vec<u8>, KernelError> {
    let mut bytes = decompressed(file)
        .and_then(|reader| read_within(reader, MAX_MODULE))
        .map_err(|error| bad(path, error.to_string()))?;
    cut_signature(&mut bytes);
    Ok(bytes)
}

/// Checking signatures is half of the time that loading takes on emulated CPUs, and the guest's
/// kernel does not insist on them.
fn cut_signature(bytes: &mut Vec<u8>) {
    let Some(signed) = bytes.strip_suffix(SIGNATURE_MARK) else { return };
    let Some((_, length)) = signed.split_last_chunk::<4>() else { return };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if let Some(end) = signed.len().checked_sub(length.saturating_add(SIGNATURE_TRAILER)) {
        bytes.truncate(end);
    }
}

fn modinfo(bytes: &[u8]) -> Result<Vec<String>, String> {
    let file = object::File::parse(bytes).map_err(|error| error.to_string())?;
    let section = file.section_by_name(".modinfo").ok_or("it has no .modinfo section")?;
    let data = section.data().map_err(|error| error.to_string())?;
    let entries = data.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    Ok(entries.map(|entry| String::from_utf8_lossy(entry).into_owned()).collect())
}

fn bad(path: &Path, what: String) -> KernelError {
    KernelError::BadModule { name: path.display().to_string(), what }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The least ELF file with a `.modinfo` section.
    pub(in super::super) fn module(info: &[&str]) -> Vec<u8> {
        let names = b"\0.modinfo\0.shstrtab\0";
        let info = info.join("\0");
        let sections = 64 + names.len() + info.len();
        let mut elf = vec![0; 64];
        elf[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\0");
        elf[16] = 1; // relocatable
        elf[18] = 62; // x86-64
        elf[20] = 1;
        elf[40..48].copy_from_slice(&(sections as u64).to_le_bytes());
        elf[52] = 64;
        elf[58] = 64;
        elf[60] = 3;
        elf[62] = 2;
        elf.extend_from_slice(names);
        elf.extend_from_slice(info.as_bytes());
        let section = |name: u32, kind: u32, offset: usize, size: usize| {
            let mut header = [0; 64];
            header[..4].copy_from_slice(&name.to_le_bytes());
            header[4..8].copy_from_slice(&kind.to_le_bytes());
            header[24..32].copy_from_slice(&(offset as u64).to_le_bytes());
            header[32..40].copy_from_slice(&(size as u64).to_le_bytes());
            header
        };
        elf.extend_from_slice(&[0; 64]);
        elf.extend_from_slice(&section(1, 1, 64 + names.len(), info.len()));
        elf.extend_from_slice(&section(10, 3, 64, names.len()));
        elf
    }

    pub(in super::super) fn signed(mut module: Vec<u8>) -> Vec<u8> {
        module.extend_from_slice(&[9; 300]);
        module.extend_from_slice(&[0; 8]);
        module.extend_from_slice(&300_u32.to_be_bytes());
        module.extend_from_slice(SIGNATURE_MARK);
        module
    }

    #[test]
    fn dependencies_are_read_and_the_signature_is_cut() {
        let plain =
            module(&["name=x", "depends=virtio,virtio-ring", "softdep=pre: crc32c post: later"]);
        let read = Module::parse("a/x.ko".as_ref(), &signed(plain.clone())).unwrap();
        assert_eq!(read.bytes, plain);
        assert_eq!(read.depends, ["virtio", "virtio_ring"]);
        assert_eq!(read.wishes, ["crc32c"]);
    }

    #[test]
    fn a_signature_longer_than_the_module_is_left_alone() {
        let mut bytes = [&[0xff; 16], SIGNATURE_MARK].concat();
        let before = bytes.clone();
        cut_signature(&mut bytes);
        assert_eq!(bytes, before);
        assert!(Module::parse("x.ko".as_ref(), &bytes).is_err());
    }

    #[test]
    fn only_module_files_have_a_module_name() {
        assert_eq!(name_of("a/virtio-rng.ko.xz".as_ref()).as_deref(), Some("virtio_rng"));
        assert_eq!(name_of("a/modules.dep".as_ref()), None);
        assert_eq!(name_of("a/x.kobold".as_ref()), None);
    }
}
