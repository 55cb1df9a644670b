//! What can go wrong between host and agent.

use crate::error::{Diagnose, Kind};
use pyro_proto::{Refusal, RefusalCode};

// What a guest's kernel says when its disk fails under it, errno(3).
const EIO: i32 = 5;
const EROFS: i32 = 30;

/// A request to the agent failed.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// The agent refused or gave up.
    #[error("the guest refused: {0}")]
    Refused(Refusal),
    /// The machine is gone; the text says why, as far as the shim knew.
    #[error("{0}")]
    Gone(String),
    /// The agent answered something that makes no sense.
    #[error("the guest broke the protocol: {0}")]
    Nonsense(&'static str),
    /// The command's time limit is long over, and the guest does not say that it ended.
    #[error("the guest did not end the command at its time limit")]
    Overdue,
    /// The host's side of a transfer failed.
    #[error("cannot {0}")]
    Host(&'static str, #[source] std::io::Error),
}

impl From<Refusal> for GuestError {
    fn from(refusal: Refusal) -> Self {
        match refusal.code {
            RefusalCode::Disconnected => Self::Gone(refusal.message),
            _ => Self::Refused(refusal),
        }
    }
}

impl Diagnose for GuestError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refusal) => match refusal.code {
                RefusalCode::NotFound => Kind::NotFound,
                RefusalCode::Invalid | RefusalCode::Exists => Kind::Usage,
                RefusalCode::TooMany => Kind::Busy,
                _ => Kind::Guest,
            },
            Self::Overdue => Kind::Timeout,
            Self::Gone(_) | Self::Nonsense(_) => Kind::Guest,
            Self::Host(..) => Kind::Host,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => match refusal.code {
                RefusalCode::NotFound => "guest_not_found",
                RefusalCode::Exists => "guest_exists",
                RefusalCode::Invalid => "guest_invalid",
                RefusalCode::Denied => "guest_denied",
                RefusalCode::NoSpace => "guest_no_space",
                RefusalCode::Unsupported => "guest_unsupported",
                RefusalCode::TooMany => "guest_too_many",
                _ => "guest_failed", // The guest could not do it.
            },
            Self::Gone(_) => "machine_gone",
            Self::Nonsense(_) => "guest_protocol",
            Self::Overdue => "guest_overdue",
            Self::Host(..) => "io",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Refused(refusal) if refusal.code == RefusalCode::NoSpace => {
                vec!["the workspace's own disk is full: remove something in it, or reset it".into()]
            }
            Self::Refused(Refusal { errno: Some(EIO | EROFS), .. }) => vec![
                "its disk cannot be written, perhaps because the host's is full: free some space there, \
                 then reset the workspace, or stop and start it"
                    .into(),
            ],
            Self::Overdue => vec!["if the next call says the same, reset the workspace".into()],
            Self::Refused(refusal) if refusal.code == RefusalCode::Unsupported => {
                vec![
                    "its machine was started by an older pyro: stop and start the workspace".into(),
                ]
            }
            Self::Gone(_) => vec!["run it again: the machine and what it held are gone".into()],
            _ => Vec::new(),
        }
    }
}
