//! A machine held still, so that its disk can be copied as it is at one moment. Its guest brings the file
//! system into order and freezes it; one that cannot, or does not want to, is stopped all the same,
//! and the copy is what a loss of power would have left. Whoever the front end is, the machine goes on
//! when it is gone.

use super::desk::Desk;
use super::protocol::Still;
use crate::guest::freeze::{Frozen, freeze, sync};
use pyro_proto::mux::{Session, Stream};
use pyro_proto::request::Request;
use pyro_proto::{Refusal, RefusalCode};
use std::time::Duration;

/// How long a guest may take to write what it has, and to freeze. Commands wait meanwhile only for the
/// second, which has little left to write after the first.
const PATIENCE: Duration = Duration::from_secs(30);
/// The freeze ends with its stream. Should this process hang, it ends after so long: by the guest's clock,
/// which may go on while the guest stands still, so longer than any copy.
const LIMIT: Duration = Duration::from_secs(600);
/// How long a guest may take to say that it goes on.
const THAW: Duration = Duration::from_secs(5);

/// Holds the machine still until the front end lets it go on; others wait for their turn.
pub(super) async fn hold(mut stream: Stream, desk: &Desk) {
    let _turn = desk.standing.lock().await;
    let guest = match desk.guest().await {
        Ok(guest) => guest,
        Err(refusal) => return stream.sender.reset(&refusal),
    };
    let frozen = tokio::time::timeout(PATIENCE, frozen(&guest)).await.ok().flatten();
    match desk.brake.get() {
        Some(brake) => match brake.stop().await {
            Ok(_standstill) => {
                let still = Still { frozen: frozen.is_some() };
                if stream.sender.message(&still).await.is_ok() {
                    let _ = stream.receiver.next().await;
                }
            }
            Err(error) => return stream.sender.reset(&cannot_stop(&error)),
        },
        None => return stream.sender.reset(&Refusal::disconnected()),
    }
    if let Some(frozen) = frozen {
        // it thaws without an answer, too
        let _ = tokio::time::timeout(THAW, frozen.thaw()).await;
    }
    let _ = stream.sender.finish().await;
}

/// None where the guest does not freeze.
async fn frozen(guest: &Session) -> Option<Frozen> {
    // what cannot be written now cannot be written later either
    let _ = sync(guest.open(&Request::Sync).await.ok()?).await;
    let limit_ms = u64::try_from(LIMIT.as_millis()).unwrap_or(u64::MAX);
    freeze(guest.open(&Request::Freeze { limit_ms }).await.ok()?).await.ok()
}

fn cannot_stop(error: &std::io::Error) -> Refusal {
    Refusal::new(
        RefusalCode::Failed,
        format!("the machine cannot be stopped for a moment: {error}"),
    )
}
