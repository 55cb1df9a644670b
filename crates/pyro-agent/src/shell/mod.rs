//! Runs one shell behind a terminal of its own: carries what the terminal shows and what is typed, obeys
//! the host's words about it, and ends it with everything it started when the host ends its stream.
//!
//! Nobody holds a shell up: once it has ended, what its terminal still shows is sent, and whoever else
//! holds that terminal is hung up.

mod control;
mod output;
mod start;
mod terminal;

use crate::agent::Agent;
use crate::exec::exit_of;
use pyro_proto::mux::{Item, Receiver, Sender, Stream};
use pyro_proto::request::ExecExit;
use pyro_proto::shell::{Shell, ShellOpened};
use start::Started;

/// Runs `request` over `stream`.
pub(crate) async fn run(agent: &Agent, request: &Shell, stream: Stream) {
    let (mut sender, receiver) = stream.split();
    match start::start(agent, request) {
        Ok(started) => {
            let opened = ShellOpened { program: started.program.to_owned() };
            // a host that is gone has ended the stream, which is seen next
            let _ = sender.message(&opened).await;
            attend(started, sender, receiver).await;
        }
        Err(refusal) => sender.reset(&refusal),
    }
}

/// Stays with the shell until the host ends the stream; then nothing of it is left.
async fn attend(started: Started<'_>, mut sender: Sender, mut receiver: Receiver) {
    let Started { scope, group, program: _, terminal, exit, begun } = started;
    let (screen, keys) = tokio::io::split(terminal.channel);
    let ended = {
        let carried = output::carry(&mut sender, screen, &terminal.handle, exit);
        let handle = control::Handle { scope: &scope, group, terminal: &terminal.handle };
        let obeyed = control::obey(&mut receiver, keys, handle);
        tokio::select! {
            status = carried => status.ok(),
            () = obeyed => None,
        }
    };
    // whoever still holds the terminal is hung up
    drop(terminal.handle);
    if let Some(status) = ended {
        answer(&mut sender, &exit_of(status, false, begun)).await;
        until_over(&mut receiver).await;
    }
    scope.kill().await;
}

async fn answer(sender: &mut Sender, exit: &ExecExit) {
    if sender.message(exit).await.is_ok() {
        // a host that is gone needs no answer
        let _ = sender.finish().await;
    }
}

/// What is typed now, nobody reads.
async fn until_over(receiver: &mut Receiver) {
    while let Item::Data(..) | Item::Message(_) = receiver.next().await {}
}
