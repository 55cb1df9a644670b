//! The shim's life: boot the machine, serve whoever asks, and end it when its owner, its time, its
//! VMM or a signal says so; then leave nothing behind. Who its owner is, the assignment says.

use super::boot::{Booted, boot};
use super::directory::{Lock, MachineDirectory, SOCKET};
use super::ledger::{Entry, Ledger, boot_id};
use super::protocol::{Ask, Assignment, Ready, Tenure};
use super::relay::relay;
use super::{ShimError, orphans};
use crate::error::{AtPath, Report};
use crate::guest::GuestError;
use crate::machine::backend::Place;
use crate::machine::jail::ProcessIdentity;
use bytes::{Bytes, BytesMut};
use pyro_proto::mux::{Ended, Incoming, Session, Side, Stream};
use pyro_proto::{Refusal, RefusalCode};
use std::cell::RefCell;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

/// Streams that one front end may have open.
const MAX_STREAMS: usize = 256;
/// How long a front end may take to read the last word.
const FAREWELL: Duration = Duration::from_secs(1);

/// The machine and what belongs to it.
pub(super) struct Kept {
    pub(super) executable: PathBuf,
    pub(super) directory: MachineDirectory,
    pub(super) lock: Lock,
    pub(super) assignment: Assignment,
}

/// What the front ends' requests work on.
struct Desk {
    /// The agent's session, once there is one, or why there is none.
    machine: Machine,
    /// Who asked for the end and waits for it.
    end: mpsc::UnboundedSender<Stream>,
    /// Rings when a front end leaves that the machine's life hung on.
    left: Notify,
    /// Why the machine ended, once it has.
    why: watch::Receiver<Option<String>>,
    /// Front ends, as long as they are connected.
    present: RefCell<JoinSet<()>>,
}

type Machine = watch::Receiver<Option<Result<Session, Report>>>;

pub(super) async fn keep(kept: Kept, lease: UnixStream) -> crate::Result<()> {
    let mut ledger = begin(&kept)?;
    let listener = listen(&kept.directory)?;
    let (publish, machine) = watch::channel(None);
    let (explain, why) = watch::channel(None);
    let (end, mut ends) = mpsc::unbounded_channel();
    let (left, present) = (Notify::new(), RefCell::default());
    let desk = Rc::new(Desk { machine, end, left, why, present });
    let ttl = Duration::from_secs(kept.assignment.ttl_seconds);
    tokio::task::LocalSet::new()
        .run_until(async {
            let lease = adopt_lease(lease, &desk)?;
            let mut terminate = signal(SignalKind::terminate()).map_err(ShimError::Spawn)?;
            let mut farewell = None;
            let why = tokio::select! {
                why = run(&kept, &mut ledger, &publish) => why,
                () = abandoned(kept.assignment.tenure, &lease, &desk) => {
                    "its front end is gone".to_owned()
                }
                asked = ends.recv() => {
                    farewell = asked;
                    "it was asked to".to_owned()
                }
                () = tokio::time::sleep(ttl) => {
                    format!("its time to live of {} s is over", ttl.as_secs())
                }
                _ = terminate.recv() => "the process that keeps it was terminated".to_owned(),
                () = accept(listener, &desk) => "nobody can reach it".to_owned(),
            };
            explain.send_replace(Some(why.clone()));
            // whoever asks for the end from now on need not wait for an answer
            drop(ends);
            leave_nothing(&kept, &publish, &why, farewell, &desk).await
        })
        .await
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
async fn abandoned(tenure: Tenure, lease: &Session, desk: &Desk) {
    let failed = |machine: &Option<Result<Session, Report>>| matches!(machine, Some(Err(_)));
    let mut machine = desk.machine.clone();
    let released = async {
        lease.ended().await;
        if tenure == Tenure::Detached && machine.wait_for(failed).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = released => {}
        () = desk.left.notified() => {}
    }
}

/// Boots, and then waits for the machine's end.
async fn run(
    kept: &Kept,
    ledger: &mut Ledger,
    publish: &watch::Sender<Option<Result<Session, Report>>>,
) -> String {
    let place = Place {
        directory: kept.directory.path(),
        executable: &kept.executable,
        cache: &kept.assignment.cache,
    };
    let Assignment { machine, boot_deadlines, .. } = &kept.assignment;
    match boot(machine, *boot_deadlines, &place, ledger).await {
        Ok(Booted { mut vmm, guest }) => {
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
            publish.send_replace(Some(Err(error.report())));
            // whoever asks is still told why, until the lease ends
            std::future::pending().await
        }
    }
}

/// Front ends beside the first: only this user's.
async fn accept(listener: UnixListener, desk: &Rc<Desk>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await; // out of descriptors: others end
            continue;
        };
        let me = rustix::process::geteuid().as_raw();
        if socket.peer_cred().is_ok_and(|peer| peer.uid() == me) {
            greet_front_end(socket, desk);
        }
    }
}

fn greet_front_end(socket: tokio::net::UnixStream, desk: &Rc<Desk>) -> Session {
    let (session, incoming) = Session::start(socket, Side::Agent, BytesMut::new(), MAX_STREAMS);
    let mut present = desk.present.borrow_mut();
    while present.try_join_next().is_some() {}
    present.spawn_local(serve(incoming, desk.clone()));
    session
}

async fn serve(mut incoming: Incoming, desk: Rc<Desk>) {
    while let Some((ask, stream)) = incoming.next().await {
        tokio::task::spawn_local(answer(ask, stream, desk.clone()));
    }
}

async fn answer(ask: Bytes, mut stream: Stream, desk: Rc<Desk>) {
    let ask = match serde_json::from_slice(&ask) {
        Ok(ask) => ask,
        Err(error) => {
            let refusal = Refusal::new(RefusalCode::Unsupported, error.to_string());
            return stream.sender.reset(&refusal);
        }
    };
    match ask {
        Ask::End => {
            let _ = desk.end.send(stream);
        }
        Ask::Lease => {
            if stream.sender.message(&"leased").await.is_ok() {
                let _ = stream.receiver.next().await;
            }
            desk.left.notify_one();
        }
        Ask::Ready => {
            let ready = match desk.machine().await {
                Some(Ok(_)) => Ready::Yes,
                Some(Err(report)) => Ready::Failed(report),
                None => return stream.sender.reset(&Refusal::disconnected()),
            };
            if stream.sender.message(&ready).await.is_ok() {
                let _ = stream.sender.finish().await;
            }
        }
        Ask::Guest { request } => match desk.machine().await {
            Some(Ok(guest)) => {
                relay(&request, stream, &guest, |refusal| desk.explained(refusal)).await;
            }
            Some(Err(report)) => {
                stream.sender.reset(&Refusal::new(RefusalCode::Failed, report.message));
            }
            None => stream.sender.reset(&Refusal::disconnected()),
        },
    }
}

impl Desk {
    /// Waits until the machine is there or has failed.
    async fn machine(&self) -> Option<Result<Session, Report>> {
        let mut machine = self.machine.clone();
        machine.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// A lost connection to the guest, in words that mean something to the front end.
    async fn explained(&self, refusal: Refusal) -> Refusal {
        if refusal.code != RefusalCode::Disconnected {
            return refusal;
        }
        let mut why = self.why.clone();
        match tokio::time::timeout(FAREWELL, why.wait_for(Option::is_some)).await {
            Ok(Ok(why)) => {
                let why = why.as_deref().unwrap_or("for no known reason");
                Refusal::new(RefusalCode::Disconnected, format!("the machine ended: {why}"))
            }
            _ => refusal,
        }
    }
}

/// The VMM is dead by now (its handle was dropped with [`run`]): whoever waits for the guest learns
/// why, what the guest left on the host is killed, the directory goes, whoever waits for the boot
/// learns why there is none, and then the last word is said.
async fn leave_nothing(
    kept: &Kept,
    publish: &watch::Sender<Option<Result<Session, Report>>>,
    why: &str,
    farewell: Option<Stream>,
    desk: &Desk,
) -> crate::Result<()> {
    if let Some(Ok(guest)) = publish.borrow().as_ref() {
        guest.close();
    }
    orphans::end_all();
    kept.directory.remove(&kept.lock)?;
    publish.send_if_modified(|machine| {
        let boots = machine.is_none();
        if boots {
            let gone = GuestError::Gone(format!("the machine ended during its boot: {why}"));
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
