//! Joins a person's terminal to a shell.

use super::shell::ShellStatus;
use super::{Workspace, WorkspaceError};
use crate::error::Result;
use crate::guest::GuestError;
use crate::shim::shells::words::{ShellLife, ShellWait};
use crate::terminal::Terminal;
use bytes::Bytes;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Receiver, Sender};
use pyro_proto::shell::Size;

/// A shell that a terminal is joined to. Dropping both halves leaves it, and changes nothing in it.
#[derive(Debug)]
pub struct Attached<'w> {
    /// What a terminal shows that has been there all the time.
    pub screen: Terminal,
    /// What comes.
    pub shown: Shown<'w>,
    /// What is typed.
    pub keys: Keys,
}

/// What a shell shows from now on.
#[derive(Debug)]
pub struct Shown<'w> {
    workspace: &'w Workspace,
    receiver: Receiver,
}

/// One thing that a shell did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    /// Bytes for the terminal.
    Bytes(Bytes),
    /// It ended; nothing follows.
    Ended(ShellStatus),
}

/// The keys of a terminal that is joined to a shell.
#[derive(Debug)]
pub struct Keys(Sender);

impl Workspace {
    /// Joins a terminal of this size to a shell, whose own gets the same.
    ///
    /// # Errors
    /// If there is no such shell, or it has ended.
    pub async fn shell_attach(
        &self,
        shell_id: &str,
        (cols, rows): (u16, u16),
    ) -> Result<Attached<'_>> {
        let read = self.shim.read_shell(shell_id, 0, usize::MAX, ShellWait::Nothing).await;
        let (extract, bytes) = read.map_err(self.no_shell(shell_id))?;
        if extract.state.life != ShellLife::Running {
            return Err(WorkspaceError::ShellEnded { shell_id: extract.state.shell_id }.into());
        }
        let mut screen = Terminal::new(cols, rows);
        screen.write(&bytes);
        let stream = self.shim.attach_shell(shell_id, extract.end, Size { cols, rows }).await?;
        let (sender, receiver) = stream.split();
        Ok(Attached { screen, shown: Shown { workspace: self, receiver }, keys: Keys(sender) })
    }
}

impl Shown<'_> {
    /// The next thing the shell does. Nothing is lost when this future is dropped.
    ///
    /// # Errors
    /// If the machine is gone.
    pub async fn next(&mut self) -> Result<Shows> {
        match self.receiver.next().await {
            Item::Data(_, bytes) => Ok(Shows::Bytes(bytes)),
            Item::Message(json) => serde_json::from_slice(&json)
                .map(|state| Shows::Ended(self.workspace.shell_status(state)))
                .map_err(|_| GuestError::Nonsense("an end that cannot be read").into()),
            Item::Finish => Err(GuestError::Nonsense("a shell ended without a word").into()),
            Item::Reset(refusal) => Err(GuestError::from(refusal).into()),
        }
    }
}

impl Keys {
    /// Types.
    ///
    /// # Errors
    /// If the machine is gone.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.send(Lane::Main, bytes).await.map_err(GuestError::from)?)
    }

    /// Says that the terminal has another size, of so many columns and rows.
    ///
    /// # Errors
    /// If the machine is gone.
    pub async fn resize(&mut self, (cols, rows): (u16, u16)) -> Result<()> {
        Ok(self.0.message(&Size { cols, rows }).await.map_err(GuestError::from)?)
    }
}
