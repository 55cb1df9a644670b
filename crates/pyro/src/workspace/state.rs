//! What a workspace can be, and which verbs are legal in each state: all of it in one table.

use super::WorkspaceError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a workspace is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Somebody is making it: it is booted and seeded, and its baseline taken.
    Creating,
    /// Its machine runs.
    Started,
    /// Its machine does not run: it was stopped, or it was killed. Everything on its disk is there.
    Stopped,
    /// Nobody used it for its time to live, and it was stopped. Its disk is kept for a day.
    Expired,
}

/// What can be asked of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Looking at it, naming it, reading its history.
    Look,
    /// Everything that needs its guest: commands, files, diff, sync.
    Work,
    /// Booting it again.
    Start,
    /// Ending its machine.
    Stop,
    /// Putting it back to a snapshot.
    Reset,
    /// Making and deleting snapshots.
    Snapshot,
    /// Reading its disk while no machine uses it.
    ReadDisk,
    /// Removing it.
    Delete,
}

impl State {
    /// Whether the verb is legal, for the workspace with this id.
    ///
    /// # Errors
    /// [`WorkspaceError::State`] with the next step.
    pub(super) fn permit(self, verb: Verb, workspace_id: &str) -> Result<(), WorkspaceError> {
        let legal = match (self, verb) {
            (_, Verb::Look | Verb::Delete) => true,
            (Self::Creating, _) => false,
            (Self::Stopped, Verb::Work) => false,
            // the next call on an expired one starts it again
            (Self::Started | Self::Expired, Verb::Work) => true,
            (Self::Started, Verb::ReadDisk) => false,
            (Self::Stopped | Self::Expired, Verb::ReadDisk) => true,
            (_, Verb::Start | Verb::Stop | Verb::Reset | Verb::Snapshot) => true,
        };
        if legal {
            return Ok(());
        }
        Err(WorkspaceError::State { workspace_id: workspace_id.to_owned(), state: self, verb })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Creating => "creating",
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Expired => "expired",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_legal_where() {
        use State as S;
        use Verb as V;
        let legal = |state: S| {
            [V::Look, V::Work, V::Start, V::Stop, V::Reset, V::Snapshot, V::ReadDisk, V::Delete]
                .map(|verb| state.permit(verb, "ws-1").is_ok())
        };
        let (yes, no) = (true, false);
        assert_eq!(legal(S::Creating), [yes, no, no, no, no, no, no, yes]);
        assert_eq!(legal(S::Started), [yes, yes, yes, yes, yes, yes, no, yes]);
        assert_eq!(legal(S::Stopped), [yes, no, yes, yes, yes, yes, yes, yes]);
        assert_eq!(legal(S::Expired), [yes; 8]);
    }
}
