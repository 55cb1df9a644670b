//! What is done in the machine, one step after another: files put in, packages installed, commands run.

use super::BuildError;
use super::files::Packed;
use crate::error::Result;
use crate::event::{Event, Observer};
use crate::guest::transfer;
use crate::vm::{Exec, Output, Vm};
use pyro_proto::request::Request;
use std::fs::File;
use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::io::{AsyncRead, ReadBuf};

/// So much of a failed step's output is shown.
const LAST_LINES: usize = 20;
const LAST_BYTES: usize = 4 << 10;
/// So much of a command is its name.
const NAME: usize = 60;
/// What the script of [`install`] says where there is no apt; no program of Debian's does.
const NO_APT: i32 = 86;

/// Puts the files in, each as it is packed.
pub(super) async fn put(vm: &Vm, files: Vec<Packed>, observer: Observer<'_>) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    step(observer, "putting the files in", async {
        for Packed { directory, archive, .. } in files {
            let request = Request::WriteTree { path: directory, replace: false };
            let stream = vm.shim.guest(request).await?;
            transfer::send(stream, &mut Local(archive)).await?;
        }
        Ok(())
    })
    .await
}

/// Installs Debian packages, and leaves nothing of the way there.
pub(super) async fn install(
    vm: &Vm,
    base: &str,
    packages: &[String],
    env: &[(String, String)],
    observer: Observer<'_>,
) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    // no package may start its server here, and Debian's own images forbid it in the same way
    let script = format!(
        "command -v apt-get > /dev/null || exit {NO_APT}
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
[ -e $policy ] || {{ trap 'rm -f /usr/sbin/policy-rc.d' EXIT; printf '#!/bin/sh\\nexit 101\\n' > $policy; chmod 755 $policy; }}
apt-get -q -o APT::Update::Error-Mode=any -o Acquire::Languages=none -o Acquire::Retries=2 update
apt-get -q -y -o Dpkg::Use-Pty=0 -o Acquire::Retries=2 --no-install-recommends install {}
apt-get clean
rm -rf /var/lib/apt/lists/*",
        packages.join(" ")
    );
    let name = format!("installing {}", packages.join(" "));
    match run(vm, &shortened(&name), &script, env, observer).await {
        Err(Failed::Step { exit_code: NO_APT, .. }) => {
            Err(BuildError::NoApt { base: base.to_owned() }.into())
        }
        Err(failed) => Err(failed.on(base)),
        Ok(()) => Ok(()),
    }
}

/// Runs the recipe's commands.
pub(super) async fn run_all(
    vm: &Vm,
    base: &str,
    commands: &[String],
    env: &[(String, String)],
    observer: Observer<'_>,
) -> Result<()> {
    let count = commands.len();
    for (number, command) in (1..).zip(commands) {
        let first = command.trim().lines().next().unwrap_or_default();
        let name = shortened(&format!("running ({number}/{count}) {first}"));
        run(vm, &name, command, env, observer).await.map_err(|failed| failed.on(base))?;
    }
    Ok(())
}

/// Ends whatever the steps have left in the background: from now on nothing changes.
pub(super) async fn settle(vm: &Vm) -> Result<()> {
    let _ = attend(vm, "kill -s KILL -- -1", &[]).await?;
    Ok(())
}

enum Failed {
    Step { step: String, exit_code: i32, last_lines: Vec<String> },
    Other(crate::Error),
}

impl Failed {
    fn on(self, base: &str) -> crate::Error {
        match self {
            Self::Step { step, exit_code, last_lines } => {
                let base = base.to_owned();
                BuildError::Step { base, step, exit_code, last_lines }.into()
            }
            Self::Other(error) => error,
        }
    }
}

async fn run(
    vm: &Vm,
    name: &str,
    script: &str,
    env: &[(String, String)],
    observer: Observer<'_>,
) -> Result<(), Failed> {
    let quoted = script.replace('\'', r"'\''");
    let command = format!("exec /bin/sh -ec '{quoted}'");
    let (exit_code, last) =
        step(observer, name, attend(vm, &command, env)).await.map_err(Failed::Other)?;
    match exit_code {
        0 => Ok(()),
        _ => Err(Failed::Step { step: name.to_owned(), exit_code, last_lines: lines(&last) }),
    }
}

/// Runs a command to its end; says how that was, and the last that it wrote.
async fn attend(vm: &Vm, command: &str, env: &[(String, String)]) -> Result<(i32, Vec<u8>)> {
    let exec = Exec {
        command: command.to_owned(),
        cwd: Some("/".into()),
        env: env.to_vec(),
        user: Some("0:0".to_owned()),
        stdin: false,
        timeout_ms: None,
        sync: false,
        service: false,
    };
    let mut execution = vm.exec(exec).await?;
    let mut last = Vec::new();
    loop {
        match execution.next().await? {
            Output::Stdout(bytes) | Output::Stderr(bytes) => {
                last.extend_from_slice(&bytes);
                let old = last.len().saturating_sub(LAST_BYTES);
                last.drain(..old);
            }
            Output::Exited(exit) => return Ok((exit.code, last)),
        }
    }
}

/// As [`crate::event::step`], for work that waits.
async fn step<T>(
    observer: Observer<'_>,
    what: &str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let started = Instant::now();
    observer(Event::Started { what: what.to_owned() });
    let value = work.await?;
    observer(Event::Finished { what: what.to_owned(), took: started.elapsed() });
    Ok(value)
}

/// The last lines, without what a terminal would take for a command.
fn lines(last: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(last);
    let printable = |line: &str| -> String {
        line.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    };
    let lines: Vec<_> = text.lines().map(printable).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].to_vec()
}

fn shortened(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match name.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

/// A file of this host, which is read without waiting for anybody.
struct Local(File);

impl AsyncRead for Local {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let count = self.0.read(buffer.initialize_unfilled())?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_whole_and_harmless() {
        let said: String = (0..100).map(|n| format!("line {n}\n\n")).collect();
        let shown = lines(format!("{said}\u{1b}[2Jred\r\n\u{7}").as_bytes());
        assert_eq!(shown.len(), LAST_LINES);
        assert_eq!(shown[LAST_LINES - 2..], [" [2Jred", " "].map(str::to_owned));
    }

    #[test]
    fn a_long_command_has_a_short_name() {
        assert_eq!(shortened("running (1/1) make"), "running (1/1) make");
        let long = shortened(&"ä".repeat(100));
        assert_eq!(long.chars().count(), NAME + 1);
    }
}
