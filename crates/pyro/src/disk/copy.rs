//! Copies of a disk: snapshots, and what a reset starts from. A reflink where the file system of the
//! host has them (btrfs, XFS), else the extents that hold data; holes stay holes. Whether the disk is at
//! rest while it is copied is the caller's care.

use super::DiskError;
use crate::durable;
use crate::error::{AtPath, PathError};
use rustix::fs::{
    AtFlags, Mode, OFlags, SeekFrom, copy_file_range, fstatvfs, ioctl_ficlone, open, seek, statat,
};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// The most bytes that one system call copies.
const STEP: u64 = 64 << 20;
/// What `st_blocks` counts in, inode(7).
const SECTOR: u64 = 512;
/// Bytes that stay free beside a copy: for records, and the file system's own needs.
const RESERVE: u64 = 1 << 20;
/// Bytes of the buffer for file systems between which the kernel does not copy.
const BUFFER: usize = 1 << 20;

/// What a copy cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Whether source and copy share their blocks until one of them is written.
    pub shared: bool,
    /// Bytes of data that were written; none for a reflink.
    pub bytes_written: u64,
    /// Length of the disk in bytes, holes included.
    pub length: u64,
}

/// Copies the disk that is open as `from` to the new file `to`, readable by its owner only. The copy
/// is on stable storage, and has its name, once it is whole; on failure no file is left behind. Moves
/// the cursor of `from`. Only one process at a time may write `to`.
///
/// # Errors
/// [`DiskError`]: where `to` exists already, or on any failure to read or write.
pub fn copy(from: &File, to: &Path) -> Result<Copied, DiskError> {
    copy_and_tell(from, to, || {})
}

/// As [`copy`], and calls `taken` as soon as `from` is needed no more, before the copy is on stable storage.
///
/// # Errors
/// As [`copy`].
pub fn copy_and_tell(from: &File, to: &Path, taken: impl FnOnce()) -> Result<Copied, DiskError> {
    if to.symlink_metadata().is_ok() {
        return Err(DiskError::Exists(to.to_owned()));
    }
    durable::write_filled(to, |copy, path| {
        let copied = fill(from, copy, path)?;
        taken();
        Ok(copied)
    })
}

/// As [`copy`], for a file of the user's, which is to be called `name` in an open directory: whatever else is
/// done there meanwhile, nothing is overwritten. `path` is the same for people.
///
/// # Errors
/// As [`copy`].
pub fn export(
    from: &File,
    directory: BorrowedFd<'_>,
    name: &OsStr,
    path: &Path,
) -> Result<Copied, DiskError> {
    if statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
        return Err(DiskError::Exists(path.to_owned()));
    }
    let new = durable::NewName { directory, name, path, mode: durable::PRIVATE };
    durable::write_beside(new, |copy, path| fill(from, copy, path))
}

/// A clone of the disk that is open as `from`, without a name, in a directory of the same file system; `None`
/// where that cannot share blocks. It is gone when it is closed.
///
/// # Errors
/// If the file system can, and fails.
pub fn clone_aside(from: &File, directory: &Path) -> Result<Option<File>, PathError> {
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    let clone = match open(directory, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        // a file system without such files, open(2)
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => return Ok(None),
        Err(error) => return Err(error).at("make a file in", directory),
    };
    let is_shared = share(from, &clone).at("clone a disk in", directory)?;
    Ok(is_shared.then_some(clone))
}

/// Makes the new, empty file `copy` hold what `from` does.
fn fill(from: &File, copy: &File, path: &Path) -> Result<Copied, DiskError> {
    let length = from.metadata().at("read the length of", path)?.len();
    if share(from, copy).at("clone a disk into", path)? {
        return Ok(Copied { shared: true, bytes_written: 0, length });
    }
    require_space(from, copy, path)?;
    copy.set_len(length).at("grow", path)?;
    let bytes_written = copy_extents(from, copy, length, path)?;
    Ok(Copied { shared: false, bytes_written, length })
}

/// Refuses a copy for which there is no room before anything is written.
fn require_space(from: &File, copy: &File, path: &Path) -> Result<(), DiskError> {
    let need_bytes = from.metadata().at("read the size of", path)?.blocks() * SECTOR + RESERVE;
    let disk = fstatvfs(copy).at("ask for the free space for", path)?;
    let have_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
    if have_bytes < need_bytes {
        let path = path.to_owned();
        return Err(DiskError::NoSpace { path, need_bytes, have_bytes });
    }
    Ok(())
}

/// Makes `copy` share all blocks of `from`; `false` where the host's file system cannot.
fn share(from: &File, copy: &File) -> Result<bool, Errno> {
    match ioctl_ficlone(copy, from) {
        Ok(()) => Ok(true),
        // ioctl_ficlonerange(2), and ENOTTY from file systems that know no such request
        Err(Errno::OPNOTSUPP | Errno::XDEV | Errno::INVAL | Errno::NOTTY | Errno::NOSYS) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Copies what `from` holds below `length`, without its holes, and says how much that was.
fn copy_extents(from: &File, copy: &File, length: u64, path: &Path) -> Result<u64, PathError> {
    let mut written = 0;
    let mut at = 0;
    while at < length {
        let data = match seek(from, SeekFrom::Data(at)) {
            Err(Errno::NXIO) => break, // a hole up to the end
            data => data.at("find data of a disk for", path)?,
        };
        let hole = seek(from, SeekFrom::Hole(data)).at("find a hole of a disk for", path)?;
        let end = hole.min(length);
        let length = end.saturating_sub(data);
        copy_range((from, data), (copy, data), length).at("copy a disk to", path)?;
        written += length;
        at = hole;
    }
    Ok(written)
}

/// Copies so many bytes from a place in one file to a place in another.
pub(super) fn copy_range(
    (from, mut read): (&File, u64),
    (to, mut write): (&File, u64),
    length: u64,
) -> std::io::Result<()> {
    let end = read.saturating_add(length);
    while read < end {
        let step = usize::try_from((end - read).min(STEP)).unwrap_or(BUFFER);
        match copy_file_range(from, Some(&mut read), to, Some(&mut write), step) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(Errno::INTR) => {}
            // copy_file_range(2): not between these file systems, or not on this kernel
            Err(Errno::XDEV | Errno::OPNOTSUPP | Errno::INVAL | Errno::NOSYS) => {
                return copy_by_hand((from, read), (to, write), end - read);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn copy_by_hand(
    (from, mut read): (&File, u64),
    (to, mut write): (&File, u64),
    length: u64,
) -> std::io::Result<()> {
    let end = read.saturating_add(length);
    let most = usize::try_from(length).unwrap_or(BUFFER).min(BUFFER);
    let mut buffer = vec![0; most];
    while read < end {
        let step = usize::try_from(end - read).unwrap_or(most).min(most);
        from.read_exact_at(&mut buffer[..step], read)?;
        to.write_all_at(&buffer[..step], write)?;
        read += step as u64;
        write += step as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{DEFAULT_BYTES, create};
    use crate::error::Diagnose;
    use std::os::fd::AsFd;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_copy_holds_the_same_and_takes_no_more_space() {
        let directory = tempfile::tempdir().unwrap();
        let disk = create(&directory.path().join("disk"), DEFAULT_BYTES).unwrap();
        let marks = [(5 << 30, "middle"), (DEFAULT_BYTES - 4, "last")];
        for (at, text) in marks {
            disk.write_all_at(&text.as_bytes()[..4], at).unwrap();
        }
        let path = directory.path().join("copy");
        let copied = copy(&disk, &path).unwrap();

        assert_eq!(copied.length, DEFAULT_BYTES);
        assert!(copied.shared || (4096..1 << 20).contains(&copied.bytes_written), "{copied:?}");
        let copy = File::open(&path).unwrap();
        let status = copy.metadata().unwrap();
        assert_eq!(status.len(), DEFAULT_BYTES);
        assert_eq!(status.permissions().mode() & 0o777, 0o600);
        assert!(status.blocks() <= disk.metadata().unwrap().blocks());
        for (at, text) in marks {
            let mut found = [0; 4];
            copy.read_exact_at(&mut found, at).unwrap();
            assert_eq!(found, text.as_bytes()[..4]);
        }
        let (mut old, mut new) = (vec![0; 1 << 20], vec![0; 1 << 20]);
        disk.read_exact_at(&mut old, 0).unwrap();
        copy.read_exact_at(&mut new, 0).unwrap();
        assert_eq!(old, new);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn the_way_around_copy_file_range_copies_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("from");
        let content: Vec<u8> = (0..=250).cycle().take(3 * BUFFER + 17).collect();
        std::fs::write(&path, &content).unwrap();
        let copy = tempfile::tempfile().unwrap();
        let (from, length) = (File::open(&path).unwrap(), content.len() as u64 - 5);
        copy_by_hand((&from, 5), (&copy, 5), length).unwrap();
        let mut found = vec![0; content.len() - 5];
        copy.read_exact_at(&mut found, 5).unwrap();
        assert_eq!(found, content[5..]);
    }

    #[test]
    fn a_disk_is_never_overwritten_and_a_failure_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let disk = create(&directory.path().join("disk"), DEFAULT_BYTES).unwrap();
        let error = copy(&disk, &directory.path().join("disk")).unwrap_err();
        assert_eq!(error.code(), "disk_exists");

        let unreadable = File::options().write(true).open(directory.path().join("disk")).unwrap();
        let path = directory.path().join("copy");
        copy(&unreadable, &path).unwrap_err();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_export_takes_a_name_that_is_free_and_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let disk = create(&directory.path().join("disk"), DEFAULT_BYTES).unwrap();
        let (mine, image) = (directory.path().join("image.new"), directory.path().join("image"));
        std::fs::write(&mine, "mine").unwrap();
        let place = File::open(directory.path()).unwrap();
        let export = |path: &Path| export(&disk, place.as_fd(), path.file_name().unwrap(), path);
        export(&image).unwrap();
        assert_eq!(std::fs::read(&mine).unwrap(), b"mine");
        assert_eq!(export(&image).unwrap_err().code(), "disk_exists");
        std::os::unix::fs::symlink("nowhere", directory.path().join("link")).unwrap();
        let through = export(&directory.path().join("link")).unwrap_err();
        assert_eq!(through.code(), "disk_exists");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 4);
    }

    #[test]
    fn what_a_killed_copy_left_does_not_hinder_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let disk = create(&directory.path().join("disk"), DEFAULT_BYTES).unwrap();
        std::fs::write(directory.path().join("copy.new"), "half").unwrap();
        copy(&disk, &directory.path().join("copy")).unwrap();
        let mode = directory.path().join("copy").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!directory.path().join("copy.new").exists());
    }
}
