//! What passes on stdin and stdout: messages of JSON-RPC, one a line. Whatever a client writes, a session goes
//! on, and only the longest message that is read decides how much memory it takes:
//!
//! - a line that is too long is passed over and answered with an error, without an id: nobody has read it;
//! - a line of JSON that is no message is answered with an error, and the id that it has, if any;
//! - a line that is no JSON is passed over in silence, as by the SDKs of the protocol: two programs that answer
//!   each other's noise would never end.
//!
//! stdin's end and a signal mean the same: every call stops at once, its machine with it. Hosts kill a server
//! within half a second of asking it to end.

use rmcp::RoleServer;
use rmcp::model::{ErrorData, RequestId};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use serde_json::Value;
use std::future::Future;
use std::io;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader, Empty};
use tokio_util::sync::CancellationToken;

/// Bytes of the longest message, the same as over HTTP by default in the SDK.
const MAX_MESSAGE: usize = 16 << 20;
/// So much memory is kept from message to message.
const KEPT: usize = 64 << 10;

/// The transport of a server on two streams.
pub(crate) struct Lines<R, W: AsyncWrite> {
    reader: BufReader<R>,
    /// What has been read of the line so far. Here, because reading may be broken off and taken up again.
    line: Vec<u8>,
    /// Whether the line is too long already.
    is_excess: bool,
    writer: AsyncRwTransport<RoleServer, Empty, W>,
    ending: CancellationToken,
}

/// A line of a client.
#[derive(Debug)]
enum Said {
    Message(Box<RxJsonRpcMessage<RoleServer>>),
    /// To be answered with what is wrong with it.
    Wrong(Option<RequestId>, String),
    /// To be passed over.
    Nothing,
}

impl<R: AsyncRead + Send + Unpin, W: AsyncWrite + Send + Unpin + 'static> Lines<R, W> {
    /// `ending` is told when the reader has come to its end.
    pub(crate) fn new(reader: R, writer: W, ending: CancellationToken) -> Self {
        let writer = AsyncRwTransport::new_server(tokio::io::empty(), writer);
        let reader = BufReader::new(reader);
        Self { reader, line: Vec::new(), is_excess: false, writer, ending }
    }

    /// The next line; `None` at the end of all of them. What follows the last line's end is none.
    async fn said(&mut self) -> Option<Said> {
        loop {
            let buffer = self.reader.fill_buf().await.ok().filter(|buffer| !buffer.is_empty())?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let piece = end.map_or(buffer, |end| &buffer[..end]);
            self.is_excess |= self.line.len() + piece.len() > MAX_MESSAGE;
            if self.is_excess {
                self.line = Vec::new();
            } else {
                self.line.extend_from_slice(piece);
            }
            let read = piece.len() + usize::from(end.is_some());
            self.reader.consume(read);
            if end.is_some() {
                return Some(self.finish());
            }
        }
    }

    fn finish(&mut self) -> Said {
        let mut line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.is_excess) {
            return Said::Wrong(
                None,
                format!("a message is longer than {} MiB", MAX_MESSAGE >> 20),
            );
        }
        let said = understand(&line);
        if line.capacity() <= KEPT {
            line.clear();
            self.line = line;
        }
        said
    }
}

fn understand(line: &[u8]) -> Said {
    if let Ok(message) = serde_json::from_slice(line) {
        return Said::Message(Box::new(message));
    }
    let Ok(json) = serde_json::from_slice::<Value>(line) else { return Said::Nothing };
    let id = json.get("id");
    // a notification that this version does not know
    if id.is_none() && json.get("method").is_some_and(Value::is_string) {
        return Said::Nothing;
    }
    // of a request; that of an answer would be the server's own
    let id = id.filter(|_| json.get("method").is_some());
    let id = id.and_then(|id| serde_json::from_value(id.clone()).ok());
    Said::Wrong(id, "not a message of this protocol".to_owned())
}

impl<R, W> Transport<RoleServer> for Lines<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        self.writer.send(message)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            match self.said().await {
                Some(Said::Message(message)) => return Some(*message),
                Some(Said::Wrong(id, what)) => {
                    let error = ErrorData::invalid_request(what, None);
                    // a client that reads no more leaves, which is heard here
                    let _ =
                        self.writer.send(TxJsonRpcMessage::<RoleServer>::error(error, id)).await;
                }
                Some(Said::Nothing) => {}
                None => {
                    self.ending.cancel();
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.writer.close().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCH: &str = "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]";

    fn wrong(line: &str) -> Option<Option<RequestId>> {
        match understand(line.as_bytes()) {
            Said::Wrong(id, _) => Some(id),
            _ => None,
        }
    }

    #[test]
    fn what_is_no_message_is_answered_as_far_as_it_can_be_told_what_it_is() {
        for line in ["", "garbage", "{\"jsonrpc\":", "\"a", "{\"method\":\"$/setTrace\"}"] {
            assert!(matches!(understand(line.as_bytes()), Said::Nothing), "{line}");
        }
        let no_text = understand(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}");
        assert!(matches!(no_text, Said::Nothing), "{no_text:?}");
        for line in ["42", "null", "[]", "{}", "{\"id\":[],\"method\":\"ping\"}", BATCH] {
            assert_eq!(wrong(line), Some(None), "{line}");
        }
        assert_eq!(wrong("{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":5}"), Some(None));
        let id = |number| Some(Some(RequestId::Number(number)));
        assert_eq!(wrong("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":5}"), id(7));
        assert_eq!(wrong("{\"jsonrpc\":\"1.0\",\"id\":8,\"method\":\"ping\"}"), id(8));
        let ping = understand(b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}\r");
        assert!(matches!(ping, Said::Message(_)), "{ping:?}");
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_passed_over_and_the_next_one_is_read() {
        let mut text = vec![b'x'; MAX_MESSAGE + 1];
        text.extend_from_slice(
            b"\n[]\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\nthe rest",
        );
        let ending = CancellationToken::new();
        let mut lines = Lines::new(&text[..], tokio::io::sink(), ending.clone());
        assert!(
            matches!(lines.said().await, Some(Said::Wrong(None, what)) if what.contains("16 MiB"))
        );
        assert!(matches!(lines.said().await, Some(Said::Wrong(None, _))));
        assert!(matches!(lines.receive().await, Some(RxJsonRpcMessage::<RoleServer>::Request(_))));
        assert!(!ending.is_cancelled());
        assert!(lines.receive().await.is_none());
        assert!(ending.is_cancelled());
    }
}
