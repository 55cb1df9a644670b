//! Stops every write to the workspace's disk for a moment, so that the host can copy it.

use crate::agent::Agent;
use crate::disk::Ice;
use pyro_proto::mux::{Item, Receiver, Sender, Stream};
use pyro_proto::tree::{Frozen, Thawed};
use pyro_proto::{Refusal, RefusalCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;

/// Whatever becomes of the stream and of this future, the disk thaws: the ice melts when it is dropped.
pub(super) async fn run(agent: Arc<Agent>, limit_ms: u64, stream: Stream) {
    let (mut sender, mut receiver) = stream.split();
    let told = match freeze(&agent).await {
        Ok(ice) => hold(ice, Duration::from_millis(limit_ms), &mut sender, &mut receiver).await,
        Err(refusal) => return sender.reset(&refusal),
    };
    // a host that is gone needs no answer
    if let Some(thawed) = told
        && sender.message(&thawed).await.is_ok()
    {
        let _ = sender.finish().await;
    }
}

async fn freeze(agent: &Arc<Agent>) -> Result<Ice, Refusal> {
    let disk = agent.disk.clone();
    match spawn_blocking(move || Ice::over(&disk)).await {
        Ok(frozen) => {
            frozen.map_err(|e| Refusal::from_io("cannot freeze the workspace's disk", &e))
        }
        Err(_) => Err(Refusal::new(RefusalCode::Failed, "freezing the disk has stopped")),
    }
}

/// Keeps the disk frozen until the host has finished; none if it has given up. After the limit the
/// disk is not, and the host hears of that when it finishes.
async fn hold(
    ice: Ice,
    limit: Duration,
    sender: &mut Sender,
    receiver: &mut Receiver,
) -> Option<Thawed> {
    sender.message(&Frozen {}).await.ok()?;
    tokio::select! {
        finished = finish(receiver) => {
            finished?;
            Some(Thawed { in_time: thaw(ice) })
        }
        () = tokio::time::sleep(limit) => {
            thaw(ice);
            finish(receiver).await?;
            Some(Thawed { in_time: false })
        }
    }
}

async fn finish(receiver: &mut Receiver) -> Option<()> {
    loop {
        match receiver.next().await {
            Item::Finish => return Some(()),
            Item::Reset(_) => return None,
            Item::Data(..) | Item::Message(_) => {}
        }
    }
}

/// Whether it was frozen up to now. Done at once: the threads for blocking work may all wait for this.
fn thaw(ice: Ice) -> bool {
    ice.melt().is_ok()
}
