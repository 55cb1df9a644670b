//! Where a patch waits beside the workspace: the new files, what was taken out, and the list of steps.
//! The directory is there while a patch is applied, and after an end that nobody awaited.

use super::CHUNK;
use super::action::Action;
use crate::disk::Disk;
use crate::files::describe::PERMISSIONS;
use crate::files::{READ_DIRECTORY, beneath, invalid};
use pyro_proto::tree::{After, Kind, MAX_PATH, Rewrite};
use pyro_proto::{GuestPath, Refusal};
use rustix::fs::{AtFlags, Dir, Gid, Mode, OFlags, Stat, Uid};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Its name among the agent's own files.
const NAME: &str = "patch";
/// The steps, once all of them are written down.
const JOURNAL: &str = "journal";
const NEW_JOURNAL: &str = "journal.new";
/// What a journal may have at most: 50,000 steps with the longest paths that are written as text.
const MAX_JOURNAL: u64 = 512 << 20;

/// An open stage, and the workspace beside it.
#[derive(Debug)]
pub(super) struct Stage {
    own: OwnedFd,
    directory: OwnedFd,
    workspace: OwnedFd,
    /// Whether it stays when this is dropped.
    kept: bool,
}

impl Stage {
    /// Makes it.
    pub(super) fn create(disk: &Disk) -> Result<Self, Refusal> {
        let made = || -> io::Result<Self> {
            let own = disk.own_directory()?;
            rustix::fs::mkdirat(&own, NAME, Mode::RWXU)?;
            let directory = rustix::fs::openat(&own, NAME, READ_DIRECTORY, Mode::empty())?;
            Ok(Self { own, directory, workspace: disk.workspace()?, kept: false })
        };
        made().map_err(|e| Refusal::from_io("cannot prepare the patch", &e))
    }

    /// The one that somebody left, if there is one.
    pub(super) fn find(disk: &Disk) -> io::Result<Option<Self>> {
        let own = disk.own_directory()?;
        match rustix::fs::openat(&own, NAME, READ_DIRECTORY, Mode::empty()) {
            Ok(directory) => {
                Ok(Some(Self { own, directory, workspace: disk.workspace()?, kept: false }))
            }
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the staged files are.
    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// A directory of the workspace, through no link; the workspace itself where there is no path.
    pub(super) fn place(&self, path: Option<&GuestPath>) -> Result<OwnedFd, Errno> {
        let path = path.map_or(Path::new("."), |path| Path::new(path.as_os_str()));
        beneath(&self.workspace, path)
    }

    /// What is at a path of the workspace; none where nothing is, or no way leads there.
    pub(super) fn look(&self, path: &GuestPath) -> Result<Option<Stat>, Errno> {
        let parent = match self.place(super::parent(path).as_ref()) {
            Ok(parent) => parent,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            Err(error) => return Err(error),
        };
        match rustix::fs::statat(parent, file_name(path), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes the new content of a change, which gets the owner of what it replaces. Returns its inode.
    pub(super) fn add(
        &mut self,
        number: usize,
        rewrite: &Rewrite,
        after: After,
        input: &mut impl Read,
    ) -> Result<u64, Refusal> {
        let path = &rewrite.path;
        let name = number.to_string();
        let old = self.look(path).map_err(|e| crate::files::refusal("look at", path, e))?;
        let staged = match after.kind {
            Kind::File => self.add_file(&name, after, input),
            Kind::Symlink => self.add_link(&name, after, input),
            Kind::Directory | Kind::Other => {
                return Err(invalid(format!("{path} would be neither a file nor a link")));
            }
        };
        let inode = staged.and_then(|()| {
            if let Some(old) = old.filter(|_| rewrite.before.is_some()) {
                let owner = (Uid::from_raw(old.st_uid), Gid::from_raw(old.st_gid));
                let (user, group) = (Some(owner.0), Some(owner.1));
                // an agent without privileges owns what it writes
                let _ = rustix::fs::chownat(
                    &self.directory,
                    &name,
                    user,
                    group,
                    AtFlags::SYMLINK_NOFOLLOW,
                );
            }
            if after.kind == Kind::File {
                let mode = Mode::from_raw_mode(after.mode & PERMISSIONS);
                rustix::fs::chmodat(&self.directory, &name, mode, AtFlags::empty())?;
            }
            let stat = rustix::fs::statat(&self.directory, &name, AtFlags::SYMLINK_NOFOLLOW)?;
            Ok(stat.st_ino)
        });
        inode.map_err(|e| Refusal::from_io(&format!("cannot write {path}"), &e))
    }

    fn add_file(&self, name: &str, after: After, input: &mut impl Read) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.directory, name, flags, Mode::from_raw_mode(0o600))?;
        let mut content = input.take(after.size);
        let written = crate::files::copy(&mut content, &mut File::from(file))?;
        if written == after.size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn add_link(&self, name: &str, after: After, input: &mut impl Read) -> io::Result<()> {
        if after.size > MAX_PATH as u64 {
            return Err(Errno::NAMETOOLONG.into());
        }
        let mut target = Vec::new();
        input.take(after.size).read_to_end(&mut target)?;
        if target.len() as u64 != after.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(rustix::fs::symlinkat(&target[..], &self.directory, name)?)
    }

    /// Writes the steps down. From then on a boot takes back what was done of them.
    pub(super) fn write_journal(&self, actions: &[Action]) -> Result<(), Refusal> {
        let write = || -> io::Result<()> {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let mode = Mode::from_raw_mode(0o600);
            let file = rustix::fs::openat(&self.directory, NEW_JOURNAL, flags, mode)?;
            let mut out = BufWriter::with_capacity(CHUNK, File::from(file));
            for action in actions {
                serde_json::to_writer(&mut out, action)?;
                out.write_all(b"\n")?;
            }
            let file = out.into_inner()?;
            file.sync_all()?;
            rustix::fs::renameat(&self.directory, NEW_JOURNAL, &self.directory, JOURNAL)?;
            Ok(())
        };
        write().map_err(|e| Refusal::from_io("cannot write down the steps of the patch", &e))
    }

    /// The steps that were written down; none where no step was taken.
    pub(super) fn journal(&self) -> io::Result<Vec<Action>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.directory, JOURNAL, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let lines = BufReader::with_capacity(CHUNK, file.take(MAX_JOURNAL));
        let actions = serde_json::Deserializer::from_reader(lines).into_iter();
        actions.collect::<Result<_, _>>().map_err(io::Error::from)
    }

    /// From here on nothing is taken back.
    pub(super) fn complete(&self) -> Result<(), Refusal> {
        let forget = || -> Result<(), Errno> {
            rustix::fs::unlinkat(&self.directory, JOURNAL, AtFlags::empty())?;
            rustix::fs::fsync(&self.directory)
        };
        forget().map_err(|e| Refusal::from_io("cannot complete the patch", &e.into()))
    }

    /// Leaves it as it is.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }

    fn clear(&self) -> io::Result<()> {
        // first, so that it never speaks of files that are gone
        match rustix::fs::unlinkat(&self.directory, JOURNAL, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        for entry in Dir::read_from(&self.directory)? {
            let entry = entry?;
            if matches!(entry.file_name().to_bytes(), b"." | b"..") {
                continue;
            }
            match rustix::fs::unlinkat(&self.directory, entry.file_name(), AtFlags::empty()) {
                Err(Errno::ISDIR) => remove_directories(&self.directory, entry.file_name())?,
                removed => removed?,
            }
        }
        Ok(rustix::fs::unlinkat(&self.own, NAME, AtFlags::REMOVEDIR)?)
    }
}

/// Nothing of it is needed: the patch is complete or taken back.
impl Drop for Stage {
    fn drop(&mut self) {
        if !self.kept {
            // what stays is cleared away before the next patch
            let _ = self.clear();
        }
    }
}

/// Removes a directory that holds nothing but directories.
fn remove_directories(parent: &OwnedFd, name: impl rustix::path::Arg + Copy) -> io::Result<()> {
    let directory = rustix::fs::openat(parent, name, READ_DIRECTORY, Mode::empty())?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            remove_directories(&directory, entry.file_name())?;
        }
    }
    Ok(rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR)?)
}

/// The last name of a path.
pub(super) fn file_name(path: &GuestPath) -> &OsStr {
    let name = path.as_bytes().rsplit(|byte| *byte == b'/').next();
    OsStr::from_bytes(name.unwrap_or_default())
}
