//! Collects changes into a patch, within limits.

use super::diff::{ArtifactType, Diff, DiffEntry, DiffSummary, Patch, Status};
use super::name;
use super::section::{self, Section};
use super::side::{Content, Mode, Side};
use std::time::{Duration, Instant};

/// How large a patch may become, and what it may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of the text. It is cut between files, never in one.
    pub max_bytes: usize,
    /// The most bytes of a side; larger ones are listed and left out.
    pub max_side_bytes: usize,
    /// How long the lines of one file may be compared, before it is written as if it were binary.
    pub time_per_file: Duration,
    /// How long all files together may be compared, with the same effect.
    pub time: Duration,
}

impl Default for Limits {
    /// 64 MiB of text, 8 MiB a side, 1 second a file, 20 seconds in all.
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_side_bytes: 8 << 20,
            time_per_file: Duration::from_secs(1),
            time: Duration::from_secs(20),
        }
    }
}

/// Writes a patch, change by change.
#[derive(Debug)]
pub struct PatchWriter {
    limits: Limits,
    summary: DiffSummary,
    entries: Vec<DiffEntry>,
    patch: Patch,
    spent: Duration,
}

impl PatchWriter {
    /// An empty patch.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            summary: DiffSummary::default(),
            entries: Vec::new(),
            patch: Patch::default(),
            spent: Duration::ZERO,
        }
    }

    /// Adds what happened at `path` (relative, `/` between its parts), in the order of paths: nothing
    /// to something, something to nothing, or one thing to another. Sides that are equal change
    /// nothing and are not counted. The content of a directory is added by its own paths.
    pub fn add(&mut self, path: &[u8], before: Option<Side<'_>>, after: Option<Side<'_>>) {
        let Some((status, artifact_type)) = judge(before, after) else { return };
        let text_patch = self.write(path, before, after);
        let path = name::readable(path);
        let entry = DiffEntry { path, status, artifact_type, text_patch };
        self.summary.count(&entry);
        self.entries.push(entry);
    }

    /// What was added.
    #[must_use]
    pub fn finish(self) -> Diff {
        let Self { summary, entries, patch, .. } = self;
        Diff { changed: !entries.is_empty(), summary, entries, patch }
    }

    /// Extends the patch if it may be, and says whether what it says there is text.
    fn write(&mut self, path: &[u8], before: Option<Side<'_>>, after: Option<Side<'_>>) -> bool {
        let is_tracked = |side: Option<Side<'_>>| side.is_some_and(|s| s.mode.digits().is_some());
        if !is_tracked(before) && !is_tracked(after) {
            return false;
        }
        let fits = |side: Option<Side<'_>>| side.is_none_or(|s| self.fits(s.content));
        let section = if fits(before) && fits(after) && name::acceptable(path) {
            self.section(path, before, after)
        } else {
            None
        };
        match section {
            Some(section) if section.text.len() <= self.room() => {
                self.patch.text.push_str(&section.text);
                self.patch.included += 1;
                section.is_text
            }
            section => {
                self.patch.truncated |= section.is_some();
                self.patch.left_out.push(name::readable(path));
                false
            }
        }
    }

    fn section(
        &mut self,
        path: &[u8],
        before: Option<Side<'_>>,
        after: Option<Side<'_>>,
    ) -> Option<Section> {
        let start = Instant::now();
        let time = self.limits.time.saturating_sub(self.spent).min(self.limits.time_per_file);
        let section = section::write(path, before, after, start + time);
        self.spent += start.elapsed();
        section
    }

    fn fits(&self, content: Content<'_>) -> bool {
        matches!(content, Content::Bytes(bytes) if bytes.len() <= self.limits.max_side_bytes)
    }

    /// Bytes that the text may still grow by.
    fn room(&self) -> usize {
        self.limits.max_bytes.saturating_sub(self.patch.text.len())
    }
}

/// What happened, and to what; `None` where nothing did.
fn judge(before: Option<Side<'_>>, after: Option<Side<'_>>) -> Option<(Status, ArtifactType)> {
    let (status, side) = match (before, after) {
        (None, None) => return None,
        (None, Some(new)) => (Status::Added, new),
        (Some(old), None) => (Status::Deleted, old),
        (Some(old), Some(new)) if old.mode.artifact_type() != new.mode.artifact_type() => {
            (Status::TypeChanged, new)
        }
        (Some(old), Some(new)) if is_same(old, new) => return None,
        (Some(_), Some(new)) => (Status::Modified, new),
    };
    Some((status, side.mode.artifact_type()))
}

/// Contents that are not known count as different.
fn is_same(old: Side<'_>, new: Side<'_>) -> bool {
    let known = old.content != Content::TooLarge && new.content != Content::TooLarge;
    old == new && (known || old.mode == Mode::Directory)
}

#[cfg(test)]
mod tests;
