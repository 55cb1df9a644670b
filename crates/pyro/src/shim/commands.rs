//! The commands of a workspace, as its shim keeps them: what is written down about each, which of them
//! run, and who waits for one. How one is run is `exec.rs`'s.

use super::protocol::Progress;
use super::recorder::Recorder;
use crate::clock::now;
use crate::error::PathError;
use crate::journal::{self, Begun, Ended, Fate, Journal, Recording, output_directory};
use crate::secret::Redactor;
use bytes::Bytes;
use pyro_proto::frame::Lane;
use pyro_proto::mux::Messenger;
use pyro_proto::request::{Exec, ExecControl};
use pyro_proto::{Refusal, RefusalCode};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// How much of the output of all commands is kept, in bytes; beyond it that of the oldest goes.
const KEPT_ALL: u64 = 4 * journal::KEPT_EACH;
/// How long a command may take to obey SIGTERM.
const GRACE: Duration = Duration::from_secs(2);
/// SIGTERM, signal(7).
const SIGTERM: i32 = 15;

/// The commands of one workspace.
#[derive(Debug)]
pub(super) struct Commands {
    workspace: PathBuf,
    redactor: Redactor,
    journal: RefCell<Journal>,
    last_sequence: RefCell<u64>,
    running: RefCell<BTreeMap<String, Rc<Running>>>,
    /// Why the machine ends, once it does.
    machine_ends: RefCell<Option<String>>,
}

/// A command that runs.
#[derive(Debug)]
pub(super) struct Running {
    progress: watch::Sender<Progress>,
    messenger: RefCell<Option<Messenger>>,
    kill: Notify,
}

/// What is being written down about a command that runs. It ends with [`Account::close`].
#[derive(Debug)]
pub(super) struct Account {
    pub(super) begun: Begun,
    pub(super) running: Rc<Running>,
    started: Instant,
    /// What it writes, without secrets.
    recorder: Recorder,
}

impl Commands {
    /// Goes on with the history of the workspace in this directory. Commands that an earlier shim left
    /// without an end are lost. No secret is written down.
    pub(super) fn open(workspace: &Path, redactor: &Redactor) -> Result<Self, PathError> {
        let (mut journal, history) = Journal::open(workspace)?;
        for command in history.commands.iter().filter(|command| command.ended.is_none()) {
            let exec_id = command.begun.exec_id.clone();
            let [stdout_bytes, stderr_bytes] = journal::kept(workspace, &exec_id);
            journal.end(Ended {
                fate: Fate::Lost { why: "the process that kept its machine was killed".into() },
                duration_ms: 0,
                stdout_bytes,
                stderr_bytes,
                ended_at: now(),
                exec_id,
            })?;
        }
        Ok(Self {
            workspace: workspace.to_owned(),
            redactor: redactor.clone(),
            journal: RefCell::new(journal),
            last_sequence: RefCell::new(history.last_sequence),
            running: RefCell::default(),
            machine_ends: RefCell::default(),
        })
    }

    /// Writes down that a command begins.
    pub(super) fn begin(&self, exec: &Exec) -> Result<Account, PathError> {
        let sequence = *self.last_sequence.borrow() + 1;
        let shown = |text: &str| self.redactor.text(text).into_owned();
        let begun = Begun {
            sequence,
            exec_id: format!("{}.{sequence}", self.id()),
            command: shown(&exec.command),
            cwd: exec.cwd.as_ref().map_or_else(|| "/".to_owned(), |cwd| shown(&cwd.to_string())),
            began_at: now(),
        };
        let recording = Recording::create(&self.workspace, &begun.exec_id)?;
        let recorder = Recorder::new(recording, &self.redactor);
        self.journal.borrow_mut().begin(begun.clone())?;
        *self.last_sequence.borrow_mut() = sequence;
        let (progress, _) =
            watch::channel(Progress { stdout_bytes: 0, stderr_bytes: 0, running: true });
        let (messenger, kill) = (RefCell::default(), Notify::new());
        let running = Rc::new(Running { progress, messenger, kill });
        self.running.borrow_mut().insert(begun.exec_id.clone(), running.clone());
        Ok(Account { begun, running, started: Instant::now(), recorder })
    }

    /// Why no command begins any more, if so.
    pub(super) fn ending(&self) -> Option<Refusal> {
        let why = self.machine_ends.borrow();
        let why = why.as_ref()?;
        Some(Refusal::new(RefusalCode::Disconnected, format!("the machine ends: {why}")))
    }

    /// From now on no command begins, nor ends by itself: it is its machine that does.
    pub(super) fn machine_ends(&self, why: &str) {
        *self.machine_ends.borrow_mut() = Some(why.to_owned());
    }

    /// Writes down how a command ended. From here on it is history.
    pub(super) fn close(&self, account: &mut Account, fate: Fate) -> Result<Ended, PathError> {
        let _ = account.rest();
        let lost = self
            .machine_ends
            .borrow()
            .as_ref()
            .map(|why| Fate::Lost { why: format!("the machine ended: {why}") });
        let [stdout_bytes, stderr_bytes] = account.recorder.totals();
        let ended = Ended {
            exec_id: account.begun.exec_id.clone(),
            fate: lost.unwrap_or(fate),
            duration_ms: u64::try_from(account.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            stdout_bytes,
            stderr_bytes,
            ended_at: now(),
        };
        let written = self.journal.borrow_mut().end(ended.clone());
        self.running.borrow_mut().remove(&account.begun.exec_id);
        let progress = Progress { stdout_bytes, stderr_bytes, running: false };
        account.running.progress.send_replace(progress);
        self.keep_within_quota();
        written.map(|()| ended)
    }

    /// Waits until a command that runs has written more than so many bytes; none where it does not run.
    pub(super) async fn wait(
        &self,
        exec_id: &str,
        beyond: u64,
        limit: Duration,
    ) -> Option<Progress> {
        let mut progress = self.running.borrow().get(exec_id)?.progress.subscribe();
        let news =
            progress.wait_for(|now| !now.running || now.stdout_bytes + now.stderr_bytes > beyond);
        let _ = tokio::time::timeout(limit, news).await;
        let now = progress.borrow().clone();
        Some(now)
    }

    /// Ends a command that runs: with SIGTERM, and by force if it does not obey; none where it does not
    /// run.
    pub(super) async fn stop(&self, exec_id: &str) -> Option<Progress> {
        let running = self.running.borrow().get(exec_id)?.clone();
        let messenger = running.messenger.borrow().clone();
        if let Some(messenger) = messenger {
            let polite = messenger.send(&ExecControl::Signal { signal: SIGTERM });
            let _ = tokio::time::timeout(GRACE, polite).await;
        }
        let mut progress = running.progress.subscribe();
        let ended = progress.wait_for(|progress| !progress.running);
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            running.kill.notify_one();
            let _ = progress.wait_for(|progress| !progress.running).await;
        }
        let now = progress.borrow().clone();
        Some(now)
    }

    /// Waits until no command runs any more.
    pub(super) async fn all_ended(&self) {
        loop {
            let Some(one) = self.running.borrow().values().next().cloned() else { return };
            let _ = one.progress.subscribe().wait_for(|progress| !progress.running).await;
            tokio::task::yield_now().await;
        }
    }

    /// The workspace's, which every id of a command begins with.
    fn id(&self) -> std::borrow::Cow<'_, str> {
        self.workspace.file_name().unwrap_or_default().to_string_lossy()
    }

    /// The commands that run.
    pub(super) fn running(&self) -> Vec<String> {
        self.running.borrow().keys().cloned().collect()
    }

    /// Removes the output of the oldest commands that have ended. What cannot be removed takes space, and
    /// nothing else.
    fn keep_within_quota(&self) {
        let Ok(entries) = fs::read_dir(output_directory(&self.workspace)) else { return };
        let mut files: Vec<(u64, u64, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let (id, _) = name.rsplit_once('.')?;
                if self.running.borrow().contains_key(id) {
                    return None;
                }
                let sequence = id.rsplit_once('.')?.1.parse().ok()?;
                Some((sequence, entry.metadata().ok()?.len(), entry.path()))
            })
            .collect();
        files.sort();
        let mut kept: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in files.into_iter().filter(|(_, bytes, _)| *bytes > 0) {
            if kept <= KEPT_ALL {
                return;
            }
            if fs::remove_file(path).is_ok() {
                kept -= bytes;
            }
        }
    }
}

impl Running {
    /// Who can send it signals.
    pub(super) fn can_be_told_by(&self, messenger: Messenger) {
        *self.messenger.borrow_mut() = Some(messenger);
    }

    /// Done when somebody wants it to be killed.
    pub(super) async fn unwanted(&self) {
        self.kill.notified().await;
    }
}

impl Account {
    /// Takes what the command wrote, and returns what may be told of it by now: all but secrets, and what may be
    /// the beginning of one.
    pub(super) fn take(&mut self, lane: Lane, bytes: Bytes) -> Bytes {
        let bytes = self.recorder.take(lane, bytes);
        self.tell_progress();
        bytes
    }

    /// What waited for more: nothing more comes.
    pub(super) fn rest(&mut self) -> [(Lane, Bytes); 2] {
        let rest = self.recorder.rest();
        self.tell_progress();
        rest
    }

    fn tell_progress(&self) {
        let [stdout_bytes, stderr_bytes] = self.recorder.totals();
        self.running.progress.send_modify(|progress| {
            (progress.stdout_bytes, progress.stderr_bytes) = (stdout_bytes, stderr_bytes);
        });
    }
}
