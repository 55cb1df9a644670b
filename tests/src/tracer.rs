//! Stops a process at a system call of one's choice, by strace(1): long enough to look around and to
//! kill somebody. strace(1) itself is gone by then, so that whatever ends afterwards ends as it would
//! on any host.

use crate::process::Process;
use rustix::process::Signal;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// No process that is let go takes longer to come to its step or to its end.
const DEADLINE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(2);

/// A call of write(2) by a process, or by one that it starts.
#[derive(Debug, Clone, Copy)]
pub struct Write<'a> {
    /// The file that is written to.
    pub file: &'a Path,
    /// Which of one process's writes to that file, from 1.
    pub nth: usize,
    /// On which side of it the process stops.
    pub moment: Moment,
}

/// A side of a system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing of it has happened.
    Before,
    /// All of it has.
    After,
}

impl Process {
    /// Lets this process, which is stopped, go on until it has flushed another file.
    #[track_caller]
    pub fn go_on_to_its_next_flush(&self) {
        self.go_on_to(&["-e", "trace=fsync", "-e", "inject=fsync:signal=STOP:when=1"]);
    }

    /// Lets this process, which is stopped, go on until it or one that it starts comes to `write`,
    /// and returns the one that has stopped there.
    #[must_use]
    #[track_caller]
    pub fn go_on_to_write(&self, write: Write<'_>) -> Self {
        // a call that is interrupted before it begins is made again by whoever made it
        let effect = match write.moment {
            Moment::Before => "error=EINTR:signal=STOP",
            Moment::After => "signal=STOP",
        };
        let inject = format!("inject=write:{effect}:when={}", write.nth);
        let file = write.file.to_str().unwrap();
        let pid = self.go_on_to(&["-f", "-P", file, "-e", "trace=write", "-e", &inject]);
        Self::of(pid)
    }

    /// Lets this process, which is stopped, go on to its end and to that of all that it starts, and
    /// counts how often they write to `file`.
    #[must_use]
    #[track_caller]
    pub fn go_on_and_count_writes(&self, file: &Path) -> usize {
        let file = file.to_str().unwrap();
        let mut tracer = Tracer::attach(self, &["-f", "-P", file, "-e", "trace=write"]);
        self.signal(Signal::CONT);
        tracer.wait_until("the end of all", |tracer| {
            tracer.strace.try_wait().unwrap().is_some().then_some(())
        });
        tracer.text().matches(" write(").count()
    }

    #[track_caller]
    fn go_on_to(&self, step: &[&str]) -> i32 {
        let mut tracer = Tracer::attach(self, step);
        self.signal(Signal::CONT);
        let pid = tracer.wait_until("the step", |tracer| stopped(&tracer.text()));
        let pid = pid.unwrap_or(self.pid);
        drop(tracer);
        await_stop(pid);
        pid
    }
}

/// A strace(1) at work. Dropping it leaves what it traces as it is.
struct Tracer {
    strace: Child,
    trace: NamedTempFile,
}

impl Tracer {
    #[track_caller]
    fn attach(process: &Process, step: &[&str]) -> Self {
        await_stop(process.pid);
        let trace = NamedTempFile::new().unwrap();
        let mut strace = Command::new("strace");
        strace.args(["-qq", "-p", &process.pid.to_string(), "-o"]).arg(trace.path());
        let strace = strace.args(step).stdin(Stdio::null()).spawn().expect("strace(1)");
        let mut tracer = Self { strace, trace };
        let by = tracer.strace.id().to_string();
        tracer.wait_until("the tracer", |_| {
            (status_field(process.pid, "TracerPid")? == by).then_some(())
        });
        tracer
    }

    #[track_caller]
    fn wait_until<T>(&mut self, what: &str, mut reached: impl FnMut(&mut Self) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(found) = reached(self) {
                return found;
            }
            assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}\n{}", self.text());
            std::thread::sleep(TICK);
        }
    }

    fn text(&self) -> String {
        fs::read_to_string(self.trace.path()).unwrap()
    }
}

impl Drop for Tracer {
    /// A stopped process stays stopped when its tracer ends, ptrace(2).
    fn drop(&mut self) {
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

/// Who was sent the signal and has stopped by it, in lines like `PID --- SIGSTOP {…} ---` and
/// `PID --- stopped by SIGSTOP ---`; the number is there only with `-f`. (A process that is attached to
/// while it is stopped has the second line alone.)
fn stopped(trace: &str) -> Option<Option<i32>> {
    let mut lines = trace.lines();
    let sent = lines.find(|line| line.contains("--- SIGSTOP {"))?;
    let (who, _) = sent.split_once("--- ").unwrap();
    let stopped = |line: &str| line.strip_prefix(who) == Some("--- stopped by SIGSTOP ---");
    lines.any(stopped).then(|| who.trim().parse().ok())
}

#[track_caller]
fn await_stop(pid: i32) {
    let deadline = Instant::now() + DEADLINE;
    while !status_field(pid, "State").is_some_and(|state| state.starts_with('T')) {
        assert!(Instant::now() < deadline, "process {pid} has not stopped");
        std::thread::sleep(TICK);
    }
}

/// A line of `/proc/PID/status`, proc_pid_status(5).
fn status_field(pid: i32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}
