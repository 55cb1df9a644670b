//! Patches as people and models write them, taken apart: unified diffs with git's headers or without any, and
//! the `*** Begin Patch` form. Whoever wrote them is not trusted: everything is bounded, nothing is
//! resolved, and no program of the host sees any of it.

mod base85;
mod binary;
mod envelope;
mod error;
mod git;
mod hunk;
mod lines;
mod model;
mod name;

pub use error::{PatchSyntax, Syntax};
pub(super) use model::{Delta, Edit, Hunk, Line, NewMode, Section, Sign, Verb};

use lines::Lines;

/// The most bytes of a patch.
pub const MAX_PATCH: usize = 64 << 20;
/// The most bytes of a file that a patch changes, before and after.
pub const MAX_FILE: usize = 16 << 20;
/// The most files of a patch.
const MAX_SECTIONS: usize = 50_000;

/// The changes in the order in which the patch has them; never none.
pub(super) fn parse(patch: &[u8]) -> Result<Vec<Section<'_>>, PatchSyntax> {
    let mut lines = Lines::new(patch);
    if patch.len() > MAX_PATCH {
        return Err(lines.error(Syntax::TooLarge { limit: MAX_PATCH }));
    }
    let mut sections = Vec::new();
    let mut hunk_lines = model::Allowance::default();
    while let Some(line) = lines.peek() {
        if envelope::begins(line) {
            envelope::read(&mut lines, &mut sections, &mut hunk_lines)?;
        } else if let Some(section) = git::read(&mut lines, &mut hunk_lines)? {
            sections.push(section);
        }
        if sections.len() > MAX_SECTIONS {
            return Err(lines.error(Syntax::TooManyFiles { limit: MAX_SECTIONS }));
        }
    }
    if sections.is_empty() {
        return Err(lines.error(Syntax::NoPatch));
    }
    Ok(sections)
}

#[cfg(test)]
mod tests;
