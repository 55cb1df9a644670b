//! Files that survive a loss of power and a kill at any moment: a reader finds the old one or the new
//! one, never a part of one. It knows nothing of what they hold.

use crate::error::{AtPath, PathError};
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, fsync, linkat, openat, renameat, renameat_with,
    statat, unlinkat,
};
use rustix::io::Errno;
use serde::Serialize;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Readable and writable by the owner alone.
pub(crate) const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// Writes `value` as JSON, as [`write_whole`] does.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), PathError> {
    let json = serde_json::to_vec_pretty(value).map_err(std::io::Error::from).at("write", path)?;
    write_whole(path, &json)
}

/// Writes `bytes`: whole, durable and in one step. Only one process at a time may write `path`.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let aside = aside(path);
    let mut file = File::create(&aside).at("create", &aside)?;
    file.write_all(bytes).at("write", &aside)?;
    file.sync_all().at("sync", &aside)?;
    move_into_place(&aside, path)
}

/// Makes a new private file (mode 0600) that `fill` writes: whole, durable and in one step. On failure
/// nothing is left behind. Only one process at a time may write `path`.
pub(crate) fn write_filled<T, E: From<PathError>>(
    path: &Path,
    fill: impl FnOnce(&File, &Path) -> Result<T, E>,
) -> Result<T, E> {
    let aside = aside(path);
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).at("remove", &aside).map_err(E::from);
        }
        _ => {} // what a kill left there must not lend its mode to the new file
    }
    let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&aside);
    let file = file.at("create", &aside)?;
    let filled = fill(&file, &aside).and_then(|filled| {
        file.sync_all().at("sync", &aside)?;
        move_into_place(&aside, path)?;
        Ok(filled)
    });
    filled.inspect_err(|_| {
        let _ = fs::remove_file(&aside); // it is of no use, and the first error counts
    })
}

/// A name in an open directory, and the same for people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewName<'a> {
    pub(crate) directory: BorrowedFd<'a>,
    pub(crate) name: &'a OsStr,
    pub(crate) path: &'a Path,
    /// Of the new file; the umask takes from it.
    pub(crate) mode: Mode,
}

/// Makes a new file where somebody else may work too: nothing that has its name is overwritten. Whole,
/// durable and in one step; on failure nothing is left behind, and after a kill neither: the file has no
/// name before it is whole (`O_TMPFILE`, open(2)). Where the file system has no such files, it has a name
/// that nobody else uses.
pub(crate) fn write_beside<T, E: From<PathError>>(
    new: NewName<'_>,
    fill: impl FnOnce(&File, &Path) -> Result<T, E>,
) -> Result<T, E> {
    let NewName { directory, name, path, mode } = new;
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    let file = match openat(directory, ".", flags, mode) {
        Ok(file) => File::from(file),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
            return write_under_another_name(new, fill);
        }
        Err(error) => return Err(error).at("create", path).map_err(E::from),
    };
    let filled = fill(&file, path)?;
    file.sync_all().at("sync", path)?;
    let nameless = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, nameless, directory, name, AtFlags::SYMLINK_FOLLOW).at("give its name to", path)?;
    fsync(directory).at("sync the directory of", path).inspect_err(|_| {
        let _ = unlinkat(directory, name, AtFlags::empty()); // the first error counts
    })?;
    Ok(filled)
}

fn write_under_another_name<T, E: From<PathError>>(
    NewName { directory, name, path, mode }: NewName<'_>,
    fill: impl FnOnce(&File, &Path) -> Result<T, E>,
) -> Result<T, E> {
    let aside = unused_name(path)?;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = File::from(openat(directory, &aside, flags, mode).at("create", path)?);
    let filled = fill(&file, path).and_then(|filled| {
        file.sync_all().at("sync", path)?;
        rename_new((&directory, &aside), (&directory, name)).at("give its name to", path)?;
        fsync(directory).at("sync the directory of", path)?;
        Ok(filled)
    });
    filled.inspect_err(|_| {
        let _ = unlinkat(directory, &aside, AtFlags::empty()); // it is of no use, and the first error counts
    })
}

/// Writes a file of a human's, where somebody else may work too: whole, durable and in one step, with the
/// permissions of the one before, or those of any new file. On failure what was there is as it was.
pub(crate) fn replace(
    path: &Path,
    content: &[u8],
    permissions: Option<Permissions>,
) -> Result<(), PathError> {
    let parent = parent_of(path);
    let directory = File::open(parent).at("open", parent)?;
    let directory = directory.as_fd();
    let aside = unused_name(path)?;
    let mode = Mode::from_raw_mode(0o666);
    let new = NewName { directory, name: OsStr::new(&aside), path, mode };
    write_beside(new, |mut file, path| {
        if let Some(permissions) = permissions {
            file.set_permissions(permissions).at("set the permissions of", path)?;
        }
        file.write_all(content).at("write", path)
    })?;
    let name = path.file_name().unwrap_or_default();
    let moved = renameat(directory, &aside, directory, name).and_then(|()| fsync(directory));
    moved.at("move into place", path).inspect_err(|_| {
        let _ = unlinkat(directory, &aside, AtFlags::empty()); // it is of no use, and the first error counts
    })
}

/// A name that nobody else uses.
fn unused_name(path: &Path) -> Result<String, PathError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other).at("name", path)?;
    Ok(format!(".pyro-{}", hex::encode(bytes)))
}

/// Gives a file or a directory another name, that nothing has yet: `EEXIST` if something has. Both directories
/// are of one file system.
pub(crate) fn rename_new<D: AsFd>(
    (from, old): (&D, &str),
    (to, new): (&D, &OsStr),
) -> Result<(), Errno> {
    match renameat_with(from, old, to, new, RenameFlags::NOREPLACE) {
        // NFS, 9p and some others know no such flag, renameat2(2)
        Err(Errno::INVAL | Errno::NOSYS) => rename_new_without_a_flag((from, old), (to, new)),
        renamed => renamed,
    }
}

fn rename_new_without_a_flag<D: AsFd>(
    (from, old): (&D, &str),
    (to, new): (&D, &OsStr),
) -> Result<(), Errno> {
    match linkat(from, old, to, new, AtFlags::empty()) {
        Ok(()) => unlinkat(from, old, AtFlags::empty()),
        // a directory; renamed to a name that is taken meanwhile, it replaces at most an empty one
        Err(Errno::PERM) => match statat(to, new, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Err(Errno::EXIST),
            Err(Errno::NOENT) => renameat(from, old, to, new),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}

fn parent_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new("."))
}

fn aside(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    PathBuf::from(aside)
}

/// Gives a file whose content is durable its name.
pub(crate) fn move_into_place(from: &Path, to: &Path) -> Result<(), PathError> {
    fs::rename(from, to).at("move into place", to)?;
    sync_directory(parent_of(to))
}

/// Brings the names in a directory to stable storage, after a rename or a removal in it.
pub(crate) fn sync_directory(directory: &Path) -> Result<(), PathError> {
    File::open(directory).and_then(|directory| directory.sync_all()).at("sync", directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_is_taken_without_the_kernels_help_too() {
        let place = tempfile::tempdir().unwrap();
        let directory = File::open(place.path()).unwrap();
        let path = |name: &str| place.path().join(name);
        let rename = |old: &str, new: &str| {
            rename_new_without_a_flag((&directory, old), (&directory, OsStr::new(new)))
        };
        fs::write(path("file"), "file").unwrap();
        fs::create_dir_all(path("directory/below")).unwrap();
        for taken in ["file", "directory"] {
            assert_eq!(rename("file", taken), Err(Errno::EXIST));
            assert_eq!(rename("directory", taken), Err(Errno::EXIST));
        }
        rename("file", "new file").unwrap();
        rename("directory", "new directory").unwrap();
        assert_eq!(fs::read(path("new file")).unwrap(), b"file");
        assert!(path("new directory/below").is_dir());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_beside_others_takes_no_name_that_is_taken() {
        let place = tempfile::tempdir().unwrap();
        let directory = File::open(place.path()).unwrap();
        let path = |name: &str| place.path().join(name);
        let (one, two) = (path("one"), path("two"));
        let new = |path| NewName {
            directory: directory.as_fd(),
            name: Path::file_name(path).unwrap(),
            path,
            mode: PRIVATE,
        };
        let whole = |mut file: &File, path: &Path| file.write_all(b"whole").at("write", path);
        write_beside(new(&one), whole).unwrap();
        write_under_another_name(new(&two), whole).unwrap();
        let other = |_: &File, _: &Path| Ok::<_, PathError>(());
        let taken = [
            write_beside(new(&one), other).unwrap_err(),
            write_under_another_name(new(&two), other).unwrap_err(),
        ];
        assert!(taken.iter().all(|error| error.source.kind() == ErrorKind::AlreadyExists));
        for file in [one, two] {
            assert_eq!(fs::read(file).unwrap(), b"whole");
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2, "nothing else is left");
    }
}
