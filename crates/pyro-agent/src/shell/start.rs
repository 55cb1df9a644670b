//! From a request to a running shell: everything that can be refused is refused here, before anything
//! runs.

use super::terminal::Terminal;
use crate::agent::Agent;
use crate::exec::{Account, account, environment, pid, working_directory};
use crate::scope::Scope;
use crate::sys::{self, Entry};
use pyro_proto::Refusal;
use pyro_proto::shell::Shell;
use rustix::process::{Pid, WaitStatus};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use tokio::sync::oneshot;

/// The first of these that the guest has; every guest has the last.
const PROGRAMS: [&str; 2] = ["/bin/bash", "/bin/sh"];
/// What its terminal understands, as far as programs ask: whoever looks at it does.
const TERM: &str = "xterm-256color";

/// A shell that runs.
#[derive(Debug)]
pub(super) struct Started<'a> {
    pub(super) scope: Scope<'a>,
    /// Its process, session and process group.
    pub(super) group: Pid,
    pub(super) program: &'static str,
    pub(super) terminal: Terminal,
    pub(super) exit: oneshot::Receiver<WaitStatus>,
    pub(super) begun: Instant,
}

/// Starts the shell, or says why not.
pub(super) fn start<'a>(agent: &'a Agent, request: &Shell) -> Result<Started<'a>, Refusal> {
    let directory = working_directory(agent, request.cwd.as_ref())?;
    let account = account(agent, None)?;
    let scope = agent.scopes.make().map_err(|e| Refusal::from_io("cannot make a cgroup", &e))?;
    let terminal =
        Terminal::open(request.size).map_err(|e| Refusal::from_io("cannot open a terminal", &e))?;
    let program = program();
    let mut command = Command::new(program);
    command.arg("-l").env_clear();
    command.envs(environment(&account, &variables(program, request))?).envs(scope.mark());
    spawn(agent, command, program, directory, account, scope, terminal)
        .map_err(|e| Refusal::from_io(&format!("cannot start {program}"), &e))
}

fn program() -> &'static str {
    let [first, last] = PROGRAMS;
    if Path::new(first).exists() { first } else { last }
}

/// What the request brings comes last, and wins.
fn variables(program: &str, request: &Shell) -> Vec<(String, String)> {
    let own = [("TERM", TERM), ("SHELL", program)];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    own.into_iter().chain(request.env.iter().cloned()).collect()
}

fn spawn<'a>(
    agent: &'a Agent,
    mut command: Command,
    program: &'static str,
    directory: OwnedFd,
    account: Account,
    mut scope: Scope<'a>,
    terminal: Terminal,
) -> io::Result<Started<'a>> {
    command.stdin(terminal.handle.end_for_a_program()?);
    command.stdout(terminal.handle.end_for_a_program()?);
    command.stderr(terminal.handle.end_for_a_program()?);
    let (cgroup, identity) = (scope.admission()?, account.identity);
    sys::enter_before_exec(&mut command, Entry { cgroup, identity, directory, has_terminal: true });
    let begun = Instant::now();
    let child = command.spawn()?;
    let group = pid(&child)?;
    let exit = agent.reaper.expect(group);
    scope.started(group);
    Ok(Started { scope, group, program, terminal, exit, begun })
}
