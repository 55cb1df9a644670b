//! Reads a stream's request and gives the stream to whoever answers it: one file per verb.

mod apply;
mod changes;
mod connect;
mod echo;
mod edit_file;
mod freeze;
mod list;
mod power_off;
mod read_file;
mod read_root;
mod read_tree;
mod start_network;
mod stat;
mod sync;
mod take_manifest;
mod transfer;
mod write_file;
mod write_tree;

use crate::agent::Agent;
use crate::{exec, shell};
use bytes::Bytes;
use pyro_proto::mux::{Session, Stream};
use pyro_proto::request::Request;
use pyro_proto::{Refusal, RefusalCode};
use std::sync::Arc;

/// Answers one request; returns when the stream is over and nothing of the request is left.
pub(crate) async fn request(agent: Arc<Agent>, session: Session, request: Bytes, stream: Stream) {
    let request = match read(&request) {
        Ok(request) => request,
        Err(refusal) => return stream.sender.reset(&refusal),
    };
    match request {
        Request::Echo => echo::run(stream).await,
        Request::Exec(exec) => exec::run(&agent, &exec, stream).await,
        Request::Shell(wanted) => shell::run(&agent, &wanted, stream).await,
        Request::PowerOff => power_off::run(&agent),
        Request::ReadFile { path, offset, length } => {
            read_file::run(agent, path, offset, length, stream).await;
        }
        Request::WriteFile { path, mode } => write_file::run(agent, path, mode, stream).await,
        Request::ReadTree { path, without_git } => {
            read_tree::run(agent, path, without_git, stream).await;
        }
        Request::ReadRoot => read_root::run(agent, stream).await,
        Request::WriteTree { path, replace } => {
            write_tree::run(agent, path, replace, stream).await;
        }
        Request::Stat { path } => stat::run(agent, path, stream).await,
        Request::List { path, recursive, limit } => {
            list::run(agent, path, recursive, limit, stream).await;
        }
        Request::EditFile { path, old, new, replace_all } => {
            edit_file::run(agent, path, old, new, replace_all, stream).await;
        }
        Request::TakeManifest => take_manifest::run(agent, stream).await,
        Request::Changes { checksum, limit } => {
            changes::run(agent, checksum, limit, stream).await;
        }
        Request::Connect { host, port } => connect::run(&agent, &host, port, stream).await,
        Request::Apply => apply::run(agent, stream).await,
        Request::Sync => sync::run(agent, stream).await,
        Request::StartNetwork { reachable } => {
            start_network::run(&agent, session, &reachable, stream).await;
        }
        Request::Freeze { limit_ms } => freeze::run(agent, limit_ms, stream).await,
    }
}

/// A verb that this agent does not know is unsupported; one that it knows, wrongly used, is invalid.
fn read(request: &[u8]) -> Result<Request, Refusal> {
    serde_json::from_slice(request).map_err(|error| {
        let code = match error.classify() {
            serde_json::error::Category::Data if is_unknown_verb(&error) => {
                RefusalCode::Unsupported
            }
            _ => RefusalCode::Invalid,
        };
        Refusal::new(code, format!("a request that this agent cannot read: {error}"))
    })
}

/// serde gives the reason as text only.
fn is_unknown_verb(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("unknown variant")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_verb_is_unsupported_and_a_malformed_one_is_invalid() {
        let code = |request: &[u8]| read(request).unwrap_err().code;
        assert_eq!(code(br#"{"do":"fly"}"#), RefusalCode::Unsupported);
        assert_eq!(code(br#"{"do":"exec"}"#), RefusalCode::Invalid);
        assert_eq!(code(br#"{"do":"exec","command":7}"#), RefusalCode::Invalid);
        assert_eq!(code(b"\xff{"), RefusalCode::Invalid);
        assert_eq!(read(br#"{"do":"echo"}"#).unwrap(), Request::Echo);
    }
}
