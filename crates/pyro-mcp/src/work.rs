//! Working in a workspace: it is found, started again where it has expired, and what the model should
//! know about it goes along with every answer.

use crate::progress::Phrase;
use crate::server::Server;
use pyro::Error;
use pyro::workspace::Workspace;
use std::fmt::Write;

/// Finds a workspace by its id or name.
///
/// # Errors
/// If there is none, or it cannot be worked in.
pub(crate) async fn open(
    server: &Server,
    workspace_id: &str,
    phrase: &Phrase,
) -> Result<Workspace, Error> {
    phrase.set("reaching the workspace");
    let observer = |event| phrase.follow(&event);
    let workspace = Workspace::open(server.config(), workspace_id, &observer).await?;
    phrase.set("working in the workspace");
    Ok(workspace.disclosing(server.disclosure()))
}

/// What the model should know: that it was started again, or that its time is nearly over.
pub(crate) async fn notices(workspace: &Workspace) -> Vec<String> {
    let mut notices = workspace.notices().to_vec();
    notices.extend(workspace.expires_in_seconds().await.map(expires_soon));
    notices
}

/// The notice of a workspace whose time is nearly over.
pub(crate) fn expires_soon(seconds: u64) -> String {
    format!(
        "expires_in_seconds: {seconds}, if nobody works in it until then; workspace_update with a \
         larger ttl_seconds gives it more"
    )
}

/// Notices as lines of a text.
pub(crate) fn tell(text: &mut String, notices: &[String]) {
    for notice in notices {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "note: {notice}");
    }
}
