//! Where the `pyro` under test is: the release build, which is what users get and what guests on
//! emulated CPUs need. A scenario never builds it, and never tests an old one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Names another executable to test, for example an installed one.
const VARIABLE: &str = "PYRO_UNDER_TEST";

/// The executable that the scenarios drive.
///
/// # Panics
/// Where there is none, or where one of its sources has changed since it was built.
#[must_use]
pub fn executable() -> PathBuf {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return fs::canonicalize(&named)
            .unwrap_or_else(|e| panic!("{VARIABLE}={}: {e}", named.display()));
    }
    let built = target_directory().join("release/pyro");
    refuse_outdated(&built);
    built
}

/// Cargo's `target`, found from where the test program itself lies: `target/PROFILE/deps/PROGRAM`.
///
/// # Panics
/// Where the test program lies elsewhere.
#[must_use]
pub fn target_directory() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let dependencies = program.ancestors().find(|directory| directory.ends_with("deps"));
    let target = dependencies.and_then(Path::parent).and_then(Path::parent);
    target.unwrap_or_else(|| panic!("{} is in no target directory", program.display())).to_owned()
}

/// Cargo lists an executable's sources in a file beside it, `OUTPUT: SOURCE SOURCE …`, with spaces
/// in names escaped (the Cargo book, "Build cache", "Dep-info files").
fn refuse_outdated(built: &Path) {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    let hint = "run `make build`";
    let time = modified(built).unwrap_or_else(|e| panic!("{}: {e}: {hint}", built.display()));
    let list = fs::read_to_string(built.with_extension("d")).unwrap().replace("\\ ", "\0");
    let sources = list.split_ascii_whitespace().skip(1).map(|name| name.replace('\0', " "));
    for source in sources {
        let newer = modified(Path::new(&source)).unwrap_or(SystemTime::now()) > time;
        assert!(!newer, "{source} is newer than {}: {hint}", built.display());
    }
}
