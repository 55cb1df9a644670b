//! Single files of the guest: what they are, what a directory holds, and a text replaced in one.

use super::answer::{self, Bounds, List};
use super::{GuestError, check};
use pyro_proto::GuestPath;
use pyro_proto::frame::Lane;
use pyro_proto::mux::Stream;
use pyro_proto::tree::{ApplyOutcome, EditOutcome, Entry, ListDone, MAX_EDITED, Rewrite};

/// What a directory holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// In tree order, a directory before its content.
    pub entries: Vec<Entry>,
    /// Whether there are more.
    pub truncated: bool,
}

/// What is at a path, over a stream opened with `Stat`.
///
/// # Errors
/// [`GuestError`].
pub async fn stat(stream: Stream) -> Result<Entry, GuestError> {
    let entry = answer::one(stream).await?;
    check::entry(&entry).map_err(GuestError::Nonsense)?;
    Ok(entry)
}

/// What a directory holds, over a stream opened with `List` and `bounds.items` as its limit.
///
/// # Errors
/// [`GuestError`].
pub async fn list(stream: Stream, bounds: Bounds) -> Result<Listing, GuestError> {
    let admit = |entry: &Entry, last: Option<&Entry>| {
        check::entry(entry)?;
        check::order(&entry.path, last.map(|last| &last.path))
    };
    let List { items, came, done } = answer::list(stream, bounds, admit).await?;
    let ListDone { entries, truncated } = done;
    if entries != came {
        return Err(GuestError::Nonsense("a list of another length than it says"));
    }
    let truncated = truncated || came > items.len() as u64;
    Ok(Listing { entries: items, truncated })
}

/// Replaces a text in a file, over a stream opened with `EditFile`.
///
/// # Errors
/// [`GuestError`]. That the text does not occur, or too often, is an outcome.
pub async fn edit(stream: Stream) -> Result<EditOutcome, GuestError> {
    let outcome = answer::one(stream).await?;
    match outcome {
        EditOutcome::Edited { replacements: 1.., bytes: 0..=MAX_EDITED }
        | EditOutcome::Missing {}
        | EditOutcome::Ambiguous { count: 2.. } => Ok(outcome),
        _ => Err(GuestError::Nonsense("an edit that cannot have been")),
    }
}

/// Changes many files, all of them or none, over a stream opened with `Apply`; each change comes with the
/// new content.
///
/// # Errors
/// [`GuestError`]; nothing is changed then. That something else is there than must be is an outcome.
pub async fn apply(
    stream: Stream,
    changes: &[(Rewrite, &[u8])],
) -> Result<ApplyOutcome, GuestError> {
    let (mut sender, mut receiver) = stream.split();
    let sending = async {
        for (rewrite, content) in changes {
            let mut line = serde_json::to_vec(rewrite).unwrap_or_default();
            line.push(b'\n');
            sender.send(Lane::Main, &line).await?;
            sender.send(Lane::Main, content).await?;
        }
        sender.finish().await
    };
    let (sent, outcome) = tokio::join!(sending, answer::message(&mut receiver));
    // when the agent refused, its word explains more than our failed send
    let outcome = outcome?;
    sent?;
    match &outcome {
        ApplyOutcome::Differs { path } if !changes.iter().any(|(r, _)| leads_to(path, &r.path)) => {
            Err(GuestError::Nonsense("a difference where nothing was to be changed"))
        }
        _ => Ok(outcome),
    }
}

/// Whether a path is on the way to another one, or that itself.
fn leads_to(path: &GuestPath, other: &GuestPath) -> bool {
    let rest = other.as_bytes().strip_prefix(path.as_bytes());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::rehearsal::{Act, rehearse};

    const BOUNDS: Bounds = Bounds { items: 3, bytes: 1000 };

    fn line(path: &str) -> Act {
        Act::Data(
            format!(
                "{{\"path\":{path},\"kind\":\"file\",\"size\":1,\"mode\":420,\"mtime_ns\":0}}\n"
            )
            .into_bytes(),
        )
    }

    async fn listed(acts: Vec<Act>) -> Result<Vec<String>, String> {
        let listing = list(rehearse(acts).await, BOUNDS).await.map_err(|e| e.to_string())?;
        Ok(listing.entries.iter().map(|entry| entry.path.to_string()).collect())
    }

    #[tokio::test]
    async fn a_list_in_order_is_taken() {
        let done = Act::Say(r#"{"entries":3,"truncated":false}"#);
        let acts = vec![line(r#""/a""#), line(r#""/a/b""#), line(r#""/a.b""#), done];
        assert_eq!(listed(acts).await.unwrap(), ["/a", "/a/b", "/a.b"]);
    }

    #[tokio::test]
    async fn a_list_that_lies_is_refused() {
        let done = Act::Say(r#"{"entries":1,"truncated":false}"#);
        for path in [
            r#""a""#,
            r#""/a/../b""#,
            r#""//a""#,
            r#""/a/""#,
            r#""""#,
            r#""/a\u0000""#,
            r#""/./a""#,
        ] {
            let error = listed(vec![line(path), done.clone()]).await.unwrap_err();
            assert!(error.contains("path"), "{path}: {error}");
        }
        let long = format!("\"/{}\"", "a".repeat(4095));
        assert!(listed(vec![line(&long), done.clone()]).await.is_err());
        let twice = vec![line(r#""/a""#), line(r#""/a""#)];
        assert!(listed(twice).await.unwrap_err().contains("order"));
        let fewer = vec![line(r#""/a""#), line(r#""/b""#), done];
        assert!(listed(fewer).await.unwrap_err().contains("length"));
    }

    #[tokio::test]
    async fn facts_that_cannot_be_are_refused() {
        for json in [
            r#"{"path":"/a","kind":"file","size":1,"mode":65535,"mtime_ns":0}"#,
            r#"{"path":"/a","kind":"file","size":18446744073709551615,"mode":1,"mtime_ns":0}"#,
            r#"{"path":"/a","kind":"file","size":1,"mode":1,"mtime_ns":0,"link_target":"b"}"#,
            r#"{"path":"/a","kind":"symlink","size":1,"mode":1,"mtime_ns":0,"link_target":"\u0000"}"#,
        ] {
            let error = stat(rehearse(vec![Act::Say(json)]).await).await.unwrap_err();
            assert!(matches!(error, GuestError::Nonsense(_)), "{json}: {error}");
        }
        for json in [
            r#"{"outcome":"edited","replacements":0,"bytes":1}"#,
            r#"{"outcome":"edited","replacements":1,"bytes":99999999999}"#,
            r#"{"outcome":"ambiguous","count":1}"#,
            r#"{"outcome":"burnt"}"#,
        ] {
            let error = edit(rehearse(vec![Act::Say(json)]).await).await.unwrap_err();
            assert!(matches!(error, GuestError::Nonsense(_)), "{json}: {error}");
        }
    }
}
