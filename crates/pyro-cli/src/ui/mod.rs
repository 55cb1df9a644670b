//! The only code that prints. Data goes to stdout, everything said about it to stderr; colours and
//! moving bars appear only on terminals, and nothing is said by colour alone.

mod checklist;
mod fields;
mod patch;
mod printable;
mod progress;
mod table;
mod text;

pub(crate) use checklist::checklist;
pub(crate) use fields::Fields;
pub(crate) use printable::{one_line, printable};
pub(crate) use progress::Progress;
pub(crate) use table::Table;
pub(crate) use text::{ago, count, human_bytes, outline, seconds, until};

use pyro::Report;
use pyro::journal::Stdio;
use std::io::{IsTerminal, Write};

/// Where to say things, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ui {
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
    may_colour: bool,
}

/// ANSI SGR codes (ECMA-48 8.3.117), on and off.
#[derive(Debug, Clone, Copy)]
enum Tone {
    Bad,
    Warning,
    Advice,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Bad => "\x1b[1;31m",
            Self::Warning => "\x1b[1;33m",
            Self::Advice => "\x1b[1;36m",
        }
    }
}

impl Ui {
    /// What the terminal and `NO_COLOR` allow.
    pub(crate) fn detect() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self {
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal() && !dumb,
            may_colour: !dumb && !is_set("NO_COLOR"),
        }
    }

    /// Text that somebody could pipe, newline included.
    pub(crate) fn data(&self, text: &str) -> std::io::Result<()> {
        self.output(Stdio::Out, text.as_bytes())
    }

    /// Bytes of a command, as they are, each stream to its own.
    pub(crate) fn output(&self, stream: Stdio, bytes: &[u8]) -> std::io::Result<()> {
        match stream {
            Stdio::Out => {
                let mut stdout = std::io::stdout().lock();
                stdout.write_all(bytes)?;
                stdout.flush()
            }
            Stdio::Err => std::io::stderr().lock().write_all(bytes),
        }
    }

    /// Text of a guest: byte for byte into a pipe or a file, harmless on a terminal.
    pub(crate) fn guest_text(&self, text: &str) -> std::io::Result<()> {
        if self.stdout_is_terminal { self.data(&printable(text)) } else { self.data(text) }
    }

    /// A unified diff: as it is into a pipe or a file, coloured on a terminal.
    pub(crate) fn patch(&self, text: &str) -> std::io::Result<()> {
        if self.stdout_is_terminal {
            self.data(&patch::on_terminal(text, self.may_colour))
        } else {
            self.data(text)
        }
    }

    /// The one JSON document of this run.
    pub(crate) fn json(&self, value: &impl serde::Serialize) -> std::io::Result<()> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        self.data(&text)
    }

    /// Something that stops nothing.
    pub(crate) fn warning(&self, message: &str) {
        self.say(Tone::Warning, "warning", message);
    }

    /// What was done, for whoever reads stderr.
    pub(crate) fn remark(&self, message: &str) {
        note(&printable(message));
    }

    /// A closing word for a person; a script does not get it.
    pub(crate) fn summary(&self, message: &str) {
        if self.stderr_is_terminal {
            self.remark(message);
        }
    }

    /// What went wrong and what to do, once: as JSON on stdout, or as text on stderr.
    pub(crate) fn failure(&self, report: &Report, as_json: bool) {
        if as_json && self.json(report).is_ok() {
            return;
        }
        self.say(Tone::Bad, "error", &report.message);
        for hint in &report.hints {
            self.say(Tone::Advice, "hint", hint);
        }
    }

    /// Somewhere for the events of long work.
    pub(crate) fn progress(&self) -> Progress {
        Progress::new(*self)
    }

    fn say(&self, tone: Tone, heading: &str, message: &str) {
        let message = printable(message);
        if self.stderr_is_terminal && self.may_colour {
            note(&format!("{}{heading}:\x1b[0m {message}", tone.code()));
        } else {
            note(&format!("{heading}: {message}"));
        }
    }
}

/// A line on stderr. Nobody is left to tell when that is closed.
fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
