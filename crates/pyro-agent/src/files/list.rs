//! Tells what is in a directory, or what a single thing is.

use super::describe::{entry, kind};
use super::walk::Walk;
use super::{READ_DIRECTORY, Root, plain, refusal};
use pyro_proto::tree::{Entry, Kind, ListDone};
use pyro_proto::{GuestPath, Refusal};
use rustix::fs::Mode;
use serde::Serialize;
use std::io::{self, Write};

/// What is at `path`; a symbolic link is told, not followed.
///
/// # Errors
/// The refusal names the path.
pub(crate) fn stat(root: &Root, path: &GuestPath) -> Result<Entry, Refusal> {
    let path = plain(path)?;
    let (opened, stat) = root.look_at(&path)?;
    Ok(entry(path, opened, c"", &stat))
}

/// Writes what is in the directory at `path` as JSON lines, and what is in its directories if
/// `recursive`; what is no directory is told itself. Not more than `limit` entries.
///
/// # Errors
/// The refusal names the path.
pub(crate) fn list(
    root: &Root,
    path: &GuestPath,
    recursive: bool,
    limit: u64,
    out: &mut impl Write,
) -> Result<ListDone, Refusal> {
    let path = plain(path)?;
    let (opened, stat) = root.look_at(&path)?;
    if kind(&stat) != Kind::Directory {
        line(out, &entry(path, opened, c"", &stat))?;
        return Ok(ListDone { entries: 1, truncated: false });
    }
    let directory = rustix::fs::openat(&opened, ".", READ_DIRECTORY, Mode::empty())
        .map_err(|e| refusal("open", &path, e))?;
    let mut walk = Walk::within(directory, &prefix(&path))?;
    let mut done = ListDone { entries: 0, truncated: false };
    while walk.advance()? {
        if !recursive {
            walk.stay_out();
        }
        let Some(found) = walk.found() else { continue };
        if done.entries == limit {
            done.truncated = true;
            break;
        }
        let path = GuestPath::new(found.path);
        line(out, &entry(path, found.directory, found.name, found.stat))?;
        done.entries += 1;
    }
    Ok(done)
}

/// Writes one JSON line.
///
/// # Errors
/// Nobody takes it any more.
pub(crate) fn line(out: &mut impl Write, value: &impl Serialize) -> Result<(), Refusal> {
    let written = serde_json::to_writer(&mut *out, value).map_err(io::Error::from);
    written.and_then(|()| out.write_all(b"\n")).map_err(|e| Refusal::from_io("cannot send", &e))
}

fn prefix(path: &GuestPath) -> Vec<u8> {
    let mut prefix = path.as_bytes().to_vec();
    if prefix != b"/" {
        prefix.push(b'/');
    }
    prefix
}
