//! What surrounds every call of a tool: signs of life while it works, and its early end when the
//! client cancels or the server ends.

use crate::error::CallError;
use crate::progress::{Phrase, heartbeat};
use crate::result::failure;
use crate::server::Server;
use pyro::Error;
use rmcp::RoleServer;
use rmcp::model::CallToolResult;
use rmcp::service::RequestContext;
use std::future::Future;

/// Does the work of a call, which says through `phrase` what is going on.
pub(crate) async fn attend(
    server: &Server,
    context: &RequestContext<RoleServer>,
    phrase: &Phrase,
    work: impl Future<Output = Result<CallToolResult, Error>>,
) -> CallToolResult {
    let beat = heartbeat(&context.peer, context.meta.get_progress_token(), phrase);
    let outcome = tokio::select! {
        outcome = work => outcome,
        // The answer to a cancelled request is not sent.
        () = context.ct.cancelled() => Err(CallError::Ending.into()),
        () = server.ending().cancelled() => Err(CallError::Ending.into()),
        () = beat => Err(CallError::Ending.into()),
    };
    outcome.unwrap_or_else(|error| failure(&error, server.profile()))
}
