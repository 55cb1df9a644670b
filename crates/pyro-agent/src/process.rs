//! The agent as an ordinary process over an inherited socket: the `process` backend and fast tests.
//! No boot, no privileges; it isolates nothing. What it started ends with it.

use crate::agent::{Agent, Place};
use crate::channel::Channel;
use crate::console;
use crate::disk::Disk;
use crate::files::Root;
use crate::reaper::{self, Reaper};
use crate::scope::{self, Scopes};
use crate::serve;
use pyro_proto::handshake::Boot;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

/// Serves one session over `channel` with `root` as the directory where guest paths lead. Returns
/// when the channel has ended, on SIGTERM, and on a `PowerOff` request; by then every process that
/// it started is dead.
pub fn run_as_process(channel: OwnedFd, root: &Path) -> ExitCode {
    let lived = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(live(channel, root)));
    match lived {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::say(format_args!("the agent cannot run: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn live(channel: OwnedFd, root: &Path) -> io::Result<()> {
    let started = Instant::now();
    let channel = Channel::new(channel)?;
    let agent = Arc::new(Agent {
        place: Place::Process,
        root: Root::open(root)?,
        disk: Arc::new(Disk::of_process(root)?),
        editing: Mutex::default(),
        taking: Mutex::default(),
        reaper: Reaper::default(),
        scopes: Scopes::by_descent(),
        network: Mutex::default(),
        power_off: Notify::new(),
    });
    let mut terminate = signal(SignalKind::terminate())?;
    adopt_orphans()?;
    tokio::spawn(reaper::run(agent.clone(), reaper::watch()?));
    let ready = || Boot::Ready { uptime_us: microseconds(started) };
    let ended = tokio::select! {
        ended = serve::session(&agent, channel, |_| ready()) => ended.map_err(io::Error::other),
        _ = terminate.recv() => Ok(()),
        () = agent.power_off.notified() => Ok(()),
    };
    scope::kill_descendants().await;
    ended
}

/// Daemons that a command leaves behind become children of the agent and are found by descent.
fn adopt_orphans() -> io::Result<()> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(())
}

fn microseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
