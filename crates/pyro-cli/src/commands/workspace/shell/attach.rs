//! `pyro workspace shell attach`: joins our terminal to a shell, key by key. Leaving it changes nothing in
//! it; its own end ends us with its exit code.

use super::how_it_stands;
use super::raw_mode::{RawMode, size};
use crate::block_on;
use crate::commands::run::exit_code;
use crate::commands::workspace::call::tell_of_expiry;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::Ui;
use pyro::error::{Diagnose, Kind};
use pyro::terminal::Terminal;
use pyro::workspace::Workspace;
use pyro::workspace::shell::ShellStatus;
use pyro::workspace::shell_attach::{Attached, Keys, Shown, Shows};
use std::io::IsTerminal;
use std::process::ExitCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::signal::unix::{SignalKind, signal};

/// Join this terminal to a shell of a workspace
///
/// Every key goes to the shell, Ctrl-C too, and its terminal takes the size of this one. Ctrl-P Ctrl-Q leaves it running; its end ends this too, with its exit code. pyro's failures exit with 125.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace shell attach fix-42 sh-0a1b2c3d
  pyro workspace shell attach fix-42 $(pyro workspace shell open fix-42 --id-only)")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which shell
    shell: String,
}

/// What a program may have changed in our terminal: the mouse, pasting, the cursor, colours, keypads
/// (xterm's control sequences).
const CALM: &[u8] =
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[?25h\x1b[0m";
/// To the other screen and back.
const TO_ALTERNATE: &str = "\x1b[?1049h\x1b[H";
const FROM_ALTERNATE: &[u8] = b"\x1b[?1049l";
/// So many keys are read at once.
const KEYS: usize = 4096;

/// How it ended.
enum End {
    Left,
    Shell(ShellStatus),
}

pub(super) fn attach(ui: &Ui, arguments: &Arguments) -> Outcome {
    let config = settings::config()?;
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::Error(NoTerminal.into()));
    }
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let progress = ui.progress();
        let observer = |event| progress.observe(&event);
        let open = Workspace::open(&config, &arguments.workspace, &observer);
        let workspace = interrupts.or(open).await??;
        drop(progress);
        let attached = workspace.shell_attach(&arguments.shell, size()?).await?;
        let Attached { mut screen, shown, keys } = attached;
        let raw = RawMode::enter()?;
        let end = interrupts.or(join(&mut screen, shown, keys)).await;
        // whoever ended it; a terminal that is gone needs nothing
        let _ = calm(&screen).await;
        drop(raw);
        let end = end??;
        tell_of_expiry(ui, &workspace).await;
        Ok(conclude(ui, arguments, &end))
    })
}

fn conclude(ui: &Ui, arguments: &Arguments, end: &End) -> ExitCode {
    let Arguments { workspace, shell } = arguments;
    match end {
        End::Left => {
            ui.summary(&format!(
                "{shell} goes on; `pyro workspace shell attach {workspace} {shell}` comes back"
            ));
            ExitCode::SUCCESS
        }
        End::Shell(status) => {
            ui.summary(&format!("{shell} is {}", how_it_stands(status)));
            exit_code(status.exit_code.unwrap_or(255))
        }
    }
}

/// Carries keys and what is shown until either side ends.
async fn join(screen: &mut Terminal, mut shown: Shown<'_>, keys: Keys) -> Outcome<End> {
    let mut ours = tokio::io::stdout();
    ours.write_all(repainted(screen).as_bytes()).await?;
    ours.flush().await?;
    let mut typing = std::pin::pin!(type_on(keys));
    loop {
        tokio::select! {
            left = &mut typing => return left.map(|()| End::Left),
            next = shown.next() => match next? {
                Shows::Bytes(bytes) => {
                    screen.write(&bytes);
                    ours.write_all(&bytes).await?;
                    ours.flush().await?;
                }
                Shows::Ended(status) => return Ok(End::Shell(status)),
            },
        }
    }
}

/// Our terminal is as it was, whatever the shell's programs have made of it.
async fn calm(screen: &Terminal) -> std::io::Result<()> {
    let mut ours = tokio::io::stdout();
    if screen.is_alternate() {
        ours.write_all(FROM_ALTERNATE).await?;
    }
    ours.write_all(CALM).await?;
    ours.write_all(b"\r\n").await?;
    ours.flush().await
}

/// What the shell's terminal shows already, for ours. A program that draws on the whole screen draws it
/// again when it hears of our size.
fn repainted(screen: &Terminal) -> String {
    let begin = if screen.is_alternate() { TO_ALTERNATE } else { "" };
    let (seen, column) = (screen.seen().replace('\n', "\r\n"), screen.column() + 1);
    format!("{begin}{seen}\x1b[{column}G")
}

/// Passes our keys and sizes on until the user leaves or our terminal is gone.
async fn type_on(mut keys: Keys) -> Outcome<()> {
    let mut resized = signal(SignalKind::window_change())?;
    let mut ours = tokio::io::stdin();
    let mut buffer = vec![0; KEYS];
    let mut detach = Detach::default();
    loop {
        tokio::select! {
            read = ours.read(&mut buffer) => {
                let typed = buffer.get(..read?).unwrap_or_default();
                if typed.is_empty() {
                    return Ok(());
                }
                let (passed, leaves) = detach.pass(typed);
                keys.send(&passed).await?;
                if leaves {
                    return Ok(());
                }
            }
            _ = resized.recv() => keys.resize(size()?).await?,
        }
    }
}

/// Looks for the two keys that leave. The first is held back until the next one is known.
#[derive(Debug, Default)]
struct Detach {
    is_begun: bool,
}

impl Detach {
    const FIRST: u8 = 0x10;
    const SECOND: u8 = 0x11;

    /// The keys for the shell, and whether the user leaves behind them.
    fn pass(&mut self, typed: &[u8]) -> (Vec<u8>, bool) {
        let mut passed = Vec::with_capacity(typed.len() + 1);
        for key in typed {
            match (std::mem::take(&mut self.is_begun), *key) {
                (true, Self::SECOND) => return (passed, true),
                (true, Self::FIRST) => {
                    passed.push(Self::FIRST);
                    self.is_begun = true;
                }
                (true, other) => passed.extend([Self::FIRST, other]),
                (false, Self::FIRST) => self.is_begun = true,
                (false, other) => passed.push(other),
            }
        }
        (passed, false)
    }
}

/// A terminal is needed, and standard input or output is none.
#[derive(Debug, thiserror::Error)]
#[error("standard input and output are no terminal")]
struct NoTerminal;

impl Diagnose for NoTerminal {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        "no_terminal"
    }
    fn hints(&self) -> Vec<String> {
        vec!["use `pyro workspace shell read` and `write` where there is none".into()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_leave_and_everything_else_is_passed_on() {
        let mut detach = Detach::default();
        assert_eq!(detach.pass(b"ls\x11\n"), (b"ls\x11\n".to_vec(), false));
        // history goes back with the first of them
        assert_eq!(detach.pass(b"\x10"), (vec![], false));
        assert_eq!(detach.pass(b"\x10\x10a"), (b"\x10\x10\x10a".to_vec(), false));
        assert_eq!(detach.pass(b"x\x10"), (b"x".to_vec(), false));
        assert_eq!(detach.pass(b"\x11rest"), (vec![], true));
    }
}
