//! Opens the way out of a guest, where its machine has one.

use crate::network::{Gate, NetworkError, NetworkSpec};
use crate::secret::Redactor;
use pyro_proto::mux::{Incoming, Item, Session};
use pyro_proto::request::Request;
use std::path::Path;
use std::time::Duration;

/// How long the agent may take to set its side up. It takes some 40 ms on an emulated CPU.
const PATIENCE: Duration = Duration::from_secs(15);

/// Lets the guest out as far as `spec` says, and logs in `directory`, without secrets, until the session
/// ends.
pub(super) async fn open(
    spec: &NetworkSpec,
    (directory, redactor): (&Path, &Redactor),
    guest: &Session,
    incoming: Incoming,
) -> Result<(), NetworkError> {
    let gate = Gate::new(spec.clone(), directory).redacting(redactor.clone());
    tokio::task::spawn_local(gate.keep(incoming));
    match tokio::time::timeout(PATIENCE, start(spec, guest)).await {
        Ok(started) => started,
        Err(_) => Err(NetworkError::Guest("it did not answer in time".to_owned())),
    }
}

async fn start(spec: &NetworkSpec, guest: &Session) -> Result<(), NetworkError> {
    let failed = |why: String| NetworkError::Guest(why);
    let request = Request::StartNetwork { reachable: spec.reachable() };
    let mut stream = guest.open(&request).await.map_err(|refusal| failed(refusal.message))?;
    match stream.receiver.next().await {
        Item::Message(_) => Ok(()),
        Item::Reset(refusal) => Err(failed(refusal.message)),
        Item::Data(..) | Item::Finish => Err(failed("it gave no answer".to_owned())),
    }
}
