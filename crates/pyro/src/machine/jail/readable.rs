//! What a program needs to start inside a private root: its loader, its libraries, its data.

use super::error::JailError;
use object::elf::FileHeader64;
use object::endian::Endianness;
use object::read::ReadCache;
use object::read::elf::{FileHeader, ProgramHeader};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Directories of the system's packages: a library directory below one of them holds nothing of
/// any user's, and is given as a whole. From anywhere else only the single library is.
const PACKAGED: [&str; 6] =
    ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/nix/store", "/gnu/store"];

/// Where QEMU's firmware lies, as its packages build it in (`qemu-system-x86_64 -L help`), by
/// distribution: Debian and Fedora, then Debian's SeaBIOS, Fedora's, and the network boot ROMs.
const QEMU_DATA: [&str; 5] = [
    "/usr/share/qemu",
    "/usr/share/seabios",
    "/usr/share/qemu-firmware",
    "/usr/lib/ipxe/qemu",
    "/usr/share/ipxe/qemu",
];

/// The files and directories that `program` must be able to read, for
/// [`super::JailSpec::readable`]; the program itself is not among them. Asks the program's own
/// loader, without running the program (ld.so(8), `--list`), which takes some 10 ms: worth keeping
/// for as long as the program does not change. Empty for a static program other than QEMU.
///
/// # Errors
/// [`JailError::Program`] when the program cannot be read or its loader cannot find a library.
pub fn readable_for(program: &Path) -> Result<Vec<PathBuf>, JailError> {
    let mut paths = BTreeSet::new();
    if let Some(loader) = interpreter(program)? {
        for library in libraries(&loader, program)? {
            match packaged_directories(&library) {
                Some(directories) => paths.extend(directories),
                None => drop(paths.insert(library)),
            }
        }
        paths.insert(loader);
        paths.insert("/etc/ld.so.cache".into());
    }
    if program.file_name().is_some_and(|name| name.as_bytes().starts_with(b"qemu")) {
        paths.extend(QEMU_DATA.map(PathBuf::from));
        paths.extend(private_data(program));
    }
    Ok(paths.into_iter().filter(|path| path.exists()).collect())
}

/// The data beside a QEMU installed under a prefix of its own: `PREFIX/bin/..`, `PREFIX/share/qemu`.
fn private_data(program: &Path) -> Option<PathBuf> {
    Some(program.parent()?.parent()?.join("share/qemu"))
}

/// The directory of a library, where it is one of the system's own: under the name the loader uses
/// and under its real one, which is what programs are built to find their plug-ins by (`/lib` is a
/// link to `/usr/lib` almost everywhere).
fn packaged_directories(library: &Path) -> Option<[PathBuf; 2]> {
    let directory = library.parent()?;
    let real = directory.canonicalize().ok()?;
    let belongs = |path: &Path| PACKAGED.iter().any(|prefix| path.starts_with(prefix));
    (belongs(directory) && belongs(&real)).then(|| [directory.to_owned(), real])
}

/// The loader that an ELF program names (`PT_INTERP`); none for a static one.
///
/// # Errors
/// [`JailError::Program`] when the program cannot be read or is no ELF file.
pub(in crate::machine) fn interpreter(program: &Path) -> Result<Option<PathBuf>, JailError> {
    let failed =
        |action, source| JailError::Program { action, program: program.to_owned(), source };
    let file = std::fs::File::open(program).map_err(|e| failed("read", e))?;
    let not_elf =
        |e: object::read::Error| failed("read the ELF headers of", std::io::Error::other(e));
    let data = ReadCache::new(file);
    let header = FileHeader64::<Endianness>::parse(&data).map_err(not_elf)?;
    let endian = header.endian().map_err(not_elf)?;
    for segment in header.program_headers(endian, &data).map_err(not_elf)? {
        if let Some(name) = segment.interpreter(endian, &data).map_err(not_elf)? {
            return Ok(Some(PathBuf::from(OsStr::from_bytes(name))));
        }
    }
    Ok(None)
}

/// The absolute paths of every library the loader would map.
fn libraries(loader: &Path, program: &Path) -> Result<Vec<PathBuf>, JailError> {
    let failed = |source| JailError::Program {
        action: "list the libraries of",
        program: program.to_owned(),
        source,
    };
    let output = Command::new(loader)
        .arg("--list")
        .arg(program)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .map_err(failed)?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(failed(std::io::Error::other(message)));
    }
    Ok(parse_list(&output.stdout))
}

/// Lines like `libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x…)` or `/lib64/ld… (0x…)`.
fn parse_list(list: &[u8]) -> Vec<PathBuf> {
    list.split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ' || *byte == b'\t').rfind(is_absolute))
        .map(|path| PathBuf::from(OsStr::from_bytes(path)))
        .collect()
}

fn is_absolute(word: &&[u8]) -> bool {
    word.first() == Some(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaders_list_is_read_line_by_line() {
        let list = b"\tlinux-vdso.so.1 (0x7ff)\n\
            \tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x7f0)\n\
            \t/lib64/ld-linux-x86-64.so.2 (0x7f1)\n";
        let expected =
            ["/lib/x86_64-linux-gnu/libz.so.1", "/lib64/ld-linux-x86-64.so.2"].map(PathBuf::from);
        assert_eq!(parse_list(list), expected);
    }

    #[test]
    fn a_library_of_a_user_is_given_alone() {
        assert_eq!(packaged_directories("/home/u/lib/libx.so".as_ref()), None);
        assert_eq!(packaged_directories("/tmp/libx.so".as_ref()), None);
        let system = packaged_directories("/usr/lib/libx.so".as_ref()).unwrap();
        assert_eq!(system[0], Path::new("/usr/lib"));
    }

    #[test]
    fn this_program_needs_its_loader_and_nothing_of_a_home() {
        let paths = readable_for(&std::env::current_exe().unwrap()).unwrap();
        assert!(paths.iter().any(|p| p.to_string_lossy().contains("ld-")), "{paths:?}");
        assert!(
            paths.iter().all(|p| p.starts_with("/usr")
                || p.starts_with("/lib")
                || p.starts_with("/lib64")
                || p == Path::new("/etc/ld.so.cache")),
            "{paths:?}"
        );
    }

    #[test]
    fn a_script_is_not_a_program() {
        assert!(readable_for("/etc/hostname".as_ref()).is_err());
    }
}
