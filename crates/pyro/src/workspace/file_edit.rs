//! Replaces a text in a file of a workspace.

use super::error::Closest;
use super::file_path::file_path;
use super::file_read::{FileRead, From};
use super::{Workspace, WorkspaceError};
use crate::error::Result;
use crate::guest::files;
use pyro_proto::request::Request;
use pyro_proto::tree::EditOutcome;
use serde::Serialize;

/// How much of a file is looked through for the text that may have been meant, in bytes.
const LOOKED_THROUGH: u64 = 1 << 20;
/// How much of a line is quoted, in characters.
const QUOTED: usize = 200;

/// What to replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The text that is there, exactly.
    pub old: String,
    /// What takes its place.
    pub new: String,
    /// Every one of it; otherwise there must be exactly one.
    pub replace_all: bool,
}

/// A file that was edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileEdited {
    /// In which workspace.
    pub workspace_id: String,
    /// Which file.
    pub path: String,
    /// How often the text was replaced.
    pub replacements: u64,
    /// Of the file now.
    pub size_bytes: u64,
    /// What the user should know about the workspace.
    pub notices: Vec<String>,
}

impl Workspace {
    /// Replaces a text in a file, in one step. Two edits at once lose nothing.
    ///
    /// # Errors
    /// If the text is not there, with the line that is closest to it, or is there more than once.
    pub async fn file_edit(&self, path: &str, edit: &Edit) -> Result<FileEdited> {
        self.redacted(self.edit(path, edit).await)
    }

    async fn edit(&self, path: &str, edit: &Edit) -> Result<FileEdited> {
        let guest_path = file_path(path)?;
        let path = guest_path.to_string();
        let request = Request::EditFile {
            path: guest_path,
            old: edit.old.clone(),
            new: edit.new.clone(),
            replace_all: edit.replace_all,
        };
        match files::edit(self.shim.guest(request).await?).await? {
            EditOutcome::Edited { replacements, bytes } => Ok(FileEdited {
                workspace_id: self.id().to_owned(),
                path: self.shown(&path),
                replacements,
                size_bytes: bytes,
                notices: self.notices().to_vec(),
            }),
            EditOutcome::Missing {} => {
                let closest = self.closest(&path, &edit.old).await;
                Err(WorkspaceError::EditMissing { path, closest }.into())
            }
            EditOutcome::Ambiguous { count } => {
                Err(WorkspaceError::EditAmbiguous { path, count }.into())
            }
        }
    }

    /// The line that is most like the first line of what was looked for.
    async fn closest(&self, path: &str, old: &str) -> Option<Closest> {
        let beginning = FileRead { from: From::Byte(0), max_bytes: LOOKED_THROUGH };
        let content = self.file_read(path, beginning).await.ok()?.content;
        closest_line(&content, old)
    }
}

/// The line with the same words, or else with most of them; none where no word is shared.
fn closest_line(content: &str, old: &str) -> Option<Closest> {
    let wanted = old.lines().find(|line| !line.trim().is_empty())?;
    let words: Vec<&str> = words(wanted).collect();
    let shared = |line: &str| {
        let others: Vec<&str> = self::words(line).collect();
        let common = words.iter().filter(|word| others.contains(word)).count();
        // as a share of both lines, in thousandths
        2000 * common / (words.len() + others.len()).max(1)
    };
    let likeness = content.lines().enumerate().map(|(number, line)| (shared(line), number, line));
    let best = likeness.max_by_key(|(shared, number, _)| (*shared, std::cmp::Reverse(*number)));
    let (_, number, line) = best.filter(|(shared, ..)| *shared >= 500)?;
    Some(Closest { line: number + 1, text: line.chars().take(QUOTED).collect() })
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_was_meant_is_found_and_nothing_else_is_suggested() {
        let content = "fn main() {\n    let total = sum(&values);\n    print(total);\n}\n";
        let line = |old: &str| closest_line(content, old).map(|closest| closest.line);
        assert_eq!(line("let total = sum(values);"), Some(2));
        assert_eq!(line("\n\n  print( total )\n"), Some(3));
        assert_eq!(line("something else entirely"), None);
        assert_eq!(line(""), None);
    }
}
