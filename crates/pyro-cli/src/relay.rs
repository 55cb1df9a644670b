//! Joins a command's streams to ours: its output to our stdout and stderr, our stdin to it, and
//! Ctrl-C in between. Holds one chunk at a time, so memory stays the same however much flows.

use crate::failure::{Failure, Interrupted, Outcome};
use crate::interrupt::Interrupts;
use bytes::Bytes;
use pyro::vm::ExecExit;
use pyro::vm::{ExecStdin, Execution, Output};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt, Stderr, Stdout};
use tokio::time::Instant;

/// A second Ctrl-C within this time ends the command, whatever it thinks of it.
const INSIST_WITHIN: Duration = Duration::from_secs(5);
/// How long the command may go on after SIGTERM or SIGHUP.
const GRACE: Duration = Duration::from_secs(2);

/// How it ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The command ended, and all its output is out.
    Exited(ExecExit),
    /// The user insisted.
    Killed(Interrupted),
    /// Nobody reads our stdout or stderr.
    OutputClosed,
}

/// Relays until the command ends or must be ended. Where it must, that is left to the caller: dropping the
/// execution kills a command that hangs on it, and leaves one that belongs to a workspace running.
pub(crate) async fn relay(mut execution: Execution, interrupts: &mut Interrupts) -> Outcome<End> {
    let mut input = std::pin::pin!(forward(execution.take_stdin()));
    let mut reading = true;
    let mut sink = Sink::new();
    let mut patience = Patience::default();
    loop {
        tokio::select! {
            biased;
            interrupted = interrupts.next() => {
                if patience.lost_with(interrupted) {
                    return Ok(End::Killed(interrupted));
                }
                // A command that is over needs no signal; its end is on its way here.
                let _ = execution.signal(interrupted.number.into()).await;
            }
            interrupted = patience.ran_out() => return Ok(End::Killed(interrupted)),
            () = &mut input, if reading => reading = false,
            step = sink.step(&mut execution) => match step {
                Ok(None) => {}
                Ok(Some(exit)) => return Ok(End::Exited(exit)),
                Err(Failure::BrokenPipe) => return Ok(End::OutputClosed),
                Err(failure) => return Err(failure),
            },
        }
    }
}

/// Passes our stdin on until either side ends it. A command that reads no more is no failure.
async fn forward(stdin: Option<ExecStdin>) {
    let Some(mut stdin) = stdin else { return };
    let mut ours = tokio::io::stdin();
    while let Ok(1..) = stdin.send_from(&mut ours).await {}
    let _ = stdin.close().await; // it may have ended by itself
}

/// What signals so far mean for the next one.
#[derive(Debug, Default)]
struct Patience {
    interrupted_at: Option<Instant>,
    deadline: Option<(Instant, Interrupted)>,
}

impl Patience {
    /// Takes note of a signal; true when the user insists.
    fn lost_with(&mut self, interrupted: Interrupted) -> bool {
        let now = Instant::now();
        if interrupted.is_request_to_end() {
            return self.deadline.replace((now + GRACE, interrupted)).is_some();
        }
        let before = self.interrupted_at.replace(now);
        before.is_some_and(|before| now - before <= INSIST_WITHIN)
    }

    /// Waits for the end of the grace that a request to end began.
    async fn ran_out(&self) -> Interrupted {
        match self.deadline {
            Some((deadline, interrupted)) => {
                tokio::time::sleep_until(deadline).await;
                interrupted
            }
            None => std::future::pending().await,
        }
    }
}

/// Our stdout and stderr, and the bytes on their way there.
#[derive(Debug)]
struct Sink {
    out: Stdout,
    err: Stderr,
    pending: Option<Pending>,
}

#[derive(Debug)]
enum Pending {
    Out(Bytes),
    Err(Bytes),
}

impl Sink {
    fn new() -> Self {
        Self { out: tokio::io::stdout(), err: tokio::io::stderr(), pending: None }
    }

    /// Takes the next output, or writes on. Nothing is lost when this future is dropped.
    async fn step(&mut self, execution: &mut Execution) -> Outcome<Option<ExecExit>> {
        match &mut self.pending {
            Some(Pending::Out(bytes)) => write_out(&mut self.out, bytes).await?,
            Some(Pending::Err(bytes)) => write_out(&mut self.err, bytes).await?,
            None => {
                match execution.next().await? {
                    Output::Stdout(bytes) => self.pending = Some(Pending::Out(bytes)),
                    Output::Stderr(bytes) => self.pending = Some(Pending::Err(bytes)),
                    Output::Exited(exit) => return Ok(Some(exit)),
                }
                return Ok(None);
            }
        }
        self.pending = None;
        Ok(None)
    }
}

/// Writes what is left of `bytes`, and waits until it has left this process.
async fn write_out(to: &mut (impl AsyncWrite + Unpin), bytes: &mut Bytes) -> std::io::Result<()> {
    while !bytes.is_empty() {
        to.write_buf(bytes).await?;
    }
    to.flush().await
}
