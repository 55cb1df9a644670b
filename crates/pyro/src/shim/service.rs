//! The life of one service: it is started, looked at until it is ready, listened to, and ended. It belongs to
//! the workspace: whoever asked for it may leave.

use super::activity::Busy;
use super::desk::Desk;
use super::ports::Ports;
use super::probe::until_ready;
use super::services::{Account, Services};
use crate::clock::now;
use crate::guest::GuestError;
use crate::service::{Order, Service, ServiceError, State, StopReason};
use pyro_proto::mux::{Item, Messenger, Receiver, Session, Stream};
use pyro_proto::request::{ExecControl, ExecExit, ExecStarted, Request};
use pyro_proto::{Refusal, RefusalCode};
use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a guest may take to start a command.
const START: Duration = Duration::from_secs(30);
/// How long a service may take to obey SIGTERM.
const GRACE: Duration = Duration::from_secs(5);
/// How long the guest may take to say that a killed one has ended.
const LAST_WORD: Duration = Duration::from_secs(3);
/// SIGTERM, signal(7).
const SIGTERM: i32 = 15;

/// What a service is started with.
struct Beginning {
    order: Order,
    account: Account,
    ports: Ports,
    guest: Session,
    /// It is activity as long as it runs.
    busy: Busy,
}

/// Where the word goes that it is ready, or why it will never be. Said once.
struct Word(Option<oneshot::Sender<crate::Result<Service>>>);

/// Why a service is being ended.
enum Unwanted {
    Asked,
    NotReady(String),
}

/// How a service ended.
enum End {
    /// It did, and the guest said how.
    Exited(i32),
    /// It did not although it was killed, or the guest did not say so.
    Unheard,
    /// It could not be started, or its machine is gone.
    Lost(Refusal),
}

/// Starts a service and waits until it is ready.
pub(super) async fn start(mut order: Order, desk: &Rc<Desk>) -> crate::Result<Service> {
    order.exec.env.extend(desk.vault.environment(&order.secret_env)?);
    let services = desk.services.as_ref().ok_or(ServiceError::NoWorkspace)?;
    let guest = desk.guest().await.map_err(GuestError::from)?;
    services.check_free(&order.name)?;
    let ports = Ports::bind(&order.publish)?;
    let account = services.begin(&order, ports.published())?;
    let (tell, told) = oneshot::channel();
    let busy = desk.activity.work();
    let beginning = Beginning { order, account, ports, guest, busy };
    tokio::task::spawn_local(live(beginning, desk.clone(), Word(Some(tell))));
    told.await.unwrap_or_else(|_| Err(GuestError::from(Refusal::disconnected()).into()))
}

/// From its start to its end.
async fn live(beginning: Beginning, desk: Rc<Desk>, mut word: Word) {
    let Some(services) = desk.services.as_ref() else { return };
    let Beginning { order, mut account, ports, guest, busy: _busy } = beginning;
    let (killed, mut unwanted) = (Cell::new(false), None);
    let end = match begin(&order, &guest).await {
        Ok((started, stream)) => {
            account.service.pid = Some(started.pid);
            if order.readiness.is_some() {
                // whoever looks meanwhile misses its pid, and nothing else
                let _ = services.record(&account);
            }
            let _open = ports.open(&guest, &services.connections);
            let attended = Attended { account: &mut account, services, killed: &killed };
            attend(attended, (&order, &guest), stream, &mut word, &mut unwanted).await
        }
        Err(refusal) => End::Lost(refusal),
    };
    let last = conclude(&end, account.service.state, unwanted.as_ref(), killed.get());
    let recorded = services.close(&mut account, last);
    let why = match (recorded, end, unwanted) {
        (Err(error), ..) => error.into(),
        (_, End::Lost(refusal), _) => GuestError::from(desk.explained(refusal).await).into(),
        (_, End::Exited(exit_code), None) => {
            let (name, last_lines) = (order.name, services.last_lines(&account));
            ServiceError::Ended { name, exit_code, last_lines }.into()
        }
        (_, _, Some(Unwanted::NotReady(why))) => {
            let (name, last_lines) = (order.name, services.last_lines(&account));
            let seconds = order.readiness.map_or(0, |readiness| readiness.timeout_seconds);
            ServiceError::NotReady { name, seconds, why, last_lines }.into()
        }
        (_, _, Some(Unwanted::Asked) | None) => ServiceError::Stopped(order.name).into(),
    };
    word.say(Err(why));
}

/// Starts the command.
async fn begin(order: &Order, guest: &Session) -> Result<(ExecStarted, Stream), Refusal> {
    let failed = |why| Refusal::new(RefusalCode::Failed, why);
    let starting = async {
        let mut stream = guest.open(&Request::Exec(order.exec.clone())).await?;
        stream.sender.finish().await?;
        match stream.receiver.next().await {
            Item::Message(json) => match serde_json::from_slice(&json) {
                Ok(started) => Ok((started, stream)),
                Err(_) => Err(failed("a start that cannot be read")),
            },
            Item::Reset(refusal) => Err(refusal),
            Item::Data(..) | Item::Finish => Err(failed("a service without a start")),
        }
    };
    let overdue = |_| Err(failed("the guest does not start the service"));
    tokio::time::timeout(START, starting).await.unwrap_or_else(overdue)
}

/// A service that is attended.
struct Attended<'a> {
    account: &'a mut Account,
    services: &'a Services,
    /// Whether it was killed.
    killed: &'a Cell<bool>,
}

/// Stays with a service until it has ended.
async fn attend(
    Attended { account, services, killed }: Attended<'_>,
    (order, guest): (&Order, &Session),
    stream: Stream,
    word: &mut Word,
    unwanted: &mut Option<Unwanted>,
) -> End {
    let (to, mut from) = stream.split();
    let messenger = to.messenger();
    let alive = account.alive.clone();
    let mut ready = pin!(until_ready(order, guest));
    let mut starting = true;
    let mut ending: Pin<Box<dyn Future<Output = ()>>> = Box::pin(std::future::pending());
    loop {
        tokio::select! {
            // one that is ready at once is running before it can have ended
            biased;
            looked = &mut ready, if starting => {
                starting = false;
                match looked {
                    Ok(()) => {
                        account.service.state = State::Running;
                        account.service.ready_at = order.readiness.as_ref().map(|_| now());
                        let recorded = services.record(account).map_err(Into::into);
                        word.say(recorded.map(|()| account.service.clone()));
                    }
                    Err(why) => {
                        *unwanted = Some(Unwanted::NotReady(why));
                        ending = Box::pin(end_it(messenger.clone(), killed));
                    }
                }
            }
            () = alive.unwanted(), if unwanted.is_none() => {
                starting = false;
                *unwanted = Some(Unwanted::Asked);
                ending = Box::pin(end_it(messenger.clone(), killed));
            }
            // dropping its stream is the last that can be done
            () = &mut ending => return End::Unheard,
            item = heard(&mut from, account) => if let Some(end) = item { return end },
        }
    }
}

/// Takes the next thing that the guest says about it; its end, if it is that.
async fn heard(from: &mut Receiver, account: &mut Account) -> Option<End> {
    Some(match from.next().await {
        Item::Data(lane, bytes) => {
            account.take(lane, bytes);
            return None;
        }
        Item::Message(json) => match serde_json::from_slice::<ExecExit>(&json) {
            // as a shell could report it: the guest may say anything
            Ok(exit) => End::Exited(exit.code.clamp(0, 255)),
            Err(_) => End::Unheard,
        },
        Item::Finish => End::Unheard,
        Item::Reset(refusal) => End::Lost(refusal),
    })
}

/// Asks it to end, and kills everything of it where it does not.
async fn end_it(messenger: Messenger, killed: &Cell<bool>) {
    let polite = messenger.send(&ExecControl::Signal { signal: SIGTERM });
    let _ = tokio::time::timeout(GRACE, async {
        let _ = polite.await;
        std::future::pending::<()>().await;
    })
    .await;
    killed.set(true);
    let _ = tokio::time::timeout(LAST_WORD, async {
        let _ = messenger.send(&ExecControl::Kill).await;
        std::future::pending::<()>().await;
    })
    .await;
}

/// What is recorded about its end.
fn conclude(
    end: &End,
    state: State,
    unwanted: Option<&Unwanted>,
    killed: bool,
) -> (State, Option<StopReason>, Option<i32>) {
    let by = if killed { StopReason::Sigkill } else { StopReason::Sigterm };
    let exit_code = match end {
        End::Exited(code) => Some(*code),
        End::Unheard | End::Lost(_) => None,
    };
    match (end, unwanted) {
        (_, Some(Unwanted::NotReady(_))) => {
            (State::Failed, Some(StopReason::ReadyTimeout), exit_code)
        }
        (_, Some(Unwanted::Asked)) => (State::Stopped, Some(by), exit_code),
        (End::Exited(_), None) if state == State::Running => (State::Exited, None, exit_code),
        (End::Exited(_), None) => (State::Failed, None, exit_code),
        (End::Unheard | End::Lost(_), None) => (State::Failed, None, None),
    }
}

impl Word {
    /// Nobody need be left to hear it.
    fn say(&mut self, word: crate::Result<Service>) {
        if let Some(tell) = self.0.take() {
            let _ = tell.send(word);
        }
    }
}
