//! Changes many files of `/workspace` at once: all of them, or none.
//!
//! Everything new is written beside the workspace first, into a directory of the agent's own on the same
//! disk ([`stage`]). Then each file is moved into its place in one step that takes out what was there
//! ([`action`]), and only what was taken out is compared with what had to be there: no program of the
//! guest can slip a change in between. Where one differs, all steps are taken back. They are written down
//! before the first of them, so that the next boot takes them back too ([`recover`]).

mod action;
mod order;
mod recover;
mod stage;

#[cfg(test)]
mod tests;

pub(crate) use recover::recover;

use crate::disk::{Disk, unsynced};
use crate::files::invalid;
use action::Failure;
use order::Staged;
use pyro_proto::tree::{ApplyOutcome, MAX_LINE, MAX_PATH, Rewrite};
use pyro_proto::{GuestPath, Refusal};
use stage::Stage;
use std::io::{BufRead, BufReader, Read};

/// How much of what the host sends is read at once.
const CHUNK: usize = 64 << 10;

/// Makes the changes that `input` describes. Two at the same time would meet in the stage: the caller sees
/// to that.
///
/// # Errors
/// The refusal names the path; nothing is changed then.
pub(crate) fn apply(disk: &Disk, input: &mut impl Read) -> Result<ApplyOutcome, Refusal> {
    recover(disk).map_err(|e| Refusal::from_io("cannot take back an unfinished patch", &e))?;
    let mut stage = Stage::create(disk)?;
    let staged = read(&mut stage, input)?;
    let actions = order::order(&stage, &staged)?;
    stage.write_journal(&actions)?;
    disk.sync().map_err(|e| unsynced(&e))?;
    match action::perform(&stage, &actions).and_then(|()| Ok(disk.sync()?)) {
        Ok(()) => {
            stage.complete()?;
            order::remove_emptied(&stage, &staged);
            Ok(ApplyOutcome::Applied {})
        }
        Err(failure) => {
            action::undo(&stage, &actions);
            disk.sync().map_err(|e| unsynced(&e))?;
            match failure {
                Failure::Differs(path) => Ok(ApplyOutcome::Differs { path }),
                Failure::Refused(refusal) => Err(refusal),
            }
        }
    }
}

/// Stages every change, up to the end that the host says.
fn read(stage: &mut Stage, input: &mut impl Read) -> Result<Vec<Staged>, Refusal> {
    let mut input = BufReader::with_capacity(CHUNK, input);
    let mut staged: Vec<Staged> = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let max = MAX_LINE as u64 + 1;
        let read = Read::by_ref(&mut input).take(max).read_until(b'\n', &mut line);
        read.map_err(|e| Refusal::from_io("cannot read the changes", &e))?;
        if line.is_empty() {
            return Ok(staged);
        }
        let rewrite: Rewrite = serde_json::from_slice(&line)
            .map_err(|e| invalid(format!("a change that cannot be read: {e}")))?;
        check(&rewrite)?;
        let contents = match &rewrite.after {
            Some(after) => Some(stage.add(staged.len(), &rewrite, *after, &mut input)?),
            None => None,
        };
        staged.push(Staged { number: staged.len(), rewrite, inode: contents });
    }
}

/// What no change may be, whoever sends it.
fn check(rewrite: &Rewrite) -> Result<(), Refusal> {
    let Rewrite { path, before, after } = rewrite;
    let plain = path.is_plain() && !path.is_absolute() && path.as_bytes().len() <= MAX_PATH;
    if !plain || path.as_bytes().split(|byte| *byte == b'/').any(|name| name == b".git") {
        return Err(invalid(format!("{path} is no path that a patch may change")));
    }
    if before.is_none() && after.is_none() {
        return Err(invalid(format!("a change of nothing at {path}")));
    }
    Ok(())
}

/// The path that holds this one; none for what lies in the workspace itself.
fn parent(path: &GuestPath) -> Option<GuestPath> {
    let at = path.as_bytes().iter().rposition(|byte| *byte == b'/')?;
    Some(GuestPath::new(path.as_bytes().get(..at).unwrap_or_default()))
}
