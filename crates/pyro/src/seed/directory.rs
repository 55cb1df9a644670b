//! A directory into the archive, depth first and in the order of names. Whoever starts it may leave
//! names out and put the whole below a path.

use super::SeedError;
use super::entry::{Added, add, at, same};
use super::packer::{Facts, Packer};
use super::trail::Trail;
use crate::error::AtPath;
use crate::hostfs::{Directory, Name, Names};
use rustix::fs::{FileType, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;

/// What is done with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pick {
    /// It goes along.
    Take,
    /// It stays out, unmentioned.
    Leave,
    /// It stays out, and is reported by name.
    Withhold,
    /// It must not be there.
    Refuse(&'static str),
}

/// Decides by path (from the top of the walk) and by type.
pub(super) type Choice<'a> = &'a dyn Fn(&[u8], FileType) -> Pick;

/// Packs everything below `top` that `choice` takes, with `prefix` (empty, or ending in a slash)
/// before every path. `top` itself gets no entry.
pub(super) fn pack(
    packer: &mut Packer,
    top: &Directory,
    prefix: &[u8],
    choice: Choice<'_>,
) -> Result<(), SeedError> {
    let trail = top.duplicate().and_then(Trail::new).at("open", at(prefix))?;
    let mut walk = Walk { packer, trail, prefix, choice, levels: Vec::new() };
    let status = walk.trail.here().status().at("look at", at(prefix))?;
    walk.begin(status)?;
    while walk.step()? {}
    Ok(())
}

struct Walk<'a> {
    packer: &'a mut Packer,
    trail: Trail,
    prefix: &'a [u8],
    choice: Choice<'a>,
    levels: Vec<Level>,
}

/// A directory whose names are being packed.
struct Level {
    names: Names,
    /// Its status before its names were read.
    status: Stat,
}

impl Walk<'_> {
    /// Packs the next name, or leaves a directory that has no more; false at the end.
    fn step(&mut self) -> Result<bool, SeedError> {
        let Some(level) = self.levels.last_mut() else { return Ok(false) };
        let Some(Name { name, kind }) = level.names.next_name() else {
            self.end()?;
            return Ok(true);
        };
        let inner = self.trail.path_of(name);
        let path = [self.prefix, &inner].concat();
        match (self.choice)(&inner, kind) {
            Pick::Take => {}
            Pick::Leave => return Ok(true),
            Pick::Withhold => {
                self.packer.seeded.withheld.add(&path);
                return Ok(true);
            }
            Pick::Refuse(why) => return Err(SeedError::entry(&path, why)),
        }
        let added = match kind {
            FileType::Directory => Added::Directory,
            kind => add(self.packer, self.trail.here(), name, kind, &path)?,
        };
        match added {
            Added::Packed => {}
            Added::Gone => self.packer.seeded.changed_during_read.add(&path),
            Added::Directory => {
                let name = name.to_owned();
                self.enter(&name, &path)?;
            }
        }
        Ok(true)
    }

    fn enter(&mut self, name: &OsStr, path: &[u8]) -> Result<(), SeedError> {
        match self.trail.enter(name) {
            Ok(()) => {}
            // swapped or deleted since its parent was read
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {
                self.packer.seeded.changed_during_read.add(path);
                return Ok(());
            }
            Err(error) => return Err(error).at("open", at(path)).map_err(Into::into),
        }
        let status = self.trail.here().status().at("look at", at(path))?;
        self.packer.directory(path, Facts::from(&status))?;
        self.begin(status)
    }

    fn begin(&mut self, status: Stat) -> Result<(), SeedError> {
        let path = [self.prefix, self.trail.path()].concat();
        let names =
            self.trail.here().names(self.packer.tally.entries_left()).at("list", at(&path))?;
        let names = names.ok_or_else(|| self.packer.tally.crowded(&path))?;
        self.levels.push(Level { names, status });
        Ok(())
    }

    /// Leaves the current directory, and those above that cannot be found again.
    fn end(&mut self) -> Result<(), SeedError> {
        if let Some(level) = self.levels.pop() {
            let path = [self.prefix, self.trail.path()].concat();
            let after = self.trail.here().status().at("look at", at(&path))?;
            if !same(&level.status, &after) {
                self.packer.seeded.changed_during_read.add(&path);
            }
        }
        while self.trail.leave().is_err() {
            self.levels.pop();
            let path = [self.prefix, self.trail.path()].concat();
            self.packer.seeded.changed_during_read.add(&path);
        }
        Ok(())
    }
}
