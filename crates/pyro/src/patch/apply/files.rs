//! The changes of a patch one after the other, each against the files as they were.

use super::super::name::readable;
use super::super::parse::{Edit, Hunk, NewMode, Section, Sign, Verb};
use super::super::side::Mode;
use super::mismatch::Mismatch;
use super::place::MOST_COMPARISONS;
use super::{Applied, FileChange, Found, Leaf, Problem, Rejected, Why, delta, edit};
use std::collections::{BTreeMap, BTreeSet};

/// What the sections make of the tree.
pub(super) fn apply(
    sections: &[Section<'_>],
    mut tree: BTreeMap<Vec<u8>, Found>,
) -> Result<Applied, Rejected> {
    let removed = sections.iter().filter(|s| matches!(s.verb, Verb::Delete | Verb::Rename));
    let mut files = Files {
        removed: removed.map(|section| &section.old[..]).collect(),
        tree: &tree,
        made: BTreeMap::new(),
        offsets: Vec::new(),
        comparisons: MOST_COMPARISONS,
    };
    let mut problems = Vec::new();
    for section in sections {
        if let Err((path, why)) = files.section(section) {
            let is_done = files.is_done(section);
            problems.push(Problem { path: readable(path), why, is_done });
        }
    }
    problems.extend(files.nested());
    let Files { made, offsets, .. } = files;
    if !problems.is_empty() {
        return Err(Rejected { problems, changes: sections.len() });
    }
    let files = made.into_iter().map(|(path, after)| {
        let before = match tree.remove(&path) {
            Some(Found::Leaf(leaf)) => Some(leaf),
            _ => None,
        };
        FileChange { path, before, after }
    });
    Ok(Applied { files: files.collect(), offsets })
}

struct Files<'t> {
    /// Paths that the patch deletes or moves away.
    removed: BTreeSet<&'t [u8]>,
    tree: &'t BTreeMap<Vec<u8>, Found>,
    /// What the patch has made of paths so far.
    made: BTreeMap<Vec<u8>, Option<Leaf>>,
    offsets: Vec<String>,
    comparisons: u64,
}

fn leaf(found: Option<&Found>) -> Option<&Leaf> {
    match found {
        Some(Found::Leaf(leaf)) => Some(leaf),
        _ => None,
    }
}

impl Files<'_> {
    /// Makes one change; the error names the path that stands against it.
    fn section<'s>(&mut self, section: &'s Section<'_>) -> Result<(), (&'s [u8], Why)> {
        let Section { verb, old, new, .. } = section;
        let base = match verb {
            Verb::Create => None,
            _ => Some(self.source(section).map_err(|why| (&old[..], why))?),
        };
        let after = self.after(section, base.as_ref()).map_err(|why| (&old[..], why))?;
        match verb {
            Verb::Delete => drop(self.made.insert(old.clone(), None)),
            Verb::Modify => drop(self.made.insert(old.clone(), after)),
            Verb::Create | Verb::Rename | Verb::Copy => {
                self.admit(new).map_err(|why| (&new[..], why))?;
                self.made.insert(new.clone(), after);
                if *verb == Verb::Rename {
                    // something else may have moved in by now
                    self.made.entry(old.clone()).or_insert(None);
                }
            }
        }
        Ok(())
    }

    /// What a change begins with. What is moved or copied is what was there before the patch.
    fn source(&self, section: &Section<'_>) -> Result<Leaf, Why> {
        let moved = matches!(section.verb, Verb::Rename | Verb::Copy);
        match self.made.get(&section.old) {
            Some(made) if !moved => return made.clone().ok_or(Why::Missing),
            _ => {}
        }
        match self.tree.get(&section.old) {
            Some(Found::Leaf(leaf)) => Ok(leaf.clone()),
            Some(Found::Directory) => Err(Why::Directory),
            Some(Found::Other) => Err(Why::Other),
            Some(Found::TooLarge) => Err(Why::TooLarge),
            Some(Found::Behind { obstacle, is_link }) => Err(behind(obstacle, *is_link)),
            Some(Found::Nothing) | None => {
                // what the patch itself has made may be moved on
                self.made.get(&section.old).cloned().flatten().ok_or(Why::Missing)
            }
        }
    }

    /// Whether something new may be made at a path.
    fn admit(&self, path: &[u8]) -> Result<(), Why> {
        if let Some(Some(_)) = self.made.get(path) {
            return Err(Why::Exists);
        }
        match self.tree.get(path) {
            Some(Found::Leaf(_) | Found::TooLarge | Found::Other)
                if !self.removed.contains(path) =>
            {
                Err(Why::Exists)
            }
            Some(Found::Other) => Err(Why::Other),
            Some(Found::TooLarge) => Err(Why::TooLarge),
            // the agent sees whether anything else is in it
            Some(Found::Directory) if !self.removed.iter().any(|other| is_below(other, path)) => {
                Err(Why::Directory)
            }
            Some(Found::Behind { obstacle, is_link }) if !self.removed.contains(&obstacle[..]) => {
                Err(behind(obstacle, *is_link))
            }
            _ => Ok(()),
        }
    }

    /// What is there after a change; none for a deletion.
    fn after(&mut self, section: &Section<'_>, base: Option<&Leaf>) -> Result<Option<Leaf>, Why> {
        let empty = Leaf { mode: Mode::Regular { executable: false }, content: Vec::new() };
        let base = base.unwrap_or(&empty);
        let content = match &section.edit {
            Edit::None if section.verb == Verb::Delete && !base.content.is_empty() => {
                return Err(Why::Content);
            }
            Edit::None | Edit::All => base.content.clone(),
            Edit::Hunks(hunks) => self.edited(section, &base.content, hunks)?,
            Edit::Binary { delta, old_id, new_id } => {
                delta::apply(&base.content, delta, old_id, new_id)?
            }
        };
        if section.verb == Verb::Delete {
            let is_gone = section.edit == Edit::All || content.is_empty();
            return if is_gone { Ok(None) } else { Err(Why::Content) };
        }
        let mode = section.mode.map_or(base.mode, mode);
        if section.verb != Verb::Create && (mode == Mode::Symlink) != (base.mode == Mode::Symlink) {
            return Err(Why::Kind);
        }
        Ok(Some(Leaf { mode, content }))
    }

    fn edited(
        &mut self,
        section: &Section<'_>,
        content: &[u8],
        hunks: &[Hunk<'_>],
    ) -> Result<Vec<u8>, Why> {
        let edited = edit::edit(content, hunks, false, &mut self.comparisons);
        let edited = edited.map_err(Why::Lines)?;
        for (hunk, line, lines) in edited.offsets {
            let (count, way) = (lines.unsigned_abs(), if lines < 0 { "up" } else { "down" });
            self.offsets.push(format!(
                "{}: hunk {hunk} was found at line {line}, {count} {} further {way} than it says",
                readable(&section.old),
                if count == 1 { "line" } else { "lines" },
            ));
        }
        Ok(edited.content)
    }

    /// Whether the file is already as the section would make it.
    fn is_done(&mut self, section: &Section<'_>) -> bool {
        let there = leaf(self.tree.get(&section.new));
        let old_is_gone = || !matches!(self.tree.get(&section.old), Some(Found::Leaf(_)));
        match section.verb {
            Verb::Delete => return old_is_gone(),
            Verb::Rename if !old_is_gone() => return false,
            _ => {}
        }
        let Some(there) = there else { return false };
        if section.mode.is_some_and(|wanted| mode(wanted) != there.mode) {
            return false;
        }
        match &section.edit {
            Edit::None | Edit::All => section.verb != Verb::Create || there.content.is_empty(),
            Edit::Binary { new_id, .. } => delta::is(&there.content, new_id),
            Edit::Hunks(hunks) if section.verb == Verb::Create => {
                let whole = edit::edit(b"", hunks, false, &mut self.comparisons);
                whole.is_ok_and(|edited| edited.content == there.content)
            }
            Edit::Hunks(hunks) => {
                let removes = |hunk: &Hunk<'_>| hunk.lines.iter().any(|l| l.sign != Sign::Removed);
                hunks.iter().any(removes)
                    && edit::edit(&there.content, hunks, true, &mut self.comparisons).is_ok()
            }
        }
    }

    /// Files that the patch would make below other files that it makes.
    fn nested(&self) -> Vec<Problem> {
        let there = |path: &[u8]| matches!(self.made.get(path), Some(Some(_)));
        let made = self.made.iter().filter(|(_, after)| after.is_some());
        let nested = made.filter_map(|(path, _)| {
            let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
            let above = ends.map(|(end, _)| &path[..end]).find(|above| there(above))?;
            let why = Why::NotDirectory(readable(above));
            Some(Problem { path: readable(path), why, is_done: false })
        });
        nested.collect()
    }
}

fn behind(obstacle: &[u8], is_link: bool) -> Why {
    if is_link { Why::Link(readable(obstacle)) } else { Why::NotDirectory(readable(obstacle)) }
}

fn is_below(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with(b"/"))
}

fn mode(mode: NewMode) -> Mode {
    match mode {
        NewMode::Plain => Mode::Regular { executable: false },
        NewMode::Executable => Mode::Regular { executable: true },
        NewMode::Link => Mode::Symlink,
    }
}

impl From<Box<Mismatch>> for Why {
    fn from(mismatch: Box<Mismatch>) -> Self {
        Self::Lines(mismatch)
    }
}
