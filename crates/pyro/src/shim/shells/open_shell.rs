//! One shell: what it has shown, how it stands, and the way to it.

use super::ring::Ring;
use super::words::{ShellLife, ShellState, ShellWait};
use crate::clock::now;
use crate::secret::{Redaction, Redactor};
use bytes::Bytes;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Messenger, Receiver, Sender};
use pyro_proto::request::ExecExit;
use pyro_proto::shell::{Shell, ShellControl, Size};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// How much of what a shell has shown is kept, in bytes. The documentation names it.
const KEPT: usize = 1 << 20;
/// Typed text goes on its way in such pieces.
const PIECE: usize = 16 << 10;
/// How long a piece may wait for somebody who reads.
const DEAF_AFTER: Duration = Duration::from_secs(5);
/// How long a shell may take to end once it has been closed. The agent ends it by force before.
const CLOSED_AFTER: Duration = Duration::from_secs(5);

/// A shell that was opened. Dropping it ends everything it started.
#[derive(Debug)]
pub(super) struct OpenShell {
    pub(super) id: String,
    cwd: String,
    started_at: u64,
    size: Cell<Size>,
    shown: RefCell<Ring>,
    /// What takes secrets out of that before.
    redaction: RefCell<Redaction>,
    news: watch::Sender<News>,
    is_closed: Cell<bool>,
    /// Whoever types takes a turn. The guest ends everything when this is gone.
    keys: Mutex<Option<Sender>>,
    messenger: Messenger,
}

/// What readers wait for.
#[derive(Debug, Clone, Copy)]
struct News {
    shown: u64,
    last_shown: Instant,
    end: Option<End>,
}

/// How a shell ended.
#[derive(Debug, Clone, Copy)]
struct End {
    exit_code: Option<i32>,
    at: u64,
}

impl OpenShell {
    /// One that runs already, with the way to it.
    pub(super) fn new(id: String, shell: &Shell, redactor: &Redactor, keys: Sender) -> Self {
        let cwd = shell.cwd.as_ref().map_or_else(|| "/".to_owned(), ToString::to_string);
        let cwd = redactor.text(&cwd).into_owned();
        let (news, _) = watch::channel(News { shown: 0, last_shown: Instant::now(), end: None });
        Self {
            id,
            cwd,
            started_at: now(),
            size: Cell::new(shell.size),
            shown: RefCell::new(Ring::new(KEPT)),
            redaction: RefCell::new(redactor.stream()),
            news,
            is_closed: Cell::new(false),
            messenger: keys.messenger(),
            keys: Mutex::new(Some(keys)),
        }
    }

    /// Keeps what the shell shows until it has ended.
    pub(super) async fn listen(&self, mut from_agent: Receiver) {
        let mut exit_code = None;
        loop {
            match from_agent.next().await {
                Item::Data(_, bytes) => self.take(bytes),
                Item::Message(json) => {
                    // as a shell could report it: the guest may say anything
                    let exit = serde_json::from_slice(&json).ok();
                    exit_code = exit.map(|exit: ExecExit| exit.code.clamp(0, 255));
                }
                Item::Finish | Item::Reset(_) => break,
            }
        }
        let rest = self.redaction.borrow_mut().finish();
        self.show(&rest);
        self.news.send_modify(|news| {
            news.end.get_or_insert(End { exit_code, at: now() });
        });
    }

    /// Every byte that anybody reads of a shell passes here first.
    fn take(&self, bytes: Bytes) {
        let bytes = self.redaction.borrow_mut().push(bytes);
        self.show(&bytes);
    }

    fn show(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut ring = self.shown.borrow_mut();
        ring.write(bytes);
        let shown = ring.end();
        self.news.send_modify(|news| {
            news.shown = shown;
            news.last_shown = Instant::now();
        });
    }

    pub(super) fn runs(&self) -> bool {
        self.news.borrow().end.is_none()
    }

    pub(super) fn state(&self) -> ShellState {
        let end = self.news.borrow().end;
        ShellState {
            shell_id: self.id.clone(),
            cwd: self.cwd.clone(),
            size: self.size.get(),
            life: match end {
                _ if self.is_closed.get() => ShellLife::Closed,
                Some(_) => ShellLife::Exited,
                None => ShellLife::Running,
            },
            exit_code: end.and_then(|end| end.exit_code),
            started_at: self.started_at,
            ended_at: end.map(|end| end.at),
        }
    }

    /// How many bytes it has shown in all.
    pub(super) fn end_of_shown(&self) -> u64 {
        self.shown.borrow().end()
    }

    /// See [`Ring::read`].
    pub(super) fn read(&self, from: u64, most: usize) -> (u64, Vec<u8>) {
        self.shown.borrow().read(from, most)
    }

    /// Waits as a reader wishes who reads from a place on.
    pub(super) async fn wait(&self, from: u64, wait: ShellWait) {
        match wait {
            ShellWait::Nothing => {}
            ShellWait::Output { limit_ms } => {
                let _ = timeout(Duration::from_millis(limit_ms), self.more_than(from)).await;
            }
            ShellWait::Idle { idle_ms, limit_ms } => {
                let idle = self.idle(Duration::from_millis(idle_ms));
                let _ = timeout(Duration::from_millis(limit_ms), idle).await;
            }
        }
    }

    /// Waits until it has shown more than so many bytes, or has ended.
    pub(super) async fn more_than(&self, shown: u64) {
        let mut news = self.news.subscribe();
        let _ = news.wait_for(|news| news.shown > shown || news.end.is_some()).await;
    }

    /// Waits until it has shown nothing for so long from now on, or has ended.
    async fn idle(&self, idle: Duration) {
        let begun = Instant::now();
        let mut news = self.news.subscribe();
        loop {
            let News { last_shown, end, .. } = *news.borrow_and_update();
            let due = last_shown.max(begun).checked_add(idle);
            if end.is_some() || due.is_some_and(|due| due <= Instant::now()) {
                return;
            }
            tokio::select! {
                () = at(due) => {}
                _ = news.changed() => {}
            }
        }
    }

    /// Types; returns how much of it is on its way.
    pub(super) async fn write(&self, bytes: &[u8]) -> usize {
        let mut keys = self.keys.lock().await;
        let mut taken = 0;
        for piece in bytes.chunks(PIECE) {
            let Some(to_agent) = keys.as_mut().filter(|_| self.runs()) else { break };
            match timeout(DEAF_AFTER, to_agent.send(Lane::Main, piece)).await {
                Ok(Ok(())) => taken += piece.len(),
                Ok(Err(_)) | Err(_) => break,
            }
        }
        taken
    }

    /// Sends a signal to what has its terminal. One that has just ended needs none.
    pub(super) async fn signal(&self, signal: i32) {
        let _ = self.messenger.send(&ShellControl::Signal { signal }).await;
    }

    /// Gives its terminal another size.
    pub(super) async fn resize(&self, size: Size) {
        if self.size.replace(size) != size {
            let _ = self.messenger.send(&ShellControl::Resize { size }).await;
        }
    }

    /// Ends it and all it started, also what it has left behind; returns when it has ended.
    pub(super) async fn close(&self) {
        self.is_closed.set(true);
        if self.runs() {
            let _ = timeout(CLOSED_AFTER, async {
                let _ = self.messenger.send(&ShellControl::Close).await;
                self.more_than(u64::MAX).await;
            })
            .await;
        }
        if let Some(mut to_agent) = self.keys.lock().await.take() {
            let _ = timeout(CLOSED_AFTER, to_agent.finish()).await;
        }
        self.news.send_modify(|news| {
            news.end.get_or_insert(End { exit_code: None, at: now() });
        });
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}
