//! Compares the workspace with the manifest: both are read once, side by side, in the same order.

use super::NAME;
use super::fingerprint::Fingerprint;
use super::read::{Reader, Record};
use crate::disk::Disk;
use crate::files::describe::facts;
use crate::files::line;
use crate::files::walk::{Found, Walk};
use pyro_proto::tree::{Change, ChangesDone, Facts};
use pyro_proto::{GuestPath, Refusal, RefusalCode};
use rustix::fs::{FileType, Mode, OFlags};
use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, Write};

/// Writes what differs as JSON lines, not more than `limit`. Without a `checksum` there is no manifest,
/// and everything is new.
///
/// # Errors
/// There is no manifest, or it is not the one with `checksum`; then what was written means nothing.
pub(crate) fn compare(
    disk: &Disk,
    checksum: Option<&str>,
    limit: u64,
    out: &mut impl Write,
) -> Result<ChangesDone, Refusal> {
    let open = |_| open(disk).and_then(Reader::new).map_err(|e| failed(&e));
    let manifest = checksum.map(open).transpose()?;
    let workspace = disk.workspace().map_err(|e| Refusal::from_io("cannot open /workspace", &e))?;
    let done = ChangesDone { changes: 0, truncated: false, git_metadata_changed: false };
    let mut comparison = Comparison {
        live: Walk::within(workspace, b"")?,
        manifest,
        told: Told { out, limit, done },
    };
    comparison.run()?;
    let read = comparison.manifest.map(|manifest| format!("{:08x}", manifest.checksum()));
    if read.as_deref() != checksum {
        return Err(Refusal::new(
            RefusalCode::Failed,
            "the manifest is not the one that was taken",
        ));
    }
    Ok(comparison.told.done)
}

fn open(disk: &Disk) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(disk.own_directory()?, NAME, flags, Mode::empty())?;
    match FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) {
        FileType::RegularFile => Ok(file.into()),
        _ => Err(io::Error::other("it is not a regular file")),
    }
}

struct Comparison<'a, W: Write> {
    live: Walk,
    manifest: Option<Reader>,
    told: Told<'a, W>,
}

impl<W: Write> Comparison<'_, W> {
    fn run(&mut self) -> Result<(), Refusal> {
        self.live.advance()?;
        self.recall()?;
        while let Some(order) = self.tell()? {
            if order != Ordering::Greater {
                self.live.advance()?;
            }
            if order != Ordering::Less {
                self.recall()?;
            }
        }
        Ok(())
    }

    fn recall(&mut self) -> Result<bool, Refusal> {
        self.manifest.as_mut().map_or(Ok(false), Reader::advance).map_err(|e| failed(&e))
    }

    /// Tells what there is to tell of the entry that comes first, or of both where they are the
    /// same; returns which that was. None at the end.
    fn tell(&mut self) -> Result<Option<Ordering>, Refusal> {
        let record = self.manifest.as_ref().and_then(Reader::record);
        let live = self.live.found();
        let Some(order) = order(live.as_ref(), record.as_ref()) else { return Ok(None) };
        let live = live.filter(|_| order != Ordering::Greater);
        let record = record.filter(|_| order != Ordering::Less);
        let now = live.as_ref().map(Fingerprint::of).transpose()?;
        if now.as_ref() != record.map(|record| record.fingerprint) {
            self.told.change(live, now.as_ref(), record)?;
        }
        if now.is_some_and(|now| now.kind.is_none()) {
            self.live.stay_out();
        }
        Ok(Some(order))
    }
}

/// Which of the two comes first in a walk of both trees; none where both have ended. What lies deeper
/// belongs to a directory that only one of them has gone into, and that the other is past.
fn order(live: Option<&Found<'_>>, record: Option<&Record<'_>>) -> Option<Ordering> {
    Some(match (live, record) {
        (None, None) => return None,
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(live), Some(record)) => {
            let deeper_first = record.depth.cmp(&live.depth);
            deeper_first.then_with(|| live.name.to_bytes().cmp(record.name))
        }
    })
}

/// What the host is told.
struct Told<'a, W: Write> {
    out: &'a mut W,
    limit: u64,
    done: ChangesDone,
}

impl<W: Write> Told<'_, W> {
    /// A `.git` on one side is no entry of the tree: it only says that metadata changed.
    fn change(
        &mut self,
        live: Option<Found<'_>>,
        now: Option<&Fingerprint>,
        record: Option<Record<'_>>,
    ) -> Result<(), Refusal> {
        let is_git = |known: Option<&Fingerprint>| known.is_some_and(|known| known.kind.is_none());
        if is_git(now) || is_git(record.map(|record| record.fingerprint)) {
            self.done.git_metadata_changed = true;
            return Ok(());
        }
        self.done.changes += 1;
        if self.done.changes > self.limit {
            self.done.truncated = true;
            return Ok(());
        }
        let path = live.map(|live| live.path).or(record.map(|record| record.path));
        let after = live.map(|live| facts(live.directory, live.name, live.stat));
        let before: Option<Facts> = record.and_then(|record| record.facts());
        let path = GuestPath::new(path.unwrap_or_default());
        line(self.out, &Change { path, before, after })
    }
}

fn failed(error: &io::Error) -> Refusal {
    Refusal::from_io("cannot read the manifest", error)
}
