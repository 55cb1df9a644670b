//! The shared libraries of the agent's executable. The dynamic loader is asked, because only it
//! knows its search path; it loads the executable, which is our own, and does not run it.

use super::executable::Executable;
use super::{InitramfsError, LIBRARY_DIRECTORY};
use crate::error::AtPath;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file of the host and its place in the guest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Library {
    pub(super) path: PathBuf,
    pub(super) place: String,
}

/// The dynamic loader and every library, direct or not; nothing for a static executable.
pub(super) fn of(path: &Path, executable: &Executable) -> Result<Vec<Library>, InitramfsError> {
    let Some(loader) = &executable.interpreter else { return Ok(Vec::new()) };
    // glibc's and musl's loaders both take this option; `ldd` is a script around it.
    let output = Command::new(loader)
        .arg("--list")
        .arg(path)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .at("run", loader)?;
    let listed = String::from_utf8_lossy(&output.stdout);
    let mut libraries = vec![Library { path: loader.clone(), place: loader.display().to_string() }];
    for (name, found) in listed.lines().filter_map(parse) {
        let Some(found) = found else {
            return Err(InitramfsError::MissingLibrary { path: path.to_owned(), library: name });
        };
        libraries.push(Library { path: found, place: format!("{LIBRARY_DIRECTORY}/{name}") });
    }
    if !output.status.success() {
        let what = format!("{}: {}", loader.display(), String::from_utf8_lossy(&output.stderr));
        let what = what.trim_end().to_owned();
        return Err(InitramfsError::BadExecutable { path: path.to_owned(), what });
    }
    Ok(libraries)
}

/// `libc.so.6 => /lib/libc.so.6 (0x7f…)` or `libx.so => not found`. Lines without an arrow name
/// the loader itself and the kernel's virtual library.
fn parse(line: &str) -> Option<(String, Option<PathBuf>)> {
    let (name, found) = line.trim().split_once(" => ")?;
    let name = name.rsplit('/').next().unwrap_or(name);
    let path = found.rsplit_once(" (0x").map_or(found, |(path, _)| path);
    let path = Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    Some((name.to_owned(), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaders_answer_is_understood() {
        let line = "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f0000000000)";
        let path = PathBuf::from("/lib/x86_64-linux-gnu/libc.so.6");
        assert_eq!(parse(line), Some(("libc.so.6".into(), Some(path))));
        assert_eq!(parse("\tlibx.so.1 => not found"), Some(("libx.so.1".into(), None)));
        assert_eq!(parse("\tlinux-vdso.so.1 (0x00007ffc00000000)"), None);
        assert_eq!(parse("\t/lib64/ld-linux-x86-64.so.2 (0x00007f0000000000)"), None);
    }
}
