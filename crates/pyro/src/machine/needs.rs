//! What a program must be able to read in its jail, remembered from one start to the next.

use crate::machine::jail::{JailError, readable_for};
use crate::machine::remembered::remembered_if;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What `program` must be able to read. Asking the dynamic linker takes some 20 ms, and the answer holds
/// until the program or a library is installed anew, which changes the one or the linker's cache.
///
/// # Errors
/// Those of [`readable_for`].
pub(crate) fn remembered(program: &Path, cache: &Path) -> Result<Vec<PathBuf>, JailError> {
    let stamp = |path: &Path| {
        path.metadata().map_or_else(|_| String::new(), |m| format!("{} {}", m.ino(), m.ctime()))
    };
    let linker = Path::new("/etc/ld.so.cache");
    let key = format!("{} {} {}", program.display(), stamp(program), stamp(linker));
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    remembered_if(&cache.join(format!("{name}-files.json")), &key, || readable_for(program))
}
