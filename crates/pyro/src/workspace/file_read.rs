//! Reads a text file of a workspace, or a part of it.

use super::file_path::file_path;
use super::text_part::TextPart;
use super::{Workspace, WorkspaceError};
use crate::error::Result;
use crate::guest::{files, transfer};
use pyro_proto::GuestPath;
use pyro_proto::request::Request;
use pyro_proto::tree::Kind;
use serde::Serialize;
use std::ops::ControlFlow;

/// The most bytes that one reading gives.
pub const MAX_BYTES: u64 = 16 << 20;

/// Which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRead {
    /// Where it begins.
    pub from: From,
    /// How many bytes at most, at most [`MAX_BYTES`].
    pub max_bytes: u64,
}

/// Where a part begins, and which unit it is given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// At this byte.
    Byte(u64),
    /// At this line, the first is 1; so many lines at most.
    Line {
        /// The first line.
        first: u64,
        /// How many.
        count: u64,
    },
}

/// A part of a text file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileContent {
    /// In which workspace.
    pub workspace_id: String,
    /// Which file.
    pub path: String,
    /// Of the whole file.
    pub size_bytes: u64,
    /// What was asked for at most.
    pub max_bytes: u64,
    /// The first byte of `content` in the file.
    pub offset: u64,
    /// The text. It never ends within a character.
    pub content: String,
    /// Whether the file goes on behind it.
    pub truncated: bool,
    /// Where to read on, if it does.
    pub next_offset: Option<u64>,
    /// What the user should know about the workspace.
    pub notices: Vec<String>,
}

impl Workspace {
    /// Reads a part of a file. No link is followed in its last component.
    ///
    /// # Errors
    /// If there is no such file, it is no regular one, or what is to be read is not UTF-8 text or holds a
    /// secret.
    pub async fn file_read(&self, path: &str, read: FileRead) -> Result<FileContent> {
        self.redacted(self.part_of_file(path, read).await)
    }

    async fn part_of_file(&self, path: &str, read: FileRead) -> Result<FileContent> {
        let guest_path = file_path(path)?;
        let stat = Request::Stat { path: guest_path.clone() };
        let entry = files::stat(self.shim.guest(stat).await?).await?;
        let path = guest_path.to_string();
        if entry.kind != Kind::File {
            return Err(WorkspaceError::BadPath { path, why: "it is not a regular file" }.into());
        }
        let max_bytes = read.max_bytes.min(MAX_BYTES);
        let (mut part, offset, length) = match read.from {
            From::Byte(offset) => (TextPart::of_bytes(offset, max_bytes), offset, Some(max_bytes)),
            From::Line { first, count } => (TextPart::of_lines(first, count, max_bytes), 0, None),
        };
        let request = Request::ReadFile { path: guest_path.clone(), offset, length };
        transfer::read(self.shim.guest(request).await?, |bytes| part.take(bytes)).await?;
        let (offset, content) = part
            .finish(entry.size)
            .map_err(|offset| WorkspaceError::NotText { path: path.clone(), offset })?;
        self.check_for_secrets(guest_path, &path, offset, &content).await?;
        let next = offset.saturating_add(content.len() as u64);
        let truncated = next < entry.size;
        Ok(FileContent {
            workspace_id: self.id().to_owned(),
            path: self.shown(&path),
            size_bytes: entry.size,
            max_bytes,
            offset,
            content,
            truncated,
            next_offset: truncated.then_some(next),
            notices: self.notices().to_vec(),
        })
    }

    /// Refuses a part that holds a secret, or a part of one.
    async fn check_for_secrets(
        &self,
        path: GuestPath,
        shown: &str,
        offset: u64,
        content: &str,
    ) -> Result<()> {
        let mut watch = self.watch();
        if watch.is_idle() {
            return Ok(());
        }
        watch.look(shown, &[content.as_bytes()]);
        let around = watch.surroundings(offset, content.len());
        let (offset, length) = (around.from, Some(around.length));
        let request = Request::ReadFile { path, offset, length };
        let mut bytes = Vec::new();
        let take = |piece: &[u8]| {
            bytes.extend_from_slice(piece);
            match bytes.len() as u64 > around.length {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        transfer::read(self.shim.guest(request).await?, take).await?;
        watch.look_around(shown, &around, &bytes);
        Ok(watch.verdict()?)
    }
}
