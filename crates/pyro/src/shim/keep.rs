//! The shim's life: boot the machine, serve whoever asks, and end it when its owner, its time, its
//! VMM or a signal says so; then leave nothing behind. Who its owner is, the assignment says.

use super::activity::Activity;
use super::boot::{Booted, Wanted, boot};
use super::certificates::entrust;
use super::commands::Commands;
use super::desk::Desk;
use super::directory::{Lock, MachineDirectory, SOCKET};
use super::end::{Cause, End};
use super::ledger::{Entry, Ledger, boot_id};
use super::protocol::{Assignment, Tenure};
use super::secrets::deliver;
use super::serve::{accept, greet_front_end};
use super::{ShimError, network, note, orphans};
use crate::error::{AtPath, Report};
use crate::guest::GuestError;
use crate::machine::Vmm;
use crate::machine::backend::Place;
use crate::machine::jail::ProcessIdentity;
use crate::secret::Vault;
use pyro_proto::mux::{Ended, Session, Stream};
use pyro_proto::network::MAX_STREAMS;
use std::cell::{Cell, OnceCell, RefCell};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};

/// How long a guest may take to bring its disk into order.
const POWER_OFF: Duration = Duration::from_secs(15);
/// How long a front end may take to read the last word.
const FAREWELL: Duration = Duration::from_secs(1);

/// The machine and what belongs to it.
pub(super) struct Kept {
    pub(super) executable: PathBuf,
    pub(super) directory: MachineDirectory,
    pub(super) lock: Lock,
    pub(super) assignment: Assignment,
}

pub(super) async fn keep(kept: Kept, lease: UnixStream) -> crate::Result<()> {
    let mut ledger = begin(&kept)?;
    let listener = listen(&kept.directory)?;
    let (publish, machine) = watch::channel(None);
    let (explain, why) = watch::channel(None);
    let (end, mut ends) = mpsc::unbounded_channel();
    let (left, present) = (Notify::new(), RefCell::default());
    let ttl = Duration::from_secs(kept.assignment.ttl_seconds);
    let activity = Activity::new(ttl);
    let vault = kept.workspace().map(Vault::open).transpose()?.unwrap_or_default();
    let commands = kept.workspace().map(|at| Commands::open(at, vault.redactor())).transpose()?;
    let (made, brake) = (Cell::new(false), OnceCell::new());
    let desk =
        Rc::new(Desk { machine, brake, commands, vault, activity, end, made, left, why, present });
    tokio::task::LocalSet::new()
        .run_until(async {
            let lease = adopt_lease(lease, &desk)?;
            let mut terminate = signal(SignalKind::terminate()).map_err(ShimError::Spawn)?;
            let mut farewell = None;
            let mut running = Box::pin(run(&kept, &mut ledger, &publish, &desk));
            let end = tokio::select! {
                why = &mut running => End::new(Cause::Machine, why),
                () = abandoned(&kept.assignment.tenure, &lease, &desk) => {
                    End::new(Cause::Abandoned, "its front end is gone")
                }
                Some((cause, asked)) = ends.recv() => {
                    farewell = Some(asked);
                    End::new(cause, "it was asked to")
                }
                end = time_is_over(&kept, ttl, &desk) => end,
                _ = terminate.recv() => {
                    End::new(Cause::Terminated, "the process that keeps it was terminated")
                }
                () = accept(listener, &desk) => End::new(Cause::Unreachable, "nobody can reach it"),
            };
            if let Some(commands) = &desk.commands {
                commands.machine_ends(&end.why);
            }
            if end.is_gentle() && kept.workspace().is_some() {
                let off = async { tokio::join!(desk.power_off(), &mut running) };
                let _ = tokio::time::timeout(POWER_OFF, off).await;
            }
            drop(running);
            explain.send_replace(Some(end.why.clone()));
            // whoever asks for the end from now on need not wait for an answer
            drop(ends);
            leave_nothing(&kept, &publish, &end, farewell, &desk).await
        })
        .await
}

/// A machine for one command has so long to live, a workspace may be idle for so long.
async fn time_is_over(kept: &Kept, ttl: Duration, desk: &Desk) -> End {
    let seconds = ttl.as_secs();
    if kept.workspace().is_some() {
        desk.activity.idle_too_long().await;
        return End::new(Cause::Expired, "nobody used it for its time to live");
    }
    tokio::time::sleep(ttl).await;
    End::new(Cause::Expired, format!("its time to live of {seconds} s is over"))
}

fn begin(kept: &Kept) -> crate::Result<Ledger> {
    let mut ledger = Ledger::open(kept.directory.ledger())?;
    if let Some(process) = ProcessIdentity::of(rustix::process::getpid()) {
        ledger.record(&Entry::Shim { process, boot_id: boot_id() })?;
    }
    Ok(ledger)
}

/// A socket's path has room for 107 bytes (unix(7)), a home directory may be longer: so it is named
/// from within its directory, where this process stays.
fn listen(directory: &MachineDirectory) -> crate::Result<UnixListener> {
    let (place, name) = (directory.path(), Path::new(SOCKET));
    std::env::set_current_dir(place).at("enter", place)?;
    Ok(UnixListener::bind(name).at("listen on", &directory.socket())?)
}

fn adopt_lease(lease: UnixStream, desk: &Rc<Desk>) -> crate::Result<Session> {
    lease.set_nonblocking(true).map_err(ShimError::Spawn)?;
    let lease = tokio::net::UnixStream::from_std(lease).map_err(ShimError::Spawn)?;
    Ok(greet_front_end(lease, desk))
}

/// Waits until the front end has left that the machine's life hangs on. A machine of nobody's goes
/// only if it has failed: then nobody is left to be told why.
async fn abandoned(tenure: &Tenure, lease: &Session, desk: &Desk) {
    let failed = |machine: &Option<Result<Session, Report>>| matches!(machine, Some(Err(_)));
    let mut machine = desk.machine.clone();
    let released = async {
        lease.ended().await;
        let hangs_on_it = match tenure {
            Tenure::Leased => true,
            Tenure::Detached => false,
            Tenure::Workspace { in_the_making, .. } => *in_the_making && !desk.made.get(),
        };
        if !hangs_on_it && machine.wait_for(failed).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = released => {}
        () = desk.left.notified() => {}
    }
}

/// Boots and opens the way out, and then waits for the machine's end.
async fn run(
    kept: &Kept,
    ledger: &mut Ledger,
    publish: &watch::Sender<Option<Result<Session, Report>>>,
    desk: &Desk,
) -> String {
    let place = Place {
        directory: kept.directory.path(),
        executable: &kept.executable,
        cache: &kept.assignment.cache,
    };
    match begin_life(kept, &desk.vault, &place, ledger).await {
        Ok((mut vmm, guest)) => {
            if let Ok(found) = vmm.brake() {
                let _ = desk.brake.set(found);
            }
            publish.send_replace(Some(Ok(guest.clone())));
            let reason = tokio::select! {
                biased;
                reason = guest.ended() => reason,
                status = vmm.ended() => return format!("its VMM ended ({status})"),
            };
            if let Ended::Violation(_) = reason {
                return format!("its agent is lost: {reason}");
            }
            // the channel ends with the VMM, whose own end says more
            match tokio::time::timeout(Duration::from_millis(200), vmm.ended()).await {
                Ok(status) => format!("its VMM ended ({status})"),
                Err(_) => format!("its agent is lost: {reason}"),
            }
        }
        Err(error) => {
            let report = desk.vault.redactor().report(error.report());
            publish.send_replace(Some(Err(report)));
            // whoever asks is still told why, until the lease ends
            std::future::pending().await
        }
    }
}

/// A machine that is ready for work.
async fn begin_life(
    kept: &Kept,
    vault: &Vault,
    place: &Place<'_>,
    ledger: &mut Ledger,
) -> crate::Result<(Vmm, Session)> {
    let Assignment { machine, network, boot_deadlines, .. } = &kept.assignment;
    let max_incoming = network.as_ref().map_or(0, |_| MAX_STREAMS);
    let wanted = Wanted { machine, max_incoming };
    let Booted { vmm, guest, incoming } = boot(wanted, *boot_deadlines, place, ledger).await?;
    entrust(&kept.assignment, &guest).await?;
    deliver(vault, &machine.backend, &guest).await?;
    if let Some(spec) = network {
        let directory = kept.workspace().unwrap_or(kept.directory.path());
        network::open(spec, (directory, vault.redactor()), &guest, incoming).await?;
    }
    Ok((vmm, guest))
}

impl Kept {
    /// The directory of the workspace whose machine it is.
    fn workspace(&self) -> Option<&Path> {
        match &self.assignment.tenure {
            Tenure::Workspace { directory, .. } => Some(directory),
            Tenure::Leased | Tenure::Detached => None,
        }
    }
}

/// The VMM is dead by now (its handle was dropped with [`run`]): whoever waits for the guest learns
/// why, what the guest left on the host is killed, the directory goes, whoever waits for the boot
/// learns why there is none, and then the last word is said.
async fn leave_nothing(
    kept: &Kept,
    publish: &watch::Sender<Option<Result<Session, Report>>>,
    end: &End,
    farewell: Option<Stream>,
    desk: &Desk,
) -> crate::Result<()> {
    if let Some(Ok(guest)) = publish.borrow().as_ref() {
        guest.close();
    }
    orphans::end_all();
    if let Some(commands) = &desk.commands {
        let _ = tokio::time::timeout(FAREWELL, commands.all_ended()).await;
    }
    if let Some(workspace) = kept.workspace() {
        note::write(workspace, &end.note(desk.activity.last_at()))?;
    }
    kept.directory.remove(&kept.lock)?;
    publish.send_if_modified(|machine| {
        let boots = machine.is_none();
        if boots {
            let gone = GuestError::Gone(format!("the machine ended during its boot: {}", end.why));
            *machine = Some(Err(crate::Error::from(gone).report()));
        }
        boots
    });
    if let Some(mut stream) = farewell {
        let _ = stream.sender.finish().await;
        let _ = tokio::time::timeout(FAREWELL, stream.receiver.next()).await;
    }
    // whoever is connected reads the last words, and leaves
    let mut present = desk.present.take();
    let _ = tokio::time::timeout(FAREWELL, async { while present.join_next().await.is_some() {} })
        .await;
    Ok(())
}
