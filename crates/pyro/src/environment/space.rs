//! Whether a disk has room, asked before long work begins instead of after it failed.

use super::EnvironmentError;
use crate::error::AtPath;
use std::path::Path;

/// Makes sure that `need_bytes` are free to this user on the disk of `directory`.
///
/// # Errors
/// [`EnvironmentError::NoSpace`], or that of `statvfs(3)`.
pub(super) fn require(directory: &Path, need_bytes: u64) -> Result<(), EnvironmentError> {
    let disk = rustix::fs::statvfs(directory).at("ask for the free space of", directory)?;
    let have_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
    if have_bytes < need_bytes {
        let directory = directory.to_owned();
        return Err(EnvironmentError::NoSpace { directory, need_bytes, have_bytes });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Diagnose;

    #[test]
    fn a_disk_that_is_too_small_is_refused_with_both_numbers() {
        let home = tempfile::tempdir().unwrap();
        require(home.path(), 1).unwrap();
        let error = require(home.path(), u64::MAX).unwrap_err();
        assert_eq!(error.code(), "no_space");
        assert!(error.to_string().contains("MiB needed"), "{error}");
    }
}
