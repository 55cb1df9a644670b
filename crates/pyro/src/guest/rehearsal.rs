//! A guest that says what a test tells it to.

use pyro_proto::frame::Lane;
use pyro_proto::mux::{Session, Side, Stream};
use pyro_proto::request::Request;

/// What it does next.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Sends bytes on the main lane.
    Data(Vec<u8>),
    /// Sends a byte on the other lane.
    Error,
    /// Sends a message that is JSON already.
    Say(&'static str),
    /// Has no more to send.
    Finish,
}

/// The host's end of a stream on which the guest does all that.
pub(super) async fn rehearse(acts: Vec<Act>) -> Stream {
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    let (session, _) = Session::start(ours, Side::Host, bytes::BytesMut::new(), 0);
    tokio::spawn(async move {
        let (_session, mut incoming) =
            Session::start(theirs, Side::Agent, bytes::BytesMut::new(), 8);
        let (_, mut stream) = incoming.next().await.unwrap();
        for act in acts {
            match act {
                Act::Data(bytes) => stream.sender.send(Lane::Main, &bytes).await,
                Act::Error => stream.sender.send(Lane::Err, b"x").await,
                Act::Say(json) => stream.sender.message_bytes(json.as_bytes()).await,
                Act::Finish => stream.sender.finish().await,
            }
            .ok();
        }
        std::future::pending::<()>().await;
    });
    session.open(&Request::Echo).await.unwrap()
}
