//! From a request to a running process: everything that can be refused is refused here, before
//! anything runs.

use super::account::{Account, Accounts};
use super::environment::environment;
use super::output::{Output, Outputs};
use crate::agent::{Agent, Place};
use crate::files::invalid;
use crate::scope::Scope;
use crate::sys::{self, Entry};
use pyro_proto::frame::Lane;
use pyro_proto::request::Exec;
use pyro_proto::{GuestPath, Refusal, RefusalCode};
use rustix::process::{Pid, WaitStatus};
use std::borrow::Cow;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

/// One argument's limit with its final NUL: `MAX_ARG_STRLEN` in the kernel's `binfmts.h`.
const MAX_ARGUMENT: usize = 128 << 10;
const SHELL: &str = "/bin/sh";

/// A command that runs.
#[derive(Debug)]
pub(super) struct Started<'a> {
    pub(super) scope: Scope<'a>,
    /// Its process, session and process group.
    pub(super) group: Pid,
    pub(super) stdin: Option<pipe::Sender>,
    pub(super) outputs: Outputs,
    pub(super) exit: oneshot::Receiver<WaitStatus>,
    pub(super) begun: Instant,
}

/// Starts the command, or says why not.
pub(super) fn start<'a>(agent: &'a Agent, request: &Exec) -> Result<Started<'a>, Refusal> {
    let command = shell_command(&request.command, &request.env)?;
    let directory = working_directory(agent, request.cwd.as_ref())?;
    let account = account(agent, request.user.as_deref())?;
    let scope = agent.scopes.make().map_err(|e| Refusal::from_io("cannot make a cgroup", &e))?;
    let command = with_environment(command, &account, request, &scope)?;
    spawn(agent, command, request.stdin, directory, account, scope).map_err(|e| no_shell(&e))
}

fn no_shell(error: &io::Error) -> Refusal {
    if error.kind() == io::ErrorKind::NotFound && !Path::new(SHELL).exists() {
        let message =
            "the environment has no /bin/sh, which runs every command: use an image with a shell";
        return Refusal::new(RefusalCode::NotFound, message);
    }
    Refusal::from_io("cannot start /bin/sh", error)
}

fn shell_command(command: &str, env: &[(String, String)]) -> Result<Command, Refusal> {
    let command = keeping_path(command, env);
    if command.contains('\0') {
        return Err(invalid("the command contains a NUL byte"));
    }
    if command.len() >= MAX_ARGUMENT {
        let message = format!(
            "the command has {} bytes, Linux takes at most {}: write it to a file and run that",
            command.len(),
            MAX_ARGUMENT - 1
        );
        return Err(invalid(message));
    }
    let mut shell = Command::new(SHELL);
    shell.arg("-lc").arg(&*command);
    Ok(shell)
}

/// The profile of a login sets `PATH` anew (Debian's does): one that was asked for is set after it.
fn keeping_path<'c>(command: &'c str, env: &[(String, String)]) -> Cow<'c, str> {
    match env.iter().rev().find(|(name, _)| name == "PATH") {
        Some((_, path)) => {
            let quoted = path.replace('\'', r"'\''");
            format!("export PATH='{quoted}'; {command}").into()
        }
        None => command.into(),
    }
}

/// Where it begins; without a wish in `/`.
pub(crate) fn working_directory(
    agent: &Agent,
    cwd: Option<&GuestPath>,
) -> Result<OwnedFd, Refusal> {
    let root = GuestPath::from("/");
    agent.root.directory(cwd.unwrap_or(&root))
}

/// Without a user: root in a machine, whoever runs the agent in a process.
pub(crate) fn account(agent: &Agent, user: Option<&str>) -> Result<Account, Refusal> {
    let user = match (user, agent.place) {
        (Some(user), _) => user,
        (None, Place::Machine) => "0",
        (None, Place::Process) => {
            let home = agent.root.path().to_string_lossy().into_owned();
            return Ok(Account { name: "root".into(), home, identity: None });
        }
    };
    let accounts = Accounts::read(Path::new("/etc"));
    accounts.map_err(|e| Refusal::from_io("cannot read the guest's accounts", &e))?.find(user)
}

fn with_environment(
    mut command: Command,
    account: &Account,
    request: &Exec,
    scope: &Scope<'_>,
) -> Result<Command, Refusal> {
    command.env_clear().envs(environment(account, &request.env)?).envs(scope.mark());
    Ok(command)
}

fn spawn<'a>(
    agent: &'a Agent,
    mut command: Command,
    takes_stdin: bool,
    directory: OwnedFd,
    account: Account,
    mut scope: Scope<'a>,
) -> io::Result<Started<'a>> {
    command.stdin(if takes_stdin { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let entry = Entry {
        cgroup: scope.admission()?,
        identity: account.identity,
        directory,
        has_terminal: false,
    };
    sys::enter_before_exec(&mut command, entry);
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let group = pid(&child)?;
    let exit = agent.reaper.expect(group);
    scope.started(group);
    let stdin = child.stdin.take().map(|pipe| pipe::Sender::from_owned_fd(pipe.into()));
    Ok(Started { scope, group, stdin: stdin.transpose()?, outputs: outputs(child)?, exit, begun })
}

fn outputs(child: Child) -> io::Result<Outputs> {
    let (Some(stdout), Some(stderr)) = (child.stdout, child.stderr) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let (stdout, stderr) = (Output::new(stdout, Lane::Main)?, Output::new(stderr, Lane::Err)?);
    Ok(Outputs { stdout, stderr })
}

pub(crate) fn pid(child: &Child) -> io::Result<Pid> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_was_asked_for_outlives_the_profile() {
        let path = |value: &str| vec![("PATH".to_owned(), value.to_owned())];
        assert_eq!(keeping_path("true", &[]), "true");
        assert_eq!(keeping_path("true", &path("/a:/b")), "export PATH='/a:/b'; true");
        let said = Command::new("/bin/sh")
            .arg("-c")
            .arg(&*keeping_path("echo \"$PATH\"", &path("/it's/$HOME:`x`")))
            .output();
        assert_eq!(said.unwrap().stdout, b"/it's/$HOME:`x`\n");
    }
}
