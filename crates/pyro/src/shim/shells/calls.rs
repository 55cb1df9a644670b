//! The calls of a front end about shells.

use super::super::client::Client;
use super::super::error::ShimError;
use super::super::protocol::Ask;
use super::words::{ShellAsk, ShellExtract, ShellState, ShellWait, ShellWritten};
use crate::error::Result;
use crate::guest::GuestError;
use crate::secret::SecretEnv;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Stream};
use pyro_proto::shell::{Shell, Size};

impl Client {
    /// Opens a shell, see [`ShellAsk::Open`].
    ///
    /// # Errors
    /// If it cannot be opened.
    pub async fn open_shell(&self, shell: Shell, secret_env: Vec<SecretEnv>) -> Result<ShellState> {
        self.answer(&mut self.ask(ShellAsk::Open { shell, secret_env }).await?).await
    }

    /// Every shell that is known.
    ///
    /// # Errors
    /// If the shim is gone.
    pub async fn shells(&self) -> Result<Vec<ShellState>> {
        self.answer(&mut self.ask(ShellAsk::List).await?).await
    }

    /// Reads what a shell has shown, see [`ShellAsk::Read`].
    ///
    /// # Errors
    /// If there is no such shell.
    pub async fn read_shell(
        &self,
        shell_id: &str,
        from: u64,
        most: usize,
        wait: ShellWait,
    ) -> Result<(ShellExtract, Vec<u8>)> {
        let ask = ShellAsk::Read { shell_id: shell_id.to_owned(), from, most, wait };
        let mut stream = self.ask(ask).await?;
        let extract = self.answer(&mut stream).await?;
        let mut bytes = Vec::new();
        loop {
            match stream.receiver.next().await {
                Item::Data(_, piece) => bytes.extend_from_slice(&piece),
                Item::Finish => return Ok((extract, bytes)),
                Item::Message(_) => {}
                Item::Reset(refusal) => return Err(GuestError::from(refusal).into()),
            }
        }
    }

    /// Types into a shell, see [`ShellAsk::Write`].
    ///
    /// # Errors
    /// If there is no such shell.
    pub async fn write_shell(&self, shell_id: &str, bytes: &[u8]) -> Result<ShellWritten> {
        let mut stream = self.ask(ShellAsk::Write { shell_id: shell_id.to_owned() }).await?;
        // a shim that takes no more says why
        if stream.sender.send(Lane::Main, bytes).await.is_ok() {
            let _ = stream.sender.finish().await;
        }
        self.answer(&mut stream).await
    }

    /// Sends a signal to what has a shell's terminal, see [`ShellAsk::Signal`].
    ///
    /// # Errors
    /// If there is no such shell.
    pub async fn signal_shell(&self, shell_id: &str, signal: i32) -> Result<ShellState> {
        let ask = ShellAsk::Signal { shell_id: shell_id.to_owned(), signal };
        self.answer(&mut self.ask(ask).await?).await
    }

    /// Ends a shell, see [`ShellAsk::Close`].
    ///
    /// # Errors
    /// If there is no such shell.
    pub async fn close_shell(&self, shell_id: &str) -> Result<ShellState> {
        let ask = ShellAsk::Close { shell_id: shell_id.to_owned() };
        self.answer(&mut self.ask(ask).await?).await
    }

    /// Joins a terminal to a shell, see [`ShellAsk::Attach`], which also says what the stream carries.
    ///
    /// # Errors
    /// If the shim is gone.
    pub async fn attach_shell(
        &self,
        shell_id: &str,
        from: u64,
        size: Size,
    ) -> std::result::Result<Stream, ShimError> {
        self.ask(ShellAsk::Attach { shell_id: shell_id.to_owned(), from, size }).await
    }

    async fn ask(&self, ask: ShellAsk) -> std::result::Result<Stream, ShimError> {
        self.open(&Ask::Shells { ask }).await
    }
}
