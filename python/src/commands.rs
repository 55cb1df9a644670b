//! Commands of workspaces.

use crate::call::{Call, begin, verb};
use crate::line::{Broken, Line};
use crate::secrets;
use crate::settings::Settings;
use crate::vms::pass_on;
use crate::workspaces::open;
use pyo3::prelude::*;
use pyro::event;
use pyro::vm::Output;
use pyro::vm::run::OutputLimits;
use pyro::workspace::Workspace;
use pyro::workspace::exec::{ExecReport, ExecRequest, Following};
use pyro::workspace::exec_read::{ExecOutput, ExecRead, exec_read};
use pyro::workspace::exec_stop::exec_stop;
use pyro::{Config, Error};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// So many bytes of output one reading has.
const PIECE: usize = 1 << 20;

/// `_wishes.Command` of the package.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct CommandWish {
    command: String,
    timeout_seconds: u64,
    secret_env: BTreeMap<String, String>,
    /// How long to wait for its end; to its end where nothing is said.
    wait_seconds: Option<f64>,
    /// Whether its output is passed on as it comes.
    streamed: bool,
}

/// Runs a command. Where the call is cancelled the command is ended in the guest first.
#[pyfunction]
pub(crate) fn exec_workspace(
    settings: &Settings,
    workspace_id: String,
    wish: CommandWish,
) -> PyResult<Call> {
    begin(settings.config(), async move |config, line| {
        let CommandWish { command, timeout_seconds, secret_env, wait_seconds, streamed } = wish;
        let secret_env = secrets::environment(&secret_env)?;
        let request = ExecRequest { command, timeout_seconds, secret_env };
        let workspace = open(config, &workspace_id, line).await?;
        if streamed {
            follow(config, &workspace, &request, line).await
        } else {
            let wait = wait_seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)));
            let wait = wait.and_then(Result::ok).unwrap_or(Duration::MAX);
            wait_for(config, &workspace, &request, wait, line).await
        }
    })
}

async fn wait_for(
    config: &Config,
    workspace: &Workspace,
    request: &ExecRequest,
    wait: Duration,
    line: &Line,
) -> Result<ExecReport, Broken> {
    let mut pending = workspace.exec_begin(request).await?;
    let exec_id = pending.exec_id.clone();
    let ended = line.unless_cancelled(pending.wait_for(wait, OutputLimits::default())).await;
    Ok(or_end_it(config, &exec_id, ended).await??)
}

async fn follow(
    config: &Config,
    workspace: &Workspace,
    request: &ExecRequest,
    line: &Line,
) -> Result<ExecReport, Broken> {
    let mut following = workspace.exec(request, false).await?;
    let exec_id = following.exec_id.clone();
    let ended = line.unless_cancelled(pass_all_on(&mut following, line)).await;
    or_end_it(config, &exec_id, ended).await??;
    Ok(workspace.exec_followed(request, &following, OutputLimits::default()).await?)
}

async fn pass_all_on(following: &mut Following, line: &Line) -> Result<(), Error> {
    loop {
        match following.execution.next().await? {
            Output::Exited(_) => return Ok(()),
            output => pass_on(line, output).await,
        }
    }
}

/// A command that nobody wants any more is ended before the call is.
async fn or_end_it<T>(
    config: &Config,
    exec_id: &str,
    ended: Result<T, Broken>,
) -> Result<T, Broken> {
    if ended.is_err() {
        exec_stop(config, exec_id, &event::ignore).await?;
    }
    ended
}

/// A reading, and where it began.
struct Part {
    output: ExecOutput,
    cursor: u64,
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.output.object(self.cursor).serialize(serializer)
    }
}

/// Reads what a command wrote.
#[pyfunction]
pub(crate) fn read_exec(
    settings: &Settings,
    exec_id: String,
    cursor: u64,
    wait_ms: u64,
) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        let wait = Duration::from_millis(wait_ms);
        let read = ExecRead { exec_id, cursor, max_bytes: PIECE, wait };
        Ok(Part { output: exec_read(config, &read, observer).await?, cursor })
    })
}

/// Ends a command and all it started.
#[pyfunction]
pub(crate) fn stop_exec(settings: &Settings, exec_id: String) -> PyResult<Call> {
    verb(settings.config(), async move |config, observer| {
        let stopped = exec_stop(config, &exec_id, observer).await?;
        Ok(Part { cursor: stopped.total_bytes, output: stopped })
    })
}
