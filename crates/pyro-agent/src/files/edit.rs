//! Replaces a text in a file: reads all of it, and writes all of it anew in one step.

use super::{Root, invalid};
use memchr::memmem::Finder;
use pyro_proto::tree::{EditOutcome, MAX_EDITED};
use pyro_proto::{GuestPath, Refusal};
use std::io::Read;

/// Replaces `old` by `new` in the file at `path`, which keeps its mode and owner. Unless `all` are
/// meant, `old` must occur exactly once, and occurrences that overlap are two. Two edits of the same file
/// must not run at the same time: the caller sees to that.
///
/// # Errors
/// The refusal names the path. A file that is too large, before or after, is refused.
pub(crate) fn edit(
    root: &Root,
    path: &GuestPath,
    old: &str,
    new: &str,
    all: bool,
) -> Result<EditOutcome, Refusal> {
    if old.is_empty() {
        return Err(invalid("there is no empty text to look for"));
    }
    let content = read(root, path)?;
    let finder = Finder::new(old);
    let count = finder.find_iter(&content).count();
    match count {
        0 => Ok(EditOutcome::Missing {}),
        _ if !all && is_ambiguous(&content, &finder) => {
            Ok(EditOutcome::Ambiguous { count: count.max(2) as u64 })
        }
        _ => {
            let edited = replaced(&content, &finder, new.as_bytes(), count)
                .ok_or_else(|| too_large(path, "would be"))?;
            let bytes = root.replace(path, 0o644, &mut &edited[..])?;
            Ok(EditOutcome::Edited { replacements: count as u64, bytes })
        }
    }
}

fn read(root: &Root, path: &GuestPath) -> Result<Vec<u8>, Refusal> {
    let file = root.regular_file(path)?;
    let mut content = Vec::new();
    let read = file.take(MAX_EDITED + 1).read_to_end(&mut content);
    read.map_err(|e| Refusal::from_io(&format!("cannot read {path}"), &e))?;
    if is_too_large(content.len()) {
        return Err(too_large(path, "is"));
    }
    Ok(content)
}

/// Whether there is a second occurrence, perhaps one that shares bytes with the first.
fn is_ambiguous(content: &[u8], finder: &Finder<'_>) -> bool {
    let Some(first) = finder.find(content) else { return false };
    content.get(first + 1..).is_some_and(|rest| finder.find(rest).is_some())
}

/// The content after the edit; none if that is too large.
fn replaced(content: &[u8], finder: &Finder<'_>, new: &[u8], count: usize) -> Option<Vec<u8>> {
    let old = finder.needle().len();
    let kept = content.len().checked_sub(old.checked_mul(count)?)?;
    let size = new.len().checked_mul(count)?.checked_add(kept)?;
    if is_too_large(size) {
        return None;
    }
    let mut edited = Vec::with_capacity(size);
    let mut rest = 0;
    for at in finder.find_iter(content) {
        edited.extend_from_slice(content.get(rest..at)?);
        edited.extend_from_slice(new);
        rest = at + old;
    }
    edited.extend_from_slice(content.get(rest..)?);
    Some(edited)
}

fn is_too_large(size: usize) -> bool {
    size as u64 > MAX_EDITED
}

fn too_large(path: &GuestPath, is: &str) -> Refusal {
    invalid(format!("{path} {is} larger than {MAX_EDITED} bytes, the most that is edited"))
}
