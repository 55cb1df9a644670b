//! The services of a workspace, as its shim keeps them: what is recorded about each, which of them run, and who
//! waits for one. How one lives is `service.rs`'s.

use super::protocol::Progress;
use super::recorder::Recorder;
use crate::clock::now;
use crate::error::{AtPath, PathError};
use crate::journal::Recording;
use crate::secret::Redactor;
use crate::service::{
    self, LOG, MAX_SERVICES, Order, PublishedPort, Service, ServiceError, State, StopReason,
};
use bytes::Bytes;
use pyro_proto::frame::Lane;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};

/// Connections to published ports at a time; further ones wait. With the window of a stream it bounds what
/// they can make the host keep: 64 MiB.
const MAX_CONNECTIONS: usize = 128;

/// The services of one workspace.
#[derive(Debug)]
pub(super) struct Services {
    workspace: PathBuf,
    redactor: Redactor,
    alive: RefCell<BTreeMap<String, Rc<Alive>>>,
    machine_ends: Cell<bool>,
    /// The right to one connection to a published port.
    pub(super) connections: Arc<Semaphore>,
}

/// A service that runs.
#[derive(Debug)]
pub(super) struct Alive {
    progress: watch::Sender<Progress>,
    stop: Notify,
}

/// What is being written down about a service that runs. It ends with [`Services::close`].
#[derive(Debug)]
pub(super) struct Account {
    pub(super) service: Service,
    pub(super) alive: Rc<Alive>,
    recorder: Recorder,
}

impl Services {
    /// Goes on with the services of the workspace in this directory. None of them runs: those that an
    /// earlier shim left running ended with it. No secret is written down.
    pub(super) fn open(workspace: &Path, redactor: &Redactor) -> Result<Self, PathError> {
        for service in service::read_all(workspace)? {
            if service.state.is_alive() {
                service::write(workspace, &service.without_machine(workspace, now()))?;
            }
        }
        Ok(Self {
            workspace: workspace.to_owned(),
            redactor: redactor.clone(),
            alive: RefCell::default(),
            machine_ends: Cell::new(false),
            connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        })
    }

    /// Refuses a service of that name where one runs, and any where the machine ends.
    pub(super) fn check_free(&self, name: &str) -> Result<(), ServiceError> {
        if self.machine_ends.get() {
            return Err(ServiceError::Stopped(name.to_owned()));
        }
        match self.alive.borrow().contains_key(name) {
            true => Err(ServiceError::Running(name.to_owned())),
            false => Ok(()),
        }
    }

    /// Records that a service starts, in place of one of that name that has ended.
    pub(super) fn begin(
        &self,
        order: &Order,
        published_ports: Vec<PublishedPort>,
    ) -> crate::Result<Account> {
        service::check_name(&order.name)?;
        self.check_free(&order.name)?;
        self.make_room(&order.name)?;
        let before = service::read(&self.workspace, &order.name).ok().flatten();
        let shown = |text: &str| self.redactor.text(text).into_owned();
        let service = Service {
            service_name: order.name.clone(),
            state: State::Starting,
            command: shown(&order.exec.command),
            cwd: order
                .exec
                .cwd
                .as_ref()
                .map_or_else(|| "/".to_owned(), |cwd| shown(&cwd.to_string())),
            started_at: now(),
            ready_at: None,
            ended_at: None,
            exit_code: None,
            pid: None,
            readiness: order.readiness.as_ref().map(|one| one.map_text(shown)),
            stop_reason: None,
            published_ports,
            starts: before.map_or(0, |before| before.starts) + 1,
            stdout_bytes: 0,
            stderr_bytes: 0,
        };
        let home = self.home(&order.name);
        DirBuilder::new().recursive(true).mode(0o700).create(&home).at("create", &home)?;
        service::write(&self.workspace, &service)?;
        // what is recorded is begun, or not recorded
        let recording = Recording::create(&home, LOG).inspect_err(|_| {
            let _ = service::forget(&self.workspace, &order.name);
        })?;
        let recorder = Recorder::new(recording, &self.redactor);
        let nothing = Progress { stdout_bytes: 0, stderr_bytes: 0, running: true };
        let alive = Rc::new(Alive { progress: watch::channel(nothing).0, stop: Notify::new() });
        self.alive.borrow_mut().insert(order.name.clone(), alive.clone());
        Ok(Account { service, alive, recorder })
    }

    /// Forgets the service that ended first where there are too many for another one.
    fn make_room(&self, name: &str) -> crate::Result<()> {
        let services = service::read_all(&self.workspace)?;
        if services.len() < MAX_SERVICES || services.iter().any(|one| one.service_name == name) {
            return Ok(());
        }
        let ended = services.iter().filter(|one| !one.state.is_alive());
        let oldest = ended.min_by_key(|one| one.ended_at).ok_or(ServiceError::TooMany)?;
        Ok(service::forget(&self.workspace, &oldest.service_name)?)
    }

    /// Records what has become of a service.
    pub(super) fn record(&self, account: &Account) -> Result<(), PathError> {
        service::write(&self.workspace, &account.service)
    }

    /// Records how a service ended. From here on another one may have its name.
    pub(super) fn close(
        &self,
        account: &mut Account,
        (state, stop_reason, exit_code): (State, Option<StopReason>, Option<i32>),
    ) -> Result<(), PathError> {
        let _ = account.recorder.rest();
        let [stdout_bytes, stderr_bytes] = account.recorder.totals();
        let by_machine = self.machine_ends.get().then_some(StopReason::MachineEnded);
        let service = &mut account.service;
        service.state = if by_machine.is_some() { State::Stopped } else { state };
        service.stop_reason = by_machine.or(stop_reason);
        service.exit_code = exit_code;
        service.ended_at = Some(now());
        service.published_ports.clear();
        (service.stdout_bytes, service.stderr_bytes) = (stdout_bytes, stderr_bytes);
        let recorded = self.record(account);
        self.alive.borrow_mut().remove(&account.service.service_name);
        let progress = Progress { stdout_bytes, stderr_bytes, running: false };
        account.alive.progress.send_replace(progress);
        recorded
    }

    /// The end of what a service wrote, for an error message.
    pub(super) fn last_lines(&self, account: &Account) -> String {
        let home = self.home(&account.service.service_name);
        service::last_lines(&home, account.recorder.totals())
    }

    /// Waits until a service has written more than so many bytes; none where it does not run.
    pub(super) async fn wait(&self, name: &str, beyond: u64, limit: Duration) -> Option<Progress> {
        let mut progress = self.alive.borrow().get(name)?.progress.subscribe();
        let news =
            progress.wait_for(|now| !now.running || now.stdout_bytes + now.stderr_bytes > beyond);
        let _ = tokio::time::timeout(limit, news).await;
        let now = progress.borrow().clone();
        Some(now)
    }

    /// Ends a service that runs, and waits for its end; none where it does not run.
    pub(super) async fn stop(&self, name: &str) -> Option<Progress> {
        let alive = self.alive.borrow().get(name)?.clone();
        alive.stop.notify_one();
        Some(alive.ended().await)
    }

    /// From now on no service ends by itself: it is its machine that does.
    pub(super) fn machine_ends(&self) {
        self.machine_ends.set(true);
    }

    /// Ends all of them, and waits for their ends.
    pub(super) async fn stop_all(&self) {
        self.alive.borrow().values().for_each(|alive| alive.stop.notify_one());
        self.all_ended().await;
    }

    /// Waits until no service runs any more.
    pub(super) async fn all_ended(&self) {
        loop {
            let Some(one) = self.alive.borrow().values().next().cloned() else { return };
            one.ended().await;
            tokio::task::yield_now().await;
        }
    }

    fn home(&self, name: &str) -> PathBuf {
        service::directory(&self.workspace, name)
    }
}

impl Alive {
    /// Done when somebody wants it to end.
    pub(super) async fn unwanted(&self) {
        self.stop.notified().await;
    }

    async fn ended(&self) -> Progress {
        let mut progress = self.progress.subscribe();
        let _ = progress.wait_for(|progress| !progress.running).await;
        progress.borrow().clone()
    }
}

impl Account {
    /// Takes what the service wrote: every byte of it comes by here, before it is kept.
    pub(super) fn take(&mut self, lane: Lane, bytes: Bytes) {
        let _ = self.recorder.take(lane, bytes);
        let [stdout_bytes, stderr_bytes] = self.recorder.totals();
        self.alive.progress.send_modify(|progress| {
            (progress.stdout_bytes, progress.stderr_bytes) = (stdout_bytes, stderr_bytes);
        });
    }
}
