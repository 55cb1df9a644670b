//! Small files by which git's directories point to each other. Their paths are the host's.

use super::super::SeedError;
use crate::error::AtPath;
use crate::hostfs::{Directory, Regular};
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What a gitfile begins with (gitrepository-layout(5)).
const GITFILE: &[u8] = b"gitdir: ";

/// The content of the regular file `name` of at most `max` bytes; `None` where there is none.
pub(super) fn small_file(
    directory: &Directory,
    name: &str,
    max: u64,
    path: &Path,
) -> Result<Option<Vec<u8>>, SeedError> {
    let file = match directory.regular_file(name.as_ref()).at("open", &path.join(name))? {
        Regular::File(file, _) => file,
        Regular::Gone | Regular::Other => return Ok(None),
    };
    let mut bytes = Vec::new();
    (&file).take(max + 1).read_to_end(&mut bytes).at("read", &path.join(name))?;
    if bytes.len() as u64 > max {
        let why = format!("its {name} is larger than {max} bytes");
        let hint = "look at that file: git does not write such".into();
        return Err(SeedError::Project { path: path.to_owned(), why, hint });
    }
    Ok(Some(bytes))
}

/// The path in the file `name` of `directory`, which lies at `at`.
pub(super) fn read(
    directory: &Directory,
    name: &str,
    at: &Path,
) -> Result<Option<PathBuf>, SeedError> {
    Ok(small_file(directory, name, 8192, at)?.map(|bytes| path(&bytes).to_owned()))
}

/// Where the `.git` file of a work tree leads, as an absolute path.
pub(super) fn gitfile(tree: &Directory, tree_path: &Path) -> Result<PathBuf, SeedError> {
    let bytes = small_file(tree, ".git", 8192, tree_path)?.unwrap_or_default();
    let Some(target) = bytes.strip_prefix(GITFILE) else {
        return Err(SeedError::NoProject { path: tree_path.to_owned() });
    };
    Ok(tree_path.join(path(target)))
}

/// One line as a path.
pub(super) fn path(line: &[u8]) -> &Path {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
    Path::new(OsStr::from_bytes(&line[..end]))
}
