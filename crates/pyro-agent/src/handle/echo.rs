//! Sends back what comes, until the host has finished.

use pyro_proto::mux::{Item, Stream};

pub(super) async fn run(mut stream: Stream) {
    loop {
        let sent = match stream.receiver.next().await {
            Item::Data(lane, bytes) => stream.sender.send(lane, &bytes).await,
            Item::Message(message) => stream.sender.message_bytes(&message).await,
            Item::Finish => {
                // a host that is gone needs no answer
                let _ = stream.sender.finish().await;
                return;
            }
            Item::Reset(_) => return,
        };
        if sent.is_err() {
            return;
        }
    }
}
