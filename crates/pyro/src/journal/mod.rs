//! What a workspace remembers of the commands that ran in it: an append-only journal with one line per
//! event, and a file per stream with what the command wrote. One process writes, the workspace's shim;
//! everybody else only reads, at any time. It does not know how commands are run.

mod entry;
mod file;
mod order;
mod recording;
mod spool;

pub use entry::{Begun, Command, Ended, Fate, History};
pub use file::{Journal, clear, read};
pub use order::{Order, Output, Part, read_output};
pub use recording::{Recording, kept};
pub use spool::{KEPT_EACH, Piece, Spool, read_spool};

use std::path::{Path, PathBuf};

/// The streams of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdio {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Where a workspace keeps what its commands wrote.
#[must_use]
pub fn output_directory(workspace: &Path) -> PathBuf {
    workspace.join("output")
}

/// The file with what one command wrote to one stream.
#[must_use]
pub fn spool_path(workspace: &Path, exec_id: &str, stream: Stdio) -> PathBuf {
    let extension = match stream {
        Stdio::Out => "out",
        Stdio::Err => "err",
    };
    output_directory(workspace).join(format!("{exec_id}.{extension}"))
}

/// The file that says in which order it did.
#[must_use]
pub fn order_path(workspace: &Path, exec_id: &str) -> PathBuf {
    output_directory(workspace).join(format!("{exec_id}.order"))
}
