//! Something that is made beside its place: under a name of its own until it is complete.

use rustix::fs::AtFlags;
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};

/// A new file or link. When dropped, its first name is deleted: it has the one that it is for by then,
/// or is of no use. (A rename leaves two names of the same file as they are, `rename(2)`.)
#[derive(Debug)]
pub(super) struct Aside<'a> {
    parent: BorrowedFd<'a>,
    name: String,
}

impl<'a> Aside<'a> {
    /// Lets `create` create it in `parent` under a name that nothing has there.
    pub(super) fn create<T>(
        parent: BorrowedFd<'a>,
        create: impl Fn(&OsStr) -> Result<T, Errno>,
    ) -> Result<(T, Self), Errno> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!(".pyro-{}-{number}.tmp", std::process::id());
            match create(name.as_ref()) {
                Ok(created) => return Ok((created, Self { parent, name })),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What it is called until then.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Gives it the name that it is for, and with it the place of what had that.
    pub(super) fn put(self, name: &OsStr) -> Result<(), Errno> {
        rustix::fs::renameat(self.parent, &self.name, self.parent, name)
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        // mostly there is none; what stays is only litter
        let _ = rustix::fs::unlinkat(self.parent, &self.name, AtFlags::empty());
    }
}
