//! What an export of a disk is made of: entries, and of files where their content lies, so that it need not
//! pass through the process that reads. Whoever plans may have been taken over by the disk; what it says
//! must lie within the path that was asked for, in order, and on the disk.

use super::ConfinedError;
use super::words::MAX_FRAME;
use crate::disk::Run;
use crate::guest::check;
use pyro_proto::GuestPath;
use pyro_proto::tree::{Entry, Kind};

/// Bytes of a run in a frame: three numbers, little-endian.
const RUN: usize = 24;
/// So many runs fit into a frame.
pub(super) const RUNS_IN_FRAME: usize = MAX_FRAME / RUN;
/// Runs begin at multiples of so many bytes, of a block, in the file and on the disk.
const BLOCK: u64 = 4096;

/// A step of a plan.
#[derive(Debug)]
pub enum Planned<'p> {
    /// Something to be made.
    Entry {
        /// Below the directory that was asked for; empty where that is this.
        path: &'p [u8],
        /// What it is.
        entry: &'p Entry,
    },
    /// A part of the content of the file that was told last.
    Run(Run),
}

/// The steps of a plan so far, of which only the last is kept.
#[derive(Debug)]
pub(super) struct Steps {
    top: GuestPath,
    disk_bytes: u64,
    last: Option<Entry>,
    /// Where the next run of the last file may begin.
    next_at: u64,
}

impl Steps {
    /// Of the path `below` the workspace, on a disk of so many bytes.
    pub(super) fn of(below: &GuestPath, disk_bytes: u64) -> Self {
        let slash: &[u8] = if below.as_bytes().is_empty() { b"" } else { b"/" };
        let top = GuestPath::new([b"/workspace", slash, below.as_bytes()].concat());
        Self { top, disk_bytes, last: None, next_at: 0 }
    }

    /// Takes an entry.
    pub(super) fn entry(&mut self, entry: Entry) -> Result<Planned<'_>, ConfinedError> {
        check::entry(&entry)
            .and_then(|()| check::order(&entry.path, self.last.as_ref().map(|last| &last.path)))
            .map_err(ConfinedError::Nonsense)?;
        self.next_at = 0;
        let entry = &*self.last.insert(entry);
        match entry.path.as_bytes().strip_prefix(self.top.as_bytes()) {
            Some([]) => Ok(Planned::Entry { path: b"", entry }),
            Some([b'/', path @ ..]) => Ok(Planned::Entry { path, entry }),
            _ => Err(ConfinedError::Nonsense("a path beside the one that was asked for")),
        }
    }

    /// Takes a run.
    pub(super) fn run(&mut self, run: Run) -> Result<Planned<'_>, ConfinedError> {
        let file = self.last.as_ref().filter(|last| last.kind == Kind::File);
        let Run { at, from, length } = run;
        let ends = at.checked_add(length).zip(from.checked_add(length));
        let is_sound = at >= self.next_at
            && length > 0
            && at.is_multiple_of(BLOCK)
            && from.is_multiple_of(BLOCK)
            && ends.zip(file).is_some_and(|((end, end_on_disk), file)| {
                end <= file.size && end_on_disk <= self.disk_bytes
            });
        if !is_sound {
            return Err(ConfinedError::Nonsense("content where none can be"));
        }
        self.next_at = at + length;
        Ok(Planned::Run(run))
    }
}

/// Runs as the bytes of a frame.
pub(super) fn write_runs(runs: &[Run]) -> Vec<u8> {
    let numbers = runs.iter().flat_map(|run| [run.at, run.from, run.length]);
    numbers.flat_map(u64::to_le_bytes).collect()
}

/// The runs of a frame.
pub(super) fn read_runs(bytes: &[u8]) -> Result<impl Iterator<Item = Run>, ConfinedError> {
    let (runs, []) = bytes.as_chunks::<RUN>() else {
        return Err(ConfinedError::Nonsense("a frame of runs that is cut off"));
    };
    Ok(runs.iter().map(|run| {
        let mut numbers = run.as_chunks().0.iter().map(|number| u64::from_le_bytes(*number));
        let mut next = || numbers.next().unwrap_or_default();
        Run { at: next(), from: next(), length: next() }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISK: u64 = 1 << 20;

    fn entry(path: &str, kind: Kind, size: u64) -> Entry {
        Entry { path: path.into(), kind, size, mode: 0o644, mtime_ns: 0, link_target: None }
    }

    fn run(at: u64, from: u64, length: u64) -> Run {
        Run { at, from, length }
    }

    #[test]
    fn runs_pass_a_frame_and_a_part_of_one_is_none() {
        let runs = [run(0, 8192, 4096), run(u64::MAX, 1, 0)];
        let bytes = write_runs(&runs);
        assert_eq!(read_runs(&bytes).unwrap().collect::<Vec<_>>(), runs);
        assert!(read_runs(&bytes[1..]).is_err());
    }

    #[test]
    fn paths_are_told_from_the_top_on_and_no_other_is() {
        let mut steps = Steps::of(&"a".into(), DISK);
        for (whole, expected) in [("/workspace/a/b", "b"), ("/workspace/a/b/c", "b/c")] {
            match steps.entry(entry(whole, Kind::Directory, 0)).unwrap() {
                Planned::Entry { path, .. } => assert_eq!(path, expected.as_bytes()),
                Planned::Run(run) => panic!("{run:?}"),
            }
        }
        for path in ["/workspace/a/b", "/workspace/ab", "/workspace/b", "/etc", "b", "/workspace"] {
            let mut steps = Steps::of(&"a".into(), DISK);
            steps.entry(entry("/workspace/a/b", Kind::File, 0)).unwrap();
            assert!(steps.entry(entry(path, Kind::File, 0)).is_err(), "{path}");
        }
    }

    #[test]
    fn content_lies_within_the_file_and_on_the_disk_in_order() {
        let with = |kind, runs: &[Run]| {
            let mut steps = Steps::of(&"f".into(), DISK);
            steps.entry(entry("/workspace/f", kind, 10_000)).unwrap();
            runs.iter().all(|run| steps.run(*run).is_ok())
        };
        assert!(with(Kind::File, &[run(0, 4096, 4096), run(8192, 0, 1808)]));
        assert!(with(Kind::File, &[run(0, DISK - 4096, 4096)]));
        for lie in [
            &[run(0, DISK - 4096, 4097)][..],
            &[run(0, u64::MAX - 4095, 4096)],
            &[run(u64::MAX - 4095, 0, 4096)],
            &[run(8192, 0, 1809)],
            &[run(0, 0, 0)],
            &[run(1, 0, 1)],
            &[run(0, 1, 1)],
            &[run(4096, 0, 4096), run(0, 0, 4096)],
            &[run(0, 0, 4097), run(4096, 0, 1)],
        ] {
            assert!(!with(Kind::File, lie), "{lie:?}");
        }
        assert!(!with(Kind::Directory, &[run(0, 0, 1)]));
        assert!(Steps::of(&"".into(), DISK).run(run(0, 0, 1)).is_err());
    }
}
