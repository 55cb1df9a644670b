//! A connection to a server in the guest.

use pyro_proto::mux::{Item, Session, Stream};
use pyro_proto::request::Request;
use pyro_proto::{Refusal, RefusalCode};
use std::time::Duration;

/// How long a guest may take to connect to itself, or to say that nobody answers.
const PATIENCE: Duration = Duration::from_secs(15);

/// Connects to `localhost` or an address of the guest; a stream of bytes from here on.
pub(super) async fn connect(guest: &Session, host: &str, port: u16) -> Result<Stream, Refusal> {
    let request = Request::Connect { host: host.to_owned(), port };
    let connecting = async {
        let mut stream = guest.open(&request).await?;
        match stream.receiver.next().await {
            Item::Message(_) => Ok(stream),
            Item::Reset(refusal) => Err(refusal),
            Item::Data(..) | Item::Finish => {
                Err(Refusal::new(RefusalCode::Failed, "not an answer to a connection"))
            }
        }
    };
    let overdue = |_| Err(Refusal::new(RefusalCode::Failed, "nobody answers"));
    tokio::time::timeout(PATIENCE, connecting).await.unwrap_or_else(overdue)
}
