//! One run of a host program: in a process group of its own, in a clean environment, with its
//! output bounded, watched for signs of life, and never outliving pyro. It knows nothing about what
//! the programs do.
//!
//! Not outliving pyro: a parent-death signal follows the thread that forked and reaches one
//! process; so instead the group holds the reading end of a pipe (the lifeline) whose writing end
//! only pyro has. However pyro dies, the kernel closes it, and the group is told to end.

use super::super::EnvironmentError;
use crate::config::Config;
use crate::error::AtPath;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// After so long without output a program is taken for hung. dpkg says something per package and
/// apt per file; the longest silence is the download of one big package over a slow line.
pub(super) const SILENCE: Duration = Duration::from_secs(600);
/// More than any list that pyro asks for; longer output is cut.
const MAX_OUTPUT: u64 = 16 << 20;
/// How much of what a program says on stderr is kept for its error message: a failure of dpkg takes
/// seven lines to work its way up through apt and mmdebstrap.
const MAX_LAST_LINES: usize = 8;
const MAX_LINE: usize = 400;
/// How long a program may take to clean up after a polite signal.
const GRACE: Duration = Duration::from_secs(10);
/// How often the silence is measured.
const TICK: Duration = Duration::from_millis(100);

/// Standard input is the lifeline. The waiter is orphaned at once, so the program never sees a
/// child that it did not start, and the shell becomes the program.
const WITH_LIFELINE: &str = "exec 3<&0 </dev/null
( ( read -r _ <&3; kill -TERM 0 ) >/dev/null 2>&1 & )
exec 3<&-
exec \"$@\"";

/// Runs `command`, which errors call `program`, and hands its standard output to `read`, its
/// standard error to `on_line` line by line. Returns what `read` made of it, if the program ended
/// well.
///
/// # Errors
/// The program's failure where there is one to explain a failure of `read`, else that of `read`.
pub(super) fn stream<T>(
    config: &Config,
    program: &str,
    command: &Command,
    silence: Duration,
    on_line: &mut (dyn FnMut(&str) + Send),
    read: impl FnOnce(&mut dyn Read) -> Result<T, EnvironmentError>,
) -> Result<T, EnvironmentError> {
    let program = program.to_owned();
    let mut group = Group::spawn(config, command)?;
    let (Some(stdout), Some(stderr)) = (group.child.stdout.take(), group.child.stderr.take())
    else {
        return Err(io::Error::other("no pipe")).at("read from", Path::new(&program))?;
    };
    let life = Life::begins();
    let mut output = Output { inner: stdout, life: &life, ended: false };
    let (value, last_lines) = std::thread::scope(|scope| {
        let leader = group.leader;
        let life = &life;
        let listener = scope.spawn(move || listen(stderr, life, silence, leader, on_line));
        let value = read(&mut output);
        if value.is_err() && !output.ended {
            end(leader, Signal::TERM);
        }
        life.done.store(true, Ordering::Relaxed);
        (value, listener.join().unwrap_or_default())
    });
    let read_it_all = output.ended;
    drop(output);
    let status = group.wait().at("wait for", Path::new(&program))?;
    if life.was_silent.load(Ordering::Relaxed) {
        let seconds = silence.as_secs();
        return Err(EnvironmentError::ToolSilent { program, seconds, last_lines });
    }
    if !status.success() && (read_it_all || value.is_ok()) {
        let status = status.to_string();
        return Err(EnvironmentError::ToolFailed { program, status, last_lines });
    }
    value
}

/// Runs `command` to its end and returns what it printed.
///
/// # Errors
/// The program's failure.
pub(super) fn output(config: &Config, command: &Command) -> Result<String, EnvironmentError> {
    stream(config, &name_of(command), command, SILENCE, &mut |_| {}, |stdout| {
        let mut bytes = Vec::new();
        stdout
            .take(MAX_OUTPUT)
            .read_to_end(&mut bytes)
            .and_then(|_| io::copy(stdout, &mut io::sink()))
            .at("read the output of", Path::new(command.get_program()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    })
}

fn name_of(command: &Command) -> String {
    let program = Path::new(command.get_program());
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

/// A running program with everything it starts.
#[derive(Debug)]
struct Group {
    child: Child,
    leader: Option<Pid>,
    lifeline: Option<ChildStdin>,
}

impl Group {
    fn spawn(config: &Config, command: &Command) -> Result<Self, EnvironmentError> {
        use std::os::unix::process::CommandExt;
        let path = std::env::join_paths(&config.search_path)
            .map_err(io::Error::other)
            .at("use the search path for", Path::new(command.get_program()))?;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", WITH_LIFELINE, "sh"]).arg(command.get_program()).args(command.get_args());
        if let Some(directory) = command.get_current_dir() {
            shell.current_dir(directory);
        }
        // Nothing of the user's environment reaches the maintainer scripts of packages.
        shell.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8");
        shell.envs(config.proxies.iter().map(|(name, value)| (name, value)));
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            shell.process_group(0).spawn().at("start", Path::new(command.get_program()))?;
        let leader = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let lifeline = child.stdin.take();
        Ok(Self { child, leader, lifeline })
    }

    /// Waits for the program; what it left running in its group ends with the lifeline.
    fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait();
        self.lifeline = None;
        self.leader = None;
        status
    }
}

/// Ends the group politely, then by force.
impl Drop for Group {
    fn drop(&mut self) {
        let Some(leader) = self.leader else { return };
        end(Some(leader), Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(TICK);
        }
        end(Some(leader), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Only for a group whose leader has not been waited for: its number may be another's afterwards.
fn end(leader: Option<Pid>, signal: Signal) {
    if let Some(leader) = leader {
        // It may have ended by itself.
        let _ = kill_process_group(leader, signal);
    }
}

/// Whether the program has ended, without reaping it.
fn has_ended(leader: Option<Pid>) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    leader.is_none_or(|leader| !matches!(waitid(WaitId::Pid(leader), look), Ok(None)))
}

/// When the program last gave a sign of life, and whether it still has to.
#[derive(Debug)]
struct Life {
    began: Instant,
    last_sign_ms: AtomicU64,
    done: AtomicBool,
    was_silent: AtomicBool,
}

impl Life {
    fn begins() -> Self {
        Self {
            began: Instant::now(),
            last_sign_ms: AtomicU64::new(0),
            done: AtomicBool::new(false),
            was_silent: AtomicBool::new(false),
        }
    }

    fn sign(&self) {
        self.last_sign_ms.store(self.age_ms(), Ordering::Relaxed);
    }

    fn silence(&self) -> Duration {
        let last = self.last_sign_ms.load(Ordering::Relaxed);
        Duration::from_millis(self.age_ms().saturating_sub(last))
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The program's standard output: every byte is a sign of life.
struct Output<'a, R> {
    inner: R,
    life: &'a Life,
    ended: bool,
}

impl<R: Read> Read for Output<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.life.sign();
        self.ended |= n == 0 && !buffer.is_empty();
        Ok(n)
    }
}

/// Follows standard error until it ends and the reader is done; ends the group when it has been
/// silent for too long. Returns the last lines.
fn listen(
    mut stderr: ChildStderr,
    life: &Life,
    silence: Duration,
    leader: Option<Pid>,
    on_line: &mut (dyn FnMut(&str) + Send),
) -> Vec<String> {
    let mut lines = Lines::default();
    let mut open = true;
    let mut signal = Signal::TERM;
    let tick = rustix::time::Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
    while open || !life.done.load(Ordering::Relaxed) {
        if open && poll(&mut [PollFd::new(&stderr, PollFlags::IN)], Some(&tick)) != Ok(0) {
            let mut block = [0; 8192];
            match stderr.read(&mut block) {
                Ok(0) => open = false,
                Ok(n) => {
                    life.sign();
                    lines.take(&block[..n], on_line);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => open = false,
            }
        } else if !open {
            std::thread::sleep(TICK);
        } else if life.done.load(Ordering::Relaxed) && has_ended(leader) {
            // Something that it left running in the background still holds standard error.
            break;
        }
        if life.silence() > silence {
            life.was_silent.store(true, Ordering::Relaxed);
            end(leader, signal);
            life.sign();
            signal = Signal::KILL;
        }
    }
    lines.last.into()
}

/// Cuts a byte stream into printable lines and keeps the last ones.
#[derive(Debug, Default)]
struct Lines {
    partial: Vec<u8>,
    last: VecDeque<String>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8], on_line: &mut (dyn FnMut(&str) + Send)) {
        for &byte in bytes {
            if matches!(byte, b'\n' | b'\r') {
                self.end_line(on_line);
            } else if self.partial.len() < MAX_LINE {
                self.partial.push(byte);
            }
        }
    }

    fn end_line(&mut self, on_line: &mut (dyn FnMut(&str) + Send)) {
        let line: String =
            String::from_utf8_lossy(&self.partial).chars().filter(|c| !c.is_control()).collect();
        self.partial.clear();
        let line = line.trim_end();
        if line.is_empty() {
            return;
        }
        on_line(line);
        // apt and mmdebstrap mark mere information so.
        if line.starts_with("I: ") {
            return;
        }
        if self.last.len() == MAX_LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line.trim_start().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Diagnose;

    fn config() -> Config {
        Config::from_lookup("/usr/bin/pyro".into(), |name| match name {
            "HOME" => Some("/nonexistent".into()),
            "http_proxy" => Some("http://proxy.example:3128".into()),
            _ => None,
        })
        .unwrap()
    }

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn run(script: &str, silence: Duration) -> Result<String, EnvironmentError> {
        stream(&config(), "sh", &sh(script), silence, &mut |_| {}, |stdout| {
            let mut text = String::new();
            stdout.read_to_string(&mut text).at("read", Path::new("stdout"))?;
            Ok(text)
        })
    }

    #[test]
    fn a_program_sees_a_clean_environment_with_the_proxies() {
        let text =
            output(&config(), sh("echo $http_proxy; env | grep -c CARGO; true").env("X", "1"))
                .unwrap();
        assert_eq!(text, "http://proxy.example:3128\n0\n");
    }

    #[test]
    fn a_failure_is_told_with_the_last_lines_without_control_characters() {
        let error = run(
            "seq 1 40 >&2; printf 'E: \\033[31mno\\n' >&2; echo I: tidying >&2; exit 3",
            SILENCE,
        )
        .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("exit status: 3") && text.ends_with("40; E: [31mno"), "{text}");
        assert!(!text.contains("10;"), "{text}");
    }

    #[test]
    fn a_silent_program_is_ended_with_its_children() {
        let began = Instant::now();
        let error = run("sleep 60 & sleep 60; echo never", Duration::from_millis(300)).unwrap_err();
        assert_eq!(error.code(), "host_tool_silent");
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn the_readers_error_wins_when_the_program_was_well_and_the_program_is_ended() {
        let error = stream(&config(), "sh", &sh("yes; exit 1"), SILENCE, &mut |_| {}, |stdout| {
            let mut some = [0; 10];
            stdout.read_exact(&mut some).at("read", Path::new("stdout"))?;
            Err::<(), _>(EnvironmentError::WrongSystem { reason: "mine".into() })
        })
        .unwrap_err();
        assert_eq!(error.code(), "wrong_system");
    }

    #[test]
    fn what_a_program_leaves_running_is_not_waited_for_and_ends() {
        let mut pid = String::new();
        let began = Instant::now();
        stream(
            &config(),
            "sh",
            &sh("sleep 60 >/dev/null & echo $! >&2"),
            SILENCE,
            &mut |line| line.clone_into(&mut pid),
            |stdout| Ok(io::copy(stdout, &mut io::sink()).at("read", Path::new("stdout"))?),
        )
        .unwrap();
        while Path::new("/proc").join(&pid).join("exe").exists() {
            assert!(began.elapsed() < Duration::from_secs(5));
        }
    }

    #[test]
    fn lines_of_standard_error_arrive_while_the_program_runs() {
        let mut lines = Vec::new();
        stream(
            &config(),
            "sh",
            &sh("echo one >&2; echo two >&2"),
            SILENCE,
            &mut |line| lines.push(line.to_owned()),
            |stdout| Ok(io::copy(stdout, &mut io::sink()).at("read", Path::new("stdout"))?),
        )
        .unwrap();
        assert_eq!(lines, ["one", "two"]);
    }

    #[test]
    fn the_group_ends_when_the_lifeline_is_cut() {
        let mut group = Group::spawn(&config(), &sh("sleep 60 & sleep 60; wait")).unwrap();
        group.lifeline = None; // what the kernel does when pyro dies
        let mut stdout = group.child.stdout.take().unwrap();
        // Both sleeps hold standard output: its end proves that both are gone.
        assert_eq!(stdout.read(&mut [0]).unwrap(), 0);
        assert!(!group.wait().unwrap().success());
    }
}
