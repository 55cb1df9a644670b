//! Why a stream ended before its time: the payload of a `Reset` frame, in both directions.

use serde::{Deserialize, Serialize};

/// The class of a refusal. A value that a newer peer added reads as [`RefusalCode::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefusalCode {
    /// The other side lost interest.
    Cancelled,
    /// This side does not know or does not accept such a request.
    Unsupported,
    /// The request is malformed.
    Invalid,
    /// No such file, user or directory.
    NotFound,
    /// It exists and must not.
    Exists,
    /// The guest's kernel said no.
    Denied,
    /// A disk is full.
    NoSpace,
    /// Too many streams at once.
    TooMany,
    /// Any other failure; `errno` and `message` say more.
    Failed,
    /// The channel below ended.
    Disconnected,
    /// Something that this version has no name for.
    #[serde(other)]
    Other,
}

/// Why a stream was refused or ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The class.
    pub code: RefusalCode,
    /// The `errno` behind it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<i32>,
    /// One line for a person, at most [`Refusal::MAX_MESSAGE`] bytes.
    pub message: String,
}

impl Refusal {
    /// The longest message that is kept, in bytes: it may come from a hostile guest.
    pub const MAX_MESSAGE: usize = 2048;

    /// A refusal without an `errno`.
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, errno: None, message: bounded(message.into()) }
    }

    /// A refusal for a failed system call; the code follows from the error.
    #[must_use]
    pub fn from_io(what: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as E;
        let code = match error.kind() {
            E::NotFound | E::NotADirectory => RefusalCode::NotFound,
            E::AlreadyExists => RefusalCode::Exists,
            E::PermissionDenied | E::ReadOnlyFilesystem => RefusalCode::Denied,
            E::StorageFull | E::QuotaExceeded => RefusalCode::NoSpace,
            E::InvalidInput | E::InvalidData => RefusalCode::Invalid,
            _ => RefusalCode::Failed,
        };
        Self { code, errno: error.raw_os_error(), message: bounded(format!("{what}: {error}")) }
    }

    /// The channel below is gone.
    #[must_use]
    pub fn disconnected() -> Self {
        Self::new(RefusalCode::Disconnected, "the connection ended")
    }

    /// Reads what a peer sent. Never fails: nonsense becomes [`RefusalCode::Other`], and the message
    /// one line for a terminal.
    #[must_use]
    pub fn from_wire(payload: &[u8]) -> Self {
        serde_json::from_slice::<Self>(payload).map_or_else(
            |_| Self::new(RefusalCode::Other, "the other side gave no readable reason"),
            |mut refusal| {
                refusal.message = one_line(&refusal.message);
                refusal
            },
        )
    }
}

/// A peer's words, fit for a terminal: at most [`Refusal::MAX_MESSAGE`] bytes, and nothing that moves
/// the cursor or changes colours.
pub(crate) fn one_line(text: &str) -> String {
    bounded(
        text.chars()
            .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
            .collect(),
    )
}

fn bounded(mut message: String) -> String {
    if message.len() > Refusal::MAX_MESSAGE {
        let mut end = Refusal::MAX_MESSAGE;
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_code_and_an_endless_message_are_survived() {
        let wire = format!(r#"{{"code":"from_the_future","message":"{}"}}"#, "ä".repeat(5000));
        let refusal = Refusal::from_wire(wire.as_bytes());
        assert_eq!(refusal.code, RefusalCode::Other);
        assert!(refusal.message.len() <= Refusal::MAX_MESSAGE);
        assert_eq!(Refusal::from_wire(b"\xff{").code, RefusalCode::Other);
        let colours = Refusal::from_wire(br#"{"code":"failed","message":"\u001b[31mred\nline"}"#);
        assert_eq!(colours.message, "\u{fffd}[31mred\u{fffd}line");
    }

    #[test]
    fn an_io_error_keeps_its_errno() {
        let error = std::io::Error::from_raw_os_error(28);
        let refusal = Refusal::from_io("write /x", &error);
        assert_eq!((refusal.code, refusal.errno), (RefusalCode::NoSpace, Some(28)));
    }
}
