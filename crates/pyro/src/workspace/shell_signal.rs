//! Sends a signal to what runs in a shell.

use super::shell::{ShellLife, ShellStatus};
use super::{Workspace, WorkspaceError};
use crate::error::Result;
use std::str::FromStr;

/// A signal for what has a shell's terminal. The numbers are those of signal(7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShellSignal {
    /// As if the terminal were closed.
    Hup = 1,
    /// As Ctrl-C does.
    #[default]
    Int = 2,
    /// By force.
    Kill = 9,
    /// Asks it to end.
    Term = 15,
}

/// By its name, without `SIG`.
impl FromStr for ShellSignal {
    type Err = WorkspaceError;

    fn from_str(name: &str) -> Result<Self, WorkspaceError> {
        match name {
            "HUP" => Ok(Self::Hup),
            "INT" => Ok(Self::Int),
            "KILL" => Ok(Self::Kill),
            "TERM" => Ok(Self::Term),
            _ => Err(WorkspaceError::BadSignal(name.to_owned())),
        }
    }
}

impl Workspace {
    /// Sends a signal to the foreground of a shell's terminal: to the program that runs there, and to the
    /// shell itself where none does.
    ///
    /// # Errors
    /// If there is no such shell, or it has ended.
    pub async fn shell_signal(&self, shell_id: &str, signal: ShellSignal) -> Result<ShellStatus> {
        let sent = self.shim.signal_shell(shell_id, signal as i32).await;
        let state = sent.map_err(self.no_shell(shell_id))?;
        if state.life != ShellLife::Running {
            return Err(WorkspaceError::ShellEnded { shell_id: state.shell_id }.into());
        }
        Ok(self.shell_status(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_the_names_and_numbers_of_signal_7() {
        let number = |name: &str| name.parse::<ShellSignal>().map(|signal| signal as i32).ok();
        let numbers = ["HUP", "INT", "KILL", "TERM"].map(number);
        assert_eq!(numbers, [Some(1), Some(2), Some(9), Some(15)]);
        assert_eq!(["int", "SIGINT", "STOP", ""].map(number), [None; 4]);
    }
}
