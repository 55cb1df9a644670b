//! From a spec to a greeted agent: with a deadline, and one more try.

use super::ledger::{Entry, Ledger};
use crate::guest::greet::{GreetError, greet};
use crate::machine::backend::Place;
use crate::machine::console::Console;
use crate::machine::{Backend, Channel, Launched, MachineError, MachineSpec, Vmm};
use pyro_proto::handshake::HandshakeError;
use pyro_proto::mux::{Incoming, Session};
use std::time::Duration;

/// A machine whose agent has answered.
pub(super) struct Booted {
    pub(super) vmm: Vmm,
    pub(super) guest: Session,
    /// The streams that the guest opens.
    pub(super) incoming: Incoming,
}

/// What a machine is to boot as.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) machine: &'a MachineSpec,
    /// How many streams its guest may open.
    pub(super) max_incoming: usize,
}

/// Boots the machine; a guest that does not answer gets a second chance, any other failure is final.
pub(super) async fn boot(
    wanted: Wanted<'_>,
    [first, second]: [Duration; 2],
    place: &Place<'_>,
    ledger: &mut Ledger,
) -> crate::Result<Booted> {
    match attempt(wanted, place, ledger, first).await? {
        Err(MachineError::BootDeadline { .. }) => {
            Ok(attempt(wanted, place, ledger, second).await??)
        }
        outcome => Ok(outcome?),
    }
}

/// The outer error is the shim's own, the inner one the machine's.
async fn attempt(
    Wanted { machine: spec, max_incoming }: Wanted<'_>,
    place: &Place<'_>,
    ledger: &mut Ledger,
    deadline: Duration,
) -> crate::Result<Result<Booted, MachineError>> {
    ledger.record(&Entry::VmmIntended)?;
    let Launched { mut vmm, mut channel, console: output } = match spec.backend.launch(spec, place)
    {
        Ok(launched) => launched,
        Err(error) => return Ok(Err(error)),
    };
    ledger.record(&Entry::Vmm { processes: vmm.identities() })?;
    let console = Console::default();
    let mut following = output.map(|source| tokio::spawn(console.clone().follow(source)));
    let failed = tokio::select! {
        biased;
        met = meet(&mut channel, &spec.id, max_incoming) => match met {
            Ok((guest, incoming)) => return Ok(Ok(Booted { vmm, guest, incoming })),
            Err(error) => Some(error),
        },
        _ = vmm.ended() => None,
        () = tokio::time::sleep(deadline) => {
            let (stage, console) = (channel.stage(), console.quote());
            Some(MachineError::BootDeadline { stage, deadline, console })
        }
    };
    // a channel that ends with its VMM says less than how the VMM ended
    let status = tokio::time::timeout(Duration::from_millis(500), vmm.ended()).await.ok();
    let error = match (failed, status) {
        (Some(error), _) if !is_loss(&error) => error,
        (Some(error), None) => error,
        (_, status) => {
            if let Some(following) = following.take() {
                let _ = tokio::time::timeout(Duration::from_millis(200), following).await;
            }
            let status = status.unwrap_or_else(|| "ended".into());
            let (stage, console) = (channel.stage(), console.quote());
            MachineError::EndedInBoot { stage, status, console }
        }
    };
    drop(vmm);
    ledger.record(&Entry::VmmGone)?;
    Ok(Err(error))
}

/// Greets the agent on each connection that comes, until one holds. A connection that is dropped or
/// silent is nothing but that where another can follow: Firecracker accepts and drops some after a
/// snapshot was restored.
async fn meet(
    channel: &mut Channel,
    name: &str,
    max_incoming: usize,
) -> Result<(Session, Incoming), MachineError> {
    let mut last = None;
    loop {
        let Some(stream) = channel.next().await? else {
            let silent = || HandshakeError::Channel(std::io::ErrorKind::TimedOut.into());
            return Err(last.unwrap_or_else(silent).into());
        };
        let greeting = greet(stream, name, max_incoming);
        let greeted = match channel.patience() {
            None => greeting.await,
            Some(patience) => match tokio::time::timeout(patience, greeting).await {
                Ok(greeted) => greeted,
                Err(_) => continue,
            },
        };
        match greeted {
            Ok(met) => return Ok(met),
            Err(GreetError::Boot(note)) => return Err(MachineError::Boot { note }),
            Err(GreetError::Handshake(error @ HandshakeError::Channel(_))) => last = Some(error),
            Err(GreetError::Handshake(error)) => return Err(error.into()),
        }
    }
}

/// Whether all that is known is that nobody is there any more.
fn is_loss(error: &MachineError) -> bool {
    matches!(error, MachineError::Lost { .. } | MachineError::Handshake(HandshakeError::Channel(_)))
}
