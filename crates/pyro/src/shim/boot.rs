//! From a spec to a greeted agent: with a deadline, and one more try.

use super::ledger::{Entry, Ledger};
use crate::guest::greet::{GreetError, greet};
use crate::machine::backend::Place;
use crate::machine::console::Console;
use crate::machine::{Backend, Launched, MachineError, MachineSpec, Vmm};
use pyro_proto::handshake::HandshakeError;
use pyro_proto::mux::Session;
use std::time::Duration;

/// A machine whose agent has answered.
pub(super) struct Booted {
    pub(super) vmm: Vmm,
    pub(super) guest: Session,
}

/// Boots the machine; a guest that does not answer gets a second chance, any other failure is final.
pub(super) async fn boot(
    spec: &MachineSpec,
    [first, second]: [Duration; 2],
    place: &Place<'_>,
    ledger: &mut Ledger,
) -> crate::Result<Booted> {
    match attempt(spec, place, ledger, first).await? {
        Err(MachineError::BootDeadline { .. }) => Ok(attempt(spec, place, ledger, second).await??),
        outcome => Ok(outcome?),
    }
}

/// The outer error is the shim's own, the inner one the machine's.
async fn attempt(
    spec: &MachineSpec,
    place: &Place<'_>,
    ledger: &mut Ledger,
    deadline: Duration,
) -> crate::Result<Result<Booted, MachineError>> {
    ledger.record(&Entry::VmmIntended)?;
    let Launched { mut vmm, channel, console: output } = match spec.backend.launch(spec, place) {
        Ok(launched) => launched,
        Err(error) => return Ok(Err(error)),
    };
    ledger.record(&Entry::Vmm { processes: vmm.identities() })?;
    let console = Console::default();
    let mut following = output.map(|source| tokio::spawn(console.clone().follow(source)));
    let failed = tokio::select! {
        biased;
        greeted = greet(channel, &spec.id) => match greeted {
            Ok((guest, _)) => return Ok(Ok(Booted { vmm, guest })),
            Err(GreetError::Boot(note)) => Some(MachineError::Boot { note }),
            Err(GreetError::Handshake(error)) => Some(error.into()),
        },
        _ = vmm.ended() => None,
        () = tokio::time::sleep(deadline) => {
            Some(MachineError::BootDeadline { deadline, console: console.tail() })
        }
    };
    // a channel that ends with its VMM says less than how the VMM ended
    let status = tokio::time::timeout(Duration::from_millis(500), vmm.ended()).await.ok();
    let error = match (failed, status) {
        (None | Some(MachineError::Handshake(HandshakeError::Channel(_))), Some(status)) => {
            if let Some(following) = following.take() {
                let _ = tokio::time::timeout(Duration::from_millis(200), following).await;
            }
            MachineError::EndedInBoot { status, console: console.tail() }
        }
        (Some(error), _) => error,
        (None, None) => {
            MachineError::EndedInBoot { status: "ended".into(), console: console.tail() }
        }
    };
    drop(vmm);
    ledger.record(&Entry::VmmGone)?;
    Ok(Err(error))
}
