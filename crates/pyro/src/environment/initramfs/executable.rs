//! The agent's executable, cut down to what the kernel loads: everything behind the last segment
//! (symbols, debug information, section headers) stays behind.

use super::InitramfsError;
use crate::error::AtPath;
use object::elf::FileHeader64;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, elf};
use std::path::{Path, PathBuf};

/// `e_shoff`, `e_shnum` and `e_shstrndx` of `Elf64_Ehdr` (System V ABI, "ELF Header").
const SECTION_FIELDS: [std::ops::Range<usize>; 2] = [0x28..0x30, 0x3c..0x40];

/// An executable as the guest gets it.
pub(super) struct Executable {
    bytes: Vec<u8>,
    /// The dynamic loader that it asks for; static ones ask for none.
    pub(super) interpreter: Option<PathBuf>,
}

impl Executable {
    pub(super) fn read(path: &Path) -> Result<Self, InitramfsError> {
        let mut bytes = std::fs::read(path).at("read", path)?;
        let bad = |what: String| InitramfsError::BadExecutable { path: path.to_owned(), what };
        let (end, interpreter) = segments(&bytes).map_err(bad)?;
        bytes.truncate(end);
        for field in SECTION_FIELDS {
            bytes.get_mut(field).ok_or_else(|| bad("it is too short".into()))?.fill(0);
        }
        Ok(Self { bytes, interpreter })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Where the last segment ends in the file, and the interpreter.
fn segments(bytes: &[u8]) -> Result<(usize, Option<PathBuf>), String> {
    let file = ElfFile64::<Endianness>::parse(bytes).map_err(|error| error.to_string())?;
    let header: &FileHeader64<Endianness> = file.elf_header();
    let endian = file.endian();
    if header.e_machine(endian) != elf::EM_X86_64 {
        return Err("it is not for x86-64".into());
    }
    let table = header.e_phoff(endian)
        + u64::from(header.e_phentsize(endian)) * u64::from(header.e_phnum(endian));
    let mut end = table;
    let mut interpreter = None;
    for segment in file.elf_program_headers() {
        end = end.max(segment.p_offset(endian).saturating_add(segment.p_filesz(endian)));
        if let Some(path) = segment.interpreter(endian, bytes).map_err(|error| error.to_string())? {
            let path = std::str::from_utf8(path).map_err(|error| error.to_string())?;
            interpreter = Some(PathBuf::from(path)).filter(|path| path.is_absolute());
        }
    }
    let end = usize::try_from(end).map_err(|error| error.to_string())?;
    Ok((end.min(bytes.len()), interpreter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    #[test]
    fn what_is_left_still_runs() {
        let whole = std::env::current_exe().unwrap();
        let cut = Executable::read(&whole).unwrap();
        let size = whole.metadata().unwrap().len();
        assert!((cut.bytes().len() as u64) < size, "{} of {size} bytes left", cut.bytes().len());
        let directory = tempfile::tempdir().unwrap();
        let copy = directory.path().join("copy");
        std::fs::write(&copy, cut.bytes()).unwrap();
        std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o755)).unwrap();
        let output = Command::new(&copy).arg("--list").output().unwrap();
        let listed = String::from_utf8_lossy(&output.stdout);
        assert!(listed.contains("what_is_left_still_runs"), "{output:?}");
    }

    #[test]
    fn what_is_no_executable_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF\x02\x01\x01", &[0x7f; 100]] {
            std::fs::write(&path, bytes).unwrap();
            assert!(Executable::read(&path).is_err());
        }
    }
}
