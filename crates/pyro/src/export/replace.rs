//! One file of the host that a human has named, made from what is in memory.

use crate::durable;
use crate::error::{AtPath, PathError};
use std::fs;
use std::path::Path;

/// Writes a file: what had the name keeps it until the new one is whole and durable. Where a link has the name,
/// the file that it leads to is replaced; a pipe or a device is written to.
///
/// # Errors
/// If it cannot be written; what was there is as it was then, unless it was no file.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<(), PathError> {
    match fs::metadata(path) {
        Ok(known) if !known.is_file() => fs::write(path, content).at("write", path),
        Ok(known) => {
            let whole = path.canonicalize().at("resolve", path)?;
            durable::replace(&whole, content, Some(known.permissions()))
        }
        // what is wrong with the path, if anything, making the file says
        Err(_) => durable::replace(path, content, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_file_is_replaced_where_it_is_and_what_is_none_is_written_to() {
        let place = tempfile::tempdir().unwrap();
        let (file, link) = (place.path().join("file"), place.path().join("link"));
        symlink(&file, &link).unwrap();
        replace_file(&file, b"one").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o604)).unwrap();
        replace_file(&link, b"two").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o604);
        replace_file(Path::new("/dev/null"), b"three").unwrap();
        assert!(replace_file(&place.path().join("none/file"), b"").is_err());
        assert!(replace_file(place.path(), b"").is_err());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
    }
}
