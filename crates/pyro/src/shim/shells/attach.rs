//! Joins a front end's terminal to a shell, byte for byte in both directions, until either of them ends.

use super::open_shell::OpenShell;
use pyro_proto::Refusal;
use pyro_proto::frame::{Lane, MAX_DATA};
use pyro_proto::mux::{Item, Receiver, Sender};
use pyro_proto::shell::Size;

/// A front end that leaves changes nothing.
pub(super) async fn attach(
    shell: &OpenShell,
    from: u64,
    size: Size,
    sender: &mut Sender,
    receiver: &mut Receiver,
) -> Result<(), Refusal> {
    shell.resize(size).await;
    tokio::select! {
        shown = show(shell, from, sender) => shown,
        () = obey(shell, receiver) => sender.finish().await,
    }
}

async fn show(shell: &OpenShell, from: u64, sender: &mut Sender) -> Result<(), Refusal> {
    let mut place = from;
    loop {
        let (from, bytes) = shell.read(place, MAX_DATA);
        if bytes.is_empty() && !shell.runs() {
            sender.message(&shell.state()).await?;
            return sender.finish().await;
        }
        if bytes.is_empty() {
            shell.more_than(from).await;
        } else {
            sender.send(Lane::Main, &bytes).await?;
        }
        place = from + bytes.len() as u64;
    }
}

/// Types what comes; a new size counts at once.
async fn obey(shell: &OpenShell, receiver: &mut Receiver) {
    loop {
        match receiver.next().await {
            Item::Data(_, bytes) => {
                shell.write(&bytes).await;
            }
            Item::Message(json) => {
                if let Ok(size) = serde_json::from_slice(&json) {
                    shell.resize(size).await;
                }
            }
            Item::Finish | Item::Reset(_) => return,
        }
    }
}
