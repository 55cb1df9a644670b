//! Running the host's `git`: its output is bounded or streamed, its messages are understood, and nothing
//! that a repository's settings name is started by it. It knows nothing of what the commands mean.

use super::super::SeedError;
use crate::config::Config;
use crate::error::AtPath;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

/// More than any output that is not streamed.
const MAX_OUTPUT: u64 = 4 << 20;
/// More than any record of a stream: a path and what stands before it.
const MAX_RECORD: u64 = 16 << 10;
/// How much of git's last words is kept.
const MAX_SAID: usize = 2000;

/// Variables that lead git elsewhere than to the directory it is started in
/// (`git rev-parse --local-env-vars`), or make it start or trace something (git(1), "Environment
/// Variables").
const FOREIGN: [&str; 33] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_EXTERNAL_DIFF",
    "GIT_TEMPLATE_DIR",
    "GIT_TRACE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE2_PERF",
    "GIT_TRACE_SETUP",
    "GIT_FLUSH",
    "GIT_ATTR_SOURCE",
];

/// Settings under which git reads a repository without starting anything for it.
const QUIET: [&str; 6] = [
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.untrackedCache=false",
];

/// The host's git.
#[derive(Debug, Clone)]
pub(super) struct Git {
    program: PathBuf,
    search_path: std::ffi::OsString,
}

impl Git {
    pub(super) fn find(config: &Config) -> Result<Self, SeedError> {
        let program = config.find_program("git").ok_or(SeedError::GitMissing)?;
        let search_path = std::env::join_paths(&config.search_path).unwrap_or_default();
        Ok(Self { program, search_path })
    }

    /// A command in `directory`. It inherits the environment and so the user's own settings: the list of
    /// trusted directories and what the user has git ignore are there.
    pub(super) fn command(&self, directory: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(QUIET).current_dir(directory);
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.env("PATH", &self.search_path).env("LC_ALL", "C");
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_LAZY_FETCH", "1");
        command.env("GIT_TERMINAL_PROMPT", "0");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What `git ARGS` prints in `directory`, `None` where it ends with status 1, which is how it says
    /// that there is nothing of the kind.
    pub(super) fn output(
        &self,
        directory: &Path,
        args: &[&str],
        input: &[u8],
    ) -> Result<Option<Vec<u8>>, SeedError> {
        let mut command = self.command(directory);
        command.args(args).stdin(Stdio::piped());
        let mut running = Running::start(command, args.first().copied().unwrap_or_default())?;
        let mut stdin = running.child.stdin.take();
        let mut stdout = running.stdout()?;
        let mut bytes = Vec::new();
        let read = std::thread::scope(|scope| {
            scope.spawn(move || {
                // git may end without having read it all: its status says what that means
                let _ = stdin.as_mut().map(|stdin| stdin.write_all(input));
            });
            stdout.by_ref().take(MAX_OUTPUT).read_to_end(&mut bytes)
        });
        read.at("read the output of", Path::new("git"))?;
        drop(stdout);
        let (status, said) = running.end()?;
        match status.code() {
            Some(0) => Ok(Some(bytes)),
            Some(1) => Ok(None),
            _ => Err(running.failure(directory, said)),
        }
    }

    /// One path that `git ARGS` prints, without the end of the line.
    pub(super) fn path(&self, directory: &Path, args: &[&str]) -> Result<PathBuf, SeedError> {
        use std::os::unix::ffi::OsStringExt;
        let mut bytes = self.output(directory, args, b"")?.unwrap_or_default();
        bytes.pop_if(|last| *last == b'\n');
        Ok(std::ffi::OsString::from_vec(bytes).into())
    }

    /// The records, ended by NUL, that `git ARGS` prints in `directory`, one after another.
    pub(super) fn records(&self, directory: &Path, args: &[&str]) -> Result<Records, SeedError> {
        let mut command = self.command(directory);
        command.args(args);
        let mut running = Running::start(command, args.first().copied().unwrap_or_default())?;
        let stdout = BufReader::with_capacity(64 << 10, running.stdout()?);
        Ok(Records { running, stdout: Some(stdout), directory: directory.to_owned() })
    }

    /// Runs a command that prints nothing of interest.
    pub(super) fn run(&self, mut command: Command, verb: &str) -> Result<(), SeedError> {
        command.stdout(Stdio::null());
        let directory = command.get_current_dir().unwrap_or(Path::new("/")).to_owned();
        let mut running = Running::start(command, verb)?;
        let (status, said) = running.end()?;
        if status.success() { Ok(()) } else { Err(running.failure(&directory, said)) }
    }
}

/// The output of a git under way; dropping it ends git.
pub(super) struct Records {
    running: Running,
    stdout: Option<BufReader<ChildStdout>>,
    directory: PathBuf,
}

impl Records {
    /// Reads the next record into `record`, without its NUL; false at the end, if git ended well.
    pub(super) fn next_record(&mut self, record: &mut Vec<u8>) -> Result<bool, SeedError> {
        record.clear();
        let Some(stdout) = &mut self.stdout else { return Ok(false) };
        let read = stdout.take(MAX_RECORD).read_until(0, record);
        if read.at("read the output of", Path::new("git"))? > 0 {
            if record.pop() == Some(0) {
                return Ok(true);
            }
            let said = "a record of its output is cut off, or has no end".into();
            return Err(SeedError::Git { verb: self.running.verb.clone(), said });
        }
        self.stdout = None;
        let (status, said) = self.running.end()?;
        if status.success() { Ok(false) } else { Err(self.running.failure(&self.directory, said)) }
    }
}

/// A git under way, its last words collected beside it.
#[derive(Debug)]
struct Running {
    child: Child,
    said: Option<JoinHandle<String>>,
    verb: String,
}

impl Running {
    fn start(mut command: Command, verb: &str) -> Result<Self, SeedError> {
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(SeedError::GitMissing);
            }
            Err(error) => return Err(error).at("start", Path::new("git")).map_err(Into::into),
        };
        let said = child.stderr.take().map(|stderr| std::thread::spawn(move || listen(stderr)));
        Ok(Self { child, said, verb: verb.to_owned() })
    }

    fn stdout(&mut self) -> Result<ChildStdout, SeedError> {
        let stdout = self.child.stdout.take().ok_or_else(|| std::io::Error::other("no pipe"));
        Ok(stdout.at("read the output of", Path::new("git"))?)
    }

    fn end(&mut self) -> Result<(ExitStatus, String), SeedError> {
        let status = self.child.wait().at("wait for", Path::new("git"))?;
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        Ok((status, said))
    }

    fn failure(&self, directory: &Path, said: String) -> SeedError {
        let path = || directory.to_owned();
        if said.contains("dubious ownership") {
            SeedError::GitUnsafe { path: path() }
        } else if said.contains("not a git repository")
            || said.contains("must be run in a work tree")
        {
            SeedError::NoProject { path: path() }
        } else {
            SeedError::Git { verb: self.verb.clone(), said }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.said.is_some() {
            // not waited for yet: nobody wants the rest of its output
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads to the end and keeps the last part, on one line. It is shown to people: control characters
/// are escaped.
fn listen(mut stderr: ChildStderr) -> String {
    let mut last = Vec::new();
    let mut block = [0; 1024];
    while let Ok(read @ 1..) = stderr.read(&mut block) {
        last.extend_from_slice(&block[..read]);
        let spare = last.len().saturating_sub(MAX_SAID);
        last.drain(..spare);
    }
    let text = String::from_utf8_lossy(&last);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ").chars().flat_map(shown).collect()
}

fn shown(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}
