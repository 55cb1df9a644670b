//! The machine's console: the only place for words before there is a channel. One line each, and
//! never anything that a user's command said.

use std::fmt::Display;
use std::io::Write;

/// Writes one line; a console that is gone is not an error.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "pyro: {line}");
}
