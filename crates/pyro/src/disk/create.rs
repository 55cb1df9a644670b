//! The writable ext4 disk of a workspace, written sparsely from an embedded empty file system
//! (`template.sh` makes it). No `mke2fs` on the host, and next to nothing written: the
//! journal and the inode tables are holes. Growing the file system to another size is the agent's
//! work (`EXT4_IOC_RESIZE_FS`); here only the file gets longer.

use super::DiskError;
use crate::error::AtPath;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of the file system in the template, and the least that a disk can have.
pub const DEFAULT_BYTES: u64 = 8 << 30;
/// What a disk's size must be a multiple of.
const BLOCK: usize = 4096;
/// Raw deflate of records: a block number (32 bits, little-endian) and the block's bytes.
const TEMPLATE: &[u8] = include_bytes!("template.deflate");

/// Makes a new disk of `size_bytes` at `path`, readable by its owner only, and brings it to
/// stable storage. On failure no file is left behind.
///
/// # Errors
/// [`DiskError`].
pub fn create(path: &Path, size_bytes: u64) -> Result<File, DiskError> {
    if size_bytes < DEFAULT_BYTES || !size_bytes.is_multiple_of(BLOCK as u64) {
        return Err(DiskError::BadSize(size_bytes));
    }
    let disk = create_file(path)?;
    fill(&disk, path, size_bytes).inspect_err(|_| {
        let _ = std::fs::remove_file(path); // it is of no use, and the first error counts
    })?;
    Ok(disk)
}

fn create_file(path: &Path) -> Result<File, DiskError> {
    use std::os::unix::fs::OpenOptionsExt;
    let opened = File::options().read(true).write(true).create_new(true).mode(0o600).open(path);
    match opened {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(DiskError::Exists(path.to_owned()))
        }
        opened => Ok(opened.at("create", path)?),
    }
}

fn fill(disk: &File, path: &Path, size_bytes: u64) -> Result<(), DiskError> {
    disk.set_len(size_bytes).at("grow", path)?;
    let mut records = Vec::new();
    flate2::read::DeflateDecoder::new(TEMPLATE)
        .read_to_end(&mut records)
        .map_err(DiskError::Template)?;
    for record in records.chunks(4 + BLOCK) {
        let (number, block) =
            record.split_at_checked(4).ok_or(DiskError::Template(ErrorKind::InvalidData.into()))?;
        let number = number.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        disk.write_all_at(block, number * BLOCK as u64).at("write", path)?;
    }
    disk.sync_all().at("write", path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Diagnose;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::process::Command;

    #[test]
    fn a_disk_is_a_clean_file_system_that_takes_less_than_a_mebibyte() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk");
        let disk = create(&path, DEFAULT_BYTES).unwrap();
        let status = disk.metadata().unwrap();
        assert_eq!(status.len(), DEFAULT_BYTES);
        assert!(status.blocks() * 512 < 1 << 20, "{} blocks of 512 bytes", status.blocks());
        assert_eq!(status.permissions().mode() & 0o777, 0o600);
        let check = Command::new("/sbin/e2fsck").arg("-fn").arg(&path).output().unwrap();
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    }

    #[test]
    fn a_larger_disk_is_the_same_file_system_in_a_longer_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk");
        let disk = create(&path, 64 << 30).unwrap();
        assert_eq!(disk.metadata().unwrap().len(), 64 << 30);
        assert!(disk.metadata().unwrap().blocks() * 512 < 1 << 20);
        let check = Command::new("/sbin/e2fsck").arg("-fn").arg(&path).output().unwrap();
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    }

    #[test]
    fn wrong_sizes_and_existing_files_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk");
        for size in [0, DEFAULT_BYTES - 4096, DEFAULT_BYTES + 1] {
            assert_eq!(create(&path, size).unwrap_err().code(), "bad_disk_size");
        }
        assert!(!path.exists());
        std::fs::write(&path, "mine").unwrap();
        assert_eq!(create(&path, DEFAULT_BYTES).unwrap_err().code(), "disk_exists");
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    }
}
