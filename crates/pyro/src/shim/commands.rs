//! The commands of a workspace, as its shim keeps them: what is written down about each, which of them
//! run, and who waits for one. How one is run is `exec.rs`'s.

use super::protocol::Progress;
use crate::clock::now;
use crate::error::{AtPath, PathError};
use crate::journal::{
    self, Begun, Ended, Fate, Journal, Order, Spool, Stdio, order_path, output_directory,
    spool_path,
};
use crate::secret::{Redaction, Redactor};
use bytes::Bytes;
use pyro_proto::frame::Lane;
use pyro_proto::mux::Messenger;
use pyro_proto::request::{Exec, ExecControl};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
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
    spools: [Spool; 2],
    order: Order,
    /// What takes secrets out of its streams, stdout first.
    redactions: [Redaction; 2],
}

impl Commands {
    /// Goes on with the history of the workspace in this directory. Commands that an earlier shim left
    /// without an end are lost. No secret is written down.
    pub(super) fn open(workspace: &Path, redactor: &Redactor) -> Result<Self, PathError> {
        let output = output_directory(workspace);
        DirBuilder::new().recursive(true).mode(0o700).create(&output).at("create", &output)?;
        let (mut journal, history) = Journal::open(workspace)?;
        for command in history.commands.iter().filter(|command| command.ended.is_none()) {
            let exec_id = command.begun.exec_id.clone();
            let written = |stream| {
                fs::metadata(spool_path(workspace, &exec_id, stream)).map_or(0, |m| m.len())
            };
            journal.end(Ended {
                fate: Fate::Lost { why: "the process that kept its machine was killed".into() },
                duration_ms: 0,
                stdout_bytes: written(Stdio::Out),
                stderr_bytes: written(Stdio::Err),
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
        let spool = |stream| Spool::create(&spool_path(&self.workspace, &begun.exec_id, stream));
        let spools = [spool(Stdio::Out)?, spool(Stdio::Err)?];
        let order = Order::create(&order_path(&self.workspace, &begun.exec_id))?;
        self.journal.borrow_mut().begin(begun.clone())?;
        *self.last_sequence.borrow_mut() = sequence;
        let (progress, _) =
            watch::channel(Progress { stdout_bytes: 0, stderr_bytes: 0, running: true });
        let (messenger, kill) = (RefCell::default(), Notify::new());
        let running = Rc::new(Running { progress, messenger, kill });
        self.running.borrow_mut().insert(begun.exec_id.clone(), running.clone());
        let redactions = [self.redactor.stream(), self.redactor.stream()];
        Ok(Account { begun, running, started: Instant::now(), spools, order, redactions })
    }

    /// From now on no command ends by itself: it is its machine that does.
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
        let [stdout, stderr] = &account.spools;
        let (stdout_bytes, stderr_bytes) = (stdout.total(), stderr.total());
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
        let [stdout, stderr] = &mut self.redactions;
        let redaction = if lane == Lane::Main { stdout } else { stderr };
        let bytes = redaction.push(bytes);
        self.keep(lane, &bytes);
        bytes
    }

    /// What waited for more: nothing more comes.
    pub(super) fn rest(&mut self) -> [(Lane, Bytes); 2] {
        let [stdout, stderr] = &mut self.redactions;
        let rest = [(Lane::Main, stdout.finish()), (Lane::Err, stderr.finish())];
        for (lane, bytes) in &rest {
            self.keep(*lane, bytes);
        }
        rest
    }

    /// A host without space keeps no output, and stops no command.
    fn keep(&mut self, lane: Lane, bytes: &Bytes) {
        if bytes.is_empty() {
            return;
        }
        let [stdout, stderr] = &mut self.spools;
        let (spool, stream) = match lane {
            Lane::Main => (stdout, Stdio::Out),
            Lane::Err => (stderr, Stdio::Err),
        };
        let _ = self.order.take(stream, bytes.len() as u64);
        let _ = spool.append(bytes);
        let (stdout_bytes, stderr_bytes) = (self.spools[0].total(), self.spools[1].total());
        self.running.progress.send_modify(|progress| {
            (progress.stdout_bytes, progress.stderr_bytes) = (stdout_bytes, stderr_bytes);
        });
    }
}
