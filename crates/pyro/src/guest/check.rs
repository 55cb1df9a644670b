//! What a guest may say about files. What breaks one of these rules is no mistake of a program in the
//! guest, but an agent that is not ours any more.

use pyro_proto::GuestPath;
use pyro_proto::tree::{Change, Entry, Facts, Kind, MAX_PATH};

/// Set-user-id, set-group-id, sticky and the nine permission bits.
const PERMISSIONS: u32 = 0o7777;

/// An entry of a list has an absolute path.
pub(crate) fn entry(entry: &Entry) -> Result<(), &'static str> {
    let Entry { path, kind, size, mode, link_target, .. } = entry;
    if !path.is_absolute() || !is_sound(path) {
        return Err("a path that is none");
    }
    facts(*kind, *size, *mode, link_target.as_ref())
}

/// A change has a relative path, which leads into no `.git`, and at least one side.
pub(super) fn change(change: &Change) -> Result<(), &'static str> {
    let Change { path, before, after } = change;
    if path.is_absolute() || !is_sound(path) {
        return Err("a path that is none");
    }
    if path.as_bytes().split(|byte| *byte == b'/').any(|name| name == b".git") {
        return Err("a path in a .git");
    }
    if before.is_none() && after.is_none() {
        return Err("a change of nothing");
    }
    for Facts { kind, size, mode, link_target } in [before, after].into_iter().flatten() {
        facts(*kind, *size, *mode, link_target.as_ref())?;
    }
    Ok(())
}

/// Each path comes after the one before.
pub(crate) fn order(path: &GuestPath, last: Option<&GuestPath>) -> Result<(), &'static str> {
    match last {
        Some(last) if last.tree_order(path).is_ge() => Err("a list that is out of order"),
        _ => Ok(()),
    }
}

fn is_sound(path: &GuestPath) -> bool {
    path.is_plain() && path.as_bytes().len() <= MAX_PATH
}

fn facts(
    kind: Kind,
    size: u64,
    mode: u32,
    link_target: Option<&GuestPath>,
) -> Result<(), &'static str> {
    if i64::try_from(size).is_err() || mode & !PERMISSIONS != 0 {
        return Err("a size or a mode that cannot be");
    }
    let Some(target) = link_target else { return Ok(()) };
    let bytes = target.as_bytes();
    if kind != Kind::Symlink || bytes.is_empty() || bytes.len() > MAX_PATH || bytes.contains(&0) {
        return Err("a link that cannot be");
    }
    Ok(())
}
