//! Our own terminal while it belongs to a shell: every key goes through, and whatever happens it is put
//! back as it was.

use rustix::stdio::stdin;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use std::io;

/// As long as this lives, the terminal is raw.
#[derive(Debug)]
pub(super) struct RawMode {
    before: Termios,
}

impl RawMode {
    /// # Errors
    /// If our standard input is no terminal.
    pub(super) fn enter() -> io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin(), OptionalActions::Drain, &raw)?;
        Ok(Self { before })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // a terminal that is gone needs nothing
        let _ = tcsetattr(stdin(), OptionalActions::Drain, &self.before);
    }
}

/// How many columns and rows our terminal has; one that does not know counts as the smallest that there
/// was.
///
/// # Errors
/// If our standard input is no terminal.
pub(super) fn size() -> io::Result<(u16, u16)> {
    let size = tcgetwinsize(stdin())?;
    let or = |number, otherwise| if number == 0 { otherwise } else { number };
    Ok((or(size.ws_col, 80), or(size.ws_row, 24)))
}
