//! Runs commands in a workspace. A command belongs to the workspace: it goes on when whoever started it
//! leaves, its output is kept, and its end is recorded.

use super::exec_read::text_of;
use super::{WORKSPACE_PATH, Workspace, WorkspaceError};
use crate::clock::now_ms;
use crate::config::Isolation;
use crate::error::Result;
use crate::guest::{Execution, GuestError};
use crate::journal::{self, Begun, Ended, Fate, Stdio};
use crate::network::RefusedConnection;
use crate::secret::SecretEnv;
use crate::shim::protocol::Progress;
use crate::vm::run::OutputLimits;
use pyro_proto::mux::{Item, Stream};
use pyro_proto::request::Exec;
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecRequest {
    /// One string for `/bin/sh -lc`, in `/workspace`.
    pub command: String,
    /// After so many seconds the command and all it started are killed.
    pub timeout_seconds: u64,
    /// The secrets in its environment.
    pub secret_env: Vec<SecretEnv>,
}

/// A command that runs and whose output is read as it comes. Dropping it leaves the command running.
#[derive(Debug)]
pub struct Following {
    /// How the command is named in the workspace's history.
    pub exec_id: String,
    /// Its output, its stdin and its end.
    pub execution: Execution,
    /// When it began, Unix milliseconds.
    pub began_at_ms: u64,
}

/// A command that runs and whose end is waited for. Dropping it leaves the command running.
#[derive(Debug)]
pub struct Pending<'w> {
    /// How the command is named in the workspace's history.
    pub exec_id: String,
    workspace: &'w Workspace,
    request: ExecRequest,
    stream: Stream,
    begun_at: Instant,
    began_at_ms: u64,
    ended: Option<Ended>,
}

/// How a command went, so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExecReport {
    /// In which workspace.
    pub workspace_id: String,
    /// How the command is named in the workspace's history.
    pub exec_id: String,
    /// What it booted.
    pub environment: String,
    /// Which version of that.
    pub environment_version: String,
    /// What ran, or runs.
    pub command: String,
    /// `running`, `exited`, or `stopped` where somebody ended it.
    pub state: ExecState,
    /// Bytes that are not UTF-8 are replaced by U+FFFD; where there is too much the middle is left out.
    pub stdout: String,
    /// As `stdout`.
    pub stderr: String,
    /// The command's own; 128 + N for signal N, 124 after a timeout. None while it runs.
    pub exit_code: Option<i32>,
    /// Whether its time limit ended the command.
    pub timed_out: bool,
    /// Of the command alone, so far.
    pub duration_ms: u64,
    /// How the agent is reached.
    pub execution_mode: String,
    /// How strongly the guest is kept apart from the host.
    pub isolation: Isolation,
    /// The process jail around the machine: `full`, `landlock` or `none`.
    pub jail: String,
    /// Bytes that the command wrote to stdout.
    pub stdout_bytes: u64,
    /// Bytes that the command wrote to stderr.
    pub stderr_bytes: u64,
    /// Whether the middle of `stdout` is left out.
    pub stdout_truncated: bool,
    /// Whether the middle of `stderr` is left out.
    pub stderr_truncated: bool,
    /// Whether `stdout` held bytes that are not UTF-8.
    pub stdout_lossy: bool,
    /// Whether `stderr` held bytes that are not UTF-8.
    pub stderr_lossy: bool,
    /// Connections that the network policy refused while it ran.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_connections: Vec<RefusedConnection>,
    /// What the user should know about the workspace.
    pub notices: Vec<String>,
    /// In how many seconds the workspace expires if nobody works in it, where that is soon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
}

/// Whether a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecState {
    /// It does.
    Running,
    /// It ended.
    Exited,
    /// Somebody ended it.
    Stopped,
    /// It could not be started, or its machine ended before it did.
    Failed,
}

impl Workspace {
    /// Starts a command whose output is read as it comes; `stdin` says whether it will be given some.
    ///
    /// # Errors
    /// If the workspace is gone. A command that cannot be started shows in [`Execution::next`].
    pub async fn exec(&self, request: &ExecRequest, stdin: bool) -> Result<Following> {
        let exec = self.exec_of(request, stdin);
        let limit = exec.timeout_ms.map(Duration::from_millis);
        let began_at_ms = now_ms();
        let (begun, stream) = self.ask_for(exec, request, true).await?;
        let execution = Execution::new(stream, stdin, limit).await?;
        Ok(Following { exec_id: begun.exec_id, execution, began_at_ms })
    }

    /// Starts a command whose end is waited for; it reads nothing.
    ///
    /// # Errors
    /// If the workspace is gone.
    pub async fn exec_begin(&self, request: &ExecRequest) -> Result<Pending<'_>> {
        let began_at_ms = now_ms();
        let exec = self.exec_of(request, false);
        let (begun, mut stream) = self.ask_for(exec, request, false).await?;
        stream.sender.finish().await.map_err(GuestError::from)?;
        Ok(Pending {
            exec_id: begun.exec_id,
            workspace: self,
            request: request.clone(),
            stream,
            begun_at: Instant::now(),
            began_at_ms,
            ended: None,
        })
    }

    /// Runs a command and waits for its end, but no longer than `wait`: then it goes on, and
    /// [`exec_read`](super::exec_read::exec_read) follows it.
    ///
    /// # Errors
    /// If the command cannot be started, or the machine ends. A command that fails is no error.
    pub async fn exec_for(
        &self,
        request: &ExecRequest,
        wait: Duration,
        limits: OutputLimits,
    ) -> Result<ExecReport> {
        self.exec_begin(request).await?.wait_for(wait, limits).await
    }

    /// Reports how a command went that was followed to its end.
    ///
    /// # Errors
    /// If its end is not recorded: it has not ended, or the history was cleared.
    pub async fn exec_followed(
        &self,
        request: &ExecRequest,
        followed: &Following,
        limits: OutputLimits,
    ) -> Result<ExecReport> {
        let exec_id = followed.exec_id.clone();
        let history = journal::read(self.item.path())?;
        let ended = history.command(&exec_id).and_then(|command| command.ended.clone());
        let ended = ended.ok_or_else(|| WorkspaceError::NoCommand(exec_id.clone()))?;
        let totals = [ended.stdout_bytes, ended.stderr_bytes];
        let times = (followed.began_at_ms, ended.duration_ms);
        self.report(request, exec_id, Some(ended.fate), totals, times, limits).await
    }

    async fn ask_for(
        &self,
        exec: Exec,
        request: &ExecRequest,
        followed: bool,
    ) -> Result<(Begun, Stream)> {
        let secret_env = request.secret_env.clone();
        self.vault.check(&secret_env)?;
        self.redacted(self.shim.exec(exec, secret_env, followed).await)
    }

    async fn report(
        &self,
        request: &ExecRequest,
        exec_id: String,
        fate: Option<Fate>,
        [stdout_bytes, stderr_bytes]: [u64; 2],
        (began_at_ms, duration_ms): (u64, u64),
        limits: OutputLimits,
    ) -> Result<ExecReport> {
        let text = |stream, total| text_of(self.item.path(), &exec_id, stream, total, limits);
        let (stdout, stderr) = (text(Stdio::Out, stdout_bytes)?, text(Stdio::Err, stderr_bytes)?);
        let facts = self.facts().clone();
        Ok(ExecReport {
            workspace_id: self.id().to_owned(),
            exec_id,
            environment: facts.environment,
            environment_version: facts.environment_version,
            command: self.vault.redactor().text(&request.command).into_owned(),
            state: ExecState::of(fate.as_ref()),
            stdout: stdout.text,
            stderr: stderr.text,
            exit_code: fate.as_ref().map(Fate::exit_code),
            timed_out: matches!(fate, Some(Fate::Exited { timed_out: true, .. })),
            duration_ms,
            execution_mode: facts.execution_mode,
            isolation: facts.isolation,
            jail: facts.jail,
            stdout_bytes,
            stderr_bytes,
            stdout_truncated: stdout.truncated,
            stderr_truncated: stderr.truncated,
            stdout_lossy: stdout.lossy,
            stderr_lossy: stderr.lossy,
            refused_connections: self.refused_connections(began_at_ms),
            notices: self.notices().to_vec(),
            expires_in_seconds: self.expires_in_seconds().await,
        })
    }

    fn exec_of(&self, request: &ExecRequest, stdin: bool) -> Exec {
        Exec {
            command: request.command.clone(),
            cwd: Some(WORKSPACE_PATH.into()),
            env: self.record.image.defaults.env.clone(),
            user: None,
            stdin,
            timeout_ms: Some(request.timeout_seconds.saturating_mul(1000)),
            sync: true,
            service: false,
        }
    }
}

impl Pending<'_> {
    /// Waits for the command's end, but no longer than `wait`, and reports how it stands. Nothing is lost
    /// when this future is dropped.
    ///
    /// # Errors
    /// If the command could not be started, or the machine ended.
    pub async fn wait_for(&mut self, wait: Duration, limits: OutputLimits) -> Result<ExecReport> {
        if self.ended.is_none()
            && let Ok(item) = tokio::time::timeout(wait, self.stream.receiver.next()).await
        {
            self.ended = Some(ended(item)?);
        }
        if self.ended.is_none() {
            match self.workspace.shim.progress(&self.exec_id, 0, Duration::ZERO).await {
                Ok(so_far) => return self.so_far(&so_far, limits).await,
                // it has ended meanwhile
                Err(_) => self.ended = Some(ended(self.stream.receiver.next().await)?),
            }
        }
        let (totals, fate, took) = self.ended.as_ref().map_or(([0, 0], None, 0), |ended| {
            let totals = [ended.stdout_bytes, ended.stderr_bytes];
            (totals, Some(ended.fate.clone()), ended.duration_ms)
        });
        let exec_id = self.exec_id.clone();
        self.workspace
            .report(&self.request, exec_id, fate, totals, (self.began_at_ms, took), limits)
            .await
    }

    async fn so_far(&self, progress: &Progress, limits: OutputLimits) -> Result<ExecReport> {
        let totals = [progress.stdout_bytes, progress.stderr_bytes];
        let elapsed = u64::try_from(self.begun_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        let exec_id = self.exec_id.clone();
        self.workspace
            .report(&self.request, exec_id, None, totals, (self.began_at_ms, elapsed), limits)
            .await
    }
}

fn ended(item: Item) -> Result<Ended> {
    match item {
        Item::Message(json) => Ok(serde_json::from_slice(&json)
            .map_err(|_| GuestError::Nonsense("an end of a command that cannot be read"))?),
        Item::Reset(refusal) => Err(GuestError::from(refusal).into()),
        Item::Data(..) | Item::Finish => {
            Err(GuestError::Nonsense("a command ended without a word").into())
        }
    }
}

impl ExecState {
    pub(super) fn of(fate: Option<&Fate>) -> Self {
        match fate {
            None => Self::Running,
            Some(Fate::Exited { .. }) => Self::Exited,
            Some(Fate::Stopped) => Self::Stopped,
            Some(Fate::Refused { .. } | Fate::Lost { .. }) => Self::Failed,
        }
    }
}
