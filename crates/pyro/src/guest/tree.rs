//! All of `/workspace`: noted once, compared later.

use super::answer::{self, Bounds, List};
use super::{GuestError, check};
use pyro_proto::mux::Stream;
use pyro_proto::tree::{Change, ChangesDone, ManifestTaken};

/// What differs from the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// In tree order. Candidates: their content may be equal.
    pub changes: Vec<Change>,
    /// How many there are, here or not. The guest's word.
    pub total: u64,
    /// Whether some are not here.
    pub truncated: bool,
    /// Whether a `.git` is new, gone, or had commits, branches or its configuration changed.
    pub git_metadata_changed: bool,
}

/// Notes what the workspace holds, over a stream opened with `TakeManifest`.
///
/// # Errors
/// [`GuestError`].
pub async fn take_manifest(stream: Stream) -> Result<ManifestTaken, GuestError> {
    let taken: ManifestTaken = answer::one(stream).await?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if taken.checksum.len() != 8 || !taken.checksum.bytes().all(is_digit) {
        return Err(GuestError::Nonsense("a checksum that is none"));
    }
    Ok(taken)
}

/// What differs from the manifest, over a stream opened with `Changes` and `bounds.items` as its limit.
///
/// # Errors
/// [`GuestError`]; a manifest that is gone or altered is a refusal as not found or failed.
pub async fn changes(stream: Stream, bounds: Bounds) -> Result<Changes, GuestError> {
    let admit = |change: &Change, last: Option<&Change>| {
        check::change(change)?;
        check::order(&change.path, last.map(|last| &last.path))
    };
    let List { items, came, done } = answer::list(stream, bounds, admit).await?;
    let ChangesDone { changes: total, truncated, git_metadata_changed } = done;
    if total.min(bounds.items) != came || truncated != (total > came) {
        return Err(GuestError::Nonsense("changes of another number than it says"));
    }
    let truncated = truncated || came > items.len() as u64;
    Ok(Changes { changes: items, total, truncated, git_metadata_changed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::rehearsal::{Act, rehearse};

    const BOUNDS: Bounds = Bounds { items: 2, bytes: 200 };
    const FACTS: &str = r#"{"kind":"file","size":1,"mode":420}"#;

    fn added(path: &str) -> Act {
        Act::Data(format!("{{\"path\":\"{path}\",\"after\":{FACTS}}}\n").into_bytes())
    }

    async fn told(acts: Vec<Act>) -> Result<Changes, String> {
        changes(rehearse(acts).await, BOUNDS).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn more_changes_than_asked_for_are_only_counted() {
        let done = Act::Say(r#"{"changes":9,"truncated":true,"git_metadata_changed":true}"#);
        let changes = told(vec![added("a"), added("b"), done]).await.unwrap();
        assert_eq!((changes.changes.len(), changes.total), (2, 9));
        assert!(changes.truncated && changes.git_metadata_changed);
    }

    #[tokio::test]
    async fn changes_that_cannot_be_kept_are_said_to_be_missing() {
        let done = Act::Say(r#"{"changes":2,"truncated":false,"git_metadata_changed":false}"#);
        let changes = told(vec![added("a"), added(&"b".repeat(200)), done]).await.unwrap();
        assert_eq!((changes.changes.len(), changes.total, changes.truncated), (1, 2, true));
    }

    #[tokio::test]
    async fn changes_that_lie_are_refused() {
        let done = Act::Say(r#"{"changes":1,"truncated":false,"git_metadata_changed":false}"#);
        for path in
            ["/a", "../a", "a/../b", "", "a/", ".git/hooks/pre-commit", "a/.git", "a\\u0000"]
        {
            let error = told(vec![added(path), done.clone()]).await.unwrap_err();
            assert!(error.contains("path"), "{path}: {error}");
        }
        let nothing = Act::Data(b"{\"path\":\"a\"}\n".to_vec());
        assert!(told(vec![nothing, done.clone()]).await.unwrap_err().contains("nothing"));
        assert!(told(vec![added("b"), added("a")]).await.unwrap_err().contains("order"));
        assert!(told(vec![done]).await.unwrap_err().contains("number"));
        let cut = Act::Say(r#"{"changes":0,"truncated":true,"git_metadata_changed":false}"#);
        assert!(told(vec![cut]).await.unwrap_err().contains("number"));
    }

    #[tokio::test]
    async fn a_checksum_is_eight_digits() {
        for checksum in ["", "0badcaf", "0BADCAFE", "../../..", "0badcafe0"] {
            let json = format!(r#"{{"entries":1,"bytes":1,"checksum":"{checksum}"}}"#);
            let stream = rehearse(vec![Act::Say(json.leak())]).await;
            assert!(take_manifest(stream).await.is_err(), "{checksum}");
        }
    }
}
