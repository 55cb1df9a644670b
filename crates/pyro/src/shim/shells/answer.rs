//! Answers what front ends ask about shells.

use super::super::desk::Desk;
use super::attach::attach;
use super::open_shell::OpenShell;
use super::words::{MAX_INPUT, ShellAsk, ShellExtract, ShellWait, ShellWritten};
use crate::secret::SecretEnv;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Receiver, Sender, Stream};
use pyro_proto::request::Request;
use pyro_proto::shell::{Shell, ShellOpened};
use pyro_proto::{Refusal, RefusalCode};
use serde::Serialize;
use std::rc::Rc;

/// Answers one request.
pub(in super::super) async fn answer(ask: ShellAsk, stream: Stream, desk: &Desk) {
    let (mut sender, mut receiver) = stream.split();
    let answered = match ask {
        ShellAsk::List => tell(&mut sender, &desk.shells.states()).await,
        ask => {
            // whoever opens a shell, reads it or types works; a shell that nobody looks at does not
            let _busy = desk.activity.work();
            work(ask, &mut sender, &mut receiver, desk).await
        }
    };
    // dropping the receiver before would end the stream without a word
    if let Err(refusal) = answered {
        sender.reset(&refusal);
    }
}

async fn work(
    ask: ShellAsk,
    sender: &mut Sender,
    receiver: &mut Receiver,
    desk: &Desk,
) -> Result<(), Refusal> {
    let find = |shell_id: &str| desk.shells.find(shell_id);
    match ask {
        ShellAsk::List => Ok(()),
        ShellAsk::Open { shell, secret_env } => {
            let opened = open(shell, &secret_env, desk).await?;
            tell(sender, &opened.state()).await
        }
        ShellAsk::Read { shell_id, from, most, wait } => {
            read(&*find(&shell_id)?, from, most, wait, sender).await
        }
        ShellAsk::Write { shell_id } => write(&*find(&shell_id)?, receiver, sender).await,
        ShellAsk::Signal { shell_id, signal } => {
            let shell = find(&shell_id)?;
            let state = shell.state();
            shell.signal(signal).await;
            tell(sender, &state).await
        }
        ShellAsk::Close { shell_id } => {
            let shell = find(&shell_id)?;
            shell.close().await;
            tell(sender, &shell.state()).await
        }
        ShellAsk::Attach { shell_id, from, size } => {
            attach(&*find(&shell_id)?, from, size, sender, receiver).await
        }
    }
}

async fn open(
    mut shell: Shell,
    secret_env: &[SecretEnv],
    desk: &Desk,
) -> Result<Rc<OpenShell>, Refusal> {
    let entries = desk.vault.environment(secret_env);
    shell.env.extend(entries.map_err(|e| Refusal::new(RefusalCode::NotFound, e.to_string()))?);
    let guest = desk.guest().await?;
    if desk.commands.is_none() {
        return Err(Refusal::new(RefusalCode::Unsupported, "the machine is no workspace's"));
    }
    let seat = desk.shells.take_seat()?;
    let opened = async {
        let agent = guest.open(&Request::Shell(shell.clone())).await?;
        let (to_agent, mut from_agent) = agent.split();
        match from_agent.next().await {
            Item::Message(json) if serde_json::from_slice::<ShellOpened>(&json).is_ok() => {
                Ok((to_agent, from_agent))
            }
            Item::Reset(refusal) => Err(refusal),
            _ => Err(Refusal::new(RefusalCode::Failed, "a shell that does not say that it runs")),
        }
    };
    let (to_agent, from_agent) = match opened.await {
        Ok(ways) => ways,
        Err(refusal) => return Err(desk.explained(refusal).await),
    };
    let opened = Rc::new(OpenShell::new(new_id()?, &shell, desk.vault.redactor(), to_agent));
    seat.give_to(opened.clone());
    let listening = opened.clone();
    tokio::task::spawn_local(async move { listening.listen(from_agent).await });
    Ok(opened)
}

/// Never one that an earlier shell of the workspace had: somebody may still remember that.
fn new_id() -> Result<String, Refusal> {
    let mut bytes = [0; 4];
    let filled = getrandom::fill(&mut bytes);
    filled.map_err(|error| Refusal::new(RefusalCode::Failed, error.to_string()))?;
    Ok(format!("sh-{}", hex::encode(bytes)))
}

async fn read(
    shell: &OpenShell,
    from: u64,
    most: usize,
    wait: ShellWait,
    sender: &mut Sender,
) -> Result<(), Refusal> {
    shell.wait(from, wait).await;
    let (state, end) = (shell.state(), shell.end_of_shown());
    let (from, bytes) = shell.read(from, most);
    sender.message(&ShellExtract { state, from, end }).await?;
    sender.send(Lane::Main, &bytes).await?;
    sender.finish().await
}

/// Types nothing before all of it is there: a front end that breaks off has typed nothing.
async fn write(
    shell: &OpenShell,
    receiver: &mut Receiver,
    sender: &mut Sender,
) -> Result<(), Refusal> {
    let mut typed = Vec::new();
    loop {
        match receiver.next().await {
            Item::Data(_, bytes) if typed.len() + bytes.len() <= MAX_INPUT => {
                typed.extend_from_slice(&bytes);
            }
            Item::Data(..) => {
                let message = format!("more than {MAX_INPUT} bytes at once");
                return Err(Refusal::new(RefusalCode::Invalid, message));
            }
            Item::Message(_) => {}
            Item::Finish => break,
            Item::Reset(refusal) => return Err(refusal),
        }
    }
    let taken = shell.write(&typed).await;
    tell(sender, &ShellWritten { state: shell.state(), taken }).await
}

/// Answers with one message.
async fn tell(sender: &mut Sender, answer: &impl Serialize) -> Result<(), Refusal> {
    sender.message(answer).await?;
    sender.finish().await
}
