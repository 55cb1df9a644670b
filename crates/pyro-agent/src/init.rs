//! The life of PID 1: boot, serve one session after another, and power off at the end. Whatever goes
//! wrong, the machine ends: a guest that nobody can talk to is of no use.

use crate::agent::{Agent, Place};
use crate::apply::recover;
use crate::boot::{self, Failure, Stage};
use crate::console;
use crate::disk::Disk;
use crate::files::Root;
use crate::reaper::{self, Reaper};
use crate::scope::{Cgroups, Scopes};
use crate::serve;
use pyro_proto::handshake::{Boot, BootNote};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// How long a host may take to come and hear why the boot failed.
const HOST_COMES: Duration = Duration::from_secs(10);
/// How long it may take to go once it has heard.
const HOST_LEAVES: Duration = Duration::from_secs(1);

/// Whether this process is PID 1 of a machine that pyro made. Containers have a PID 1 too, so
/// the kernel's command line must agree where it can be read already.
#[must_use]
pub fn is_init() -> bool {
    std::process::id() == 1
        && std::env::args_os().next().is_some_and(|name| name == "/init")
        && boot::command_line().is_none_or(|line| line.is_ours())
}

/// Boots the machine and serves it to its end. Never returns: the machine is off afterwards.
pub fn run_as_init() -> ! {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map(|runtime| runtime.block_on(live())) {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => console::say(failure.line()),
        Err(error) => console::say(format_args!("no runtime: {error}")),
    }
    boot::power_off()
}

async fn live() -> Result<(), Failure> {
    let line = boot::begin()?;
    let device = boot::open_channel(line.channel())?;
    match boot::complete().and_then(agent) {
        Ok(agent) => serve(&Arc::new(agent), &device).await,
        Err(failure) => {
            report(&failure, &device).await;
            Err(failure)
        }
    }
}

fn agent(disk: OwnedFd) -> Result<Agent, Failure> {
    let disk = Disk::of_machine(disk);
    // a workspace with a patch that cannot be taken back is better than none; the next patch says so
    if let Err(error) = recover(&disk) {
        console::say(format_args!("an unfinished patch cannot be taken back: {error}"));
    }
    let root = Root::open(Path::new("/"));
    let cgroups = Cgroups::open(Path::new(boot::CGROUPS));
    Ok(Agent {
        place: Place::Machine,
        root: root.map_err(|e| Failure::new(Stage::Settle, "open the root directory", e))?,
        disk: Arc::new(disk),
        editing: Mutex::default(),
        taking: Mutex::default(),
        reaper: Reaper::default(),
        scopes: Scopes::Cgroups(
            cgroups.map_err(|e| Failure::new(Stage::Settle, "prepare the cgroups", e))?,
        ),
        network: Mutex::default(),
        power_off: Notify::new(),
    })
}

/// Serves session after session until the host asks for the end.
async fn serve(agent: &Arc<Agent>, device: &boot::ChannelDevice) -> Result<(), Failure> {
    let children = reaper::watch().map_err(|e| Failure::new(Stage::Settle, "watch children", e))?;
    tokio::spawn(reaper::run(agent.clone(), children));
    tokio::select! {
        ended = sessions(agent, device) => ended,
        () = agent.power_off.notified() => {
            agent.scopes.kill_everything();
            Ok(())
        }
    }
}

async fn sessions(agent: &Arc<Agent>, device: &boot::ChannelDevice) -> Result<(), Failure> {
    loop {
        let channel = device.connected().await;
        let channel = channel.map_err(|e| Failure::new(Stage::Channel, "wait for the host", e))?;
        if let Err(error) = serve::session(agent, channel, boot::greet).await {
            console::say(format_args!("no session: {error}"));
        }
    }
}

/// Tells the host, if it comes in time, why this machine is of no use.
async fn report(failure: &Failure, device: &boot::ChannelDevice) {
    let telling = async {
        let channel = device.connected().await?;
        serve::refuse(channel, Boot::Failed(failure.note())).await.map_err(std::io::Error::other)
    };
    match tokio::time::timeout(HOST_COMES, telling).await {
        Ok(Ok(session)) => drop(tokio::time::timeout(HOST_LEAVES, session.ended()).await),
        Ok(Err(error)) => console::say(format_args!("the host was not told: {error}")),
        Err(_) => console::say("no host came to be told"),
    }
}

impl Failure {
    fn note(&self) -> BootNote {
        BootNote {
            stage: self.stage.name().to_owned(),
            errno: self.source.raw_os_error(),
            message: self.line(),
        }
    }
}
