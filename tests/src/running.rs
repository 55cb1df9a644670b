//! A call of `pyro` that runs: what it has printed so far, signals, and its end.

use crate::call::Call;
use crate::outcome::Outcome;
use crate::process::{Process, descendants};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_millis(5);

/// A call that was started. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    call: String,
    started: Instant,
    deadline: Instant,
    stdin: Option<ChildStdin>,
    stdout: Arc<Printed>,
    stderr: Arc<Printed>,
}

/// What came out of a pipe.
#[derive(Debug, Default)]
struct Printed {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    total: u64,
    ended: bool,
}

impl Running {
    #[track_caller]
    pub(crate) fn start(call: Call) -> Self {
        let Call { mut command, stdin, holds_stdin, counts_only, deadline } = call;
        let feed = if stdin.is_empty() && !holds_stdin { Stdio::null() } else { Stdio::piped() };
        command.stdin(feed).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let name = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut pipe = child.stdin.take();
        if !holds_stdin && let Some(mut pipe) = pipe.take() {
            // a reader that ends early breaks the pipe, which is its right
            std::thread::spawn(move || drop(pipe.write_all(&stdin)));
        }
        Self {
            stdout: Printed::follow(child.stdout.take().unwrap(), counts_only),
            stderr: Printed::follow(child.stderr.take().unwrap(), false),
            stdin: pipe,
            call: name,
            child,
            started,
            deadline: started + deadline,
        }
    }

    /// The number of the process.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Waits until stdout holds `text`.
    #[track_caller]
    pub fn prints(&self, text: &str) {
        let holds = |state: &State| state.bytes.windows(text.len()).any(|w| w == text.as_bytes());
        let state = self.stdout.wait(self.deadline, |state| state.ended || holds(state));
        let shown = String::from_utf8_lossy(&state.bytes).into_owned();
        drop(state);
        assert!(shown.contains(text), "no {text:?} on stdout: {shown}\n{}", self.complaints());
    }

    /// Waits for a whole line on stdout that holds `text`, and returns the first.
    #[must_use]
    #[track_caller]
    pub fn line_with(&self, text: &str) -> String {
        let find = |state: &State| {
            let whole = state.bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
            let printed = String::from_utf8_lossy(&state.bytes[..whole]);
            printed.lines().find(|line| line.contains(text)).map(str::to_owned)
        };
        let state = self.stdout.wait(self.deadline, |state| state.ended || find(state).is_some());
        let found = find(&state);
        drop(state);
        found.unwrap_or_else(|| panic!("no line with {text:?} on stdout\n{}", self.complaints()))
    }

    /// How many bytes have come on stdout so far.
    #[must_use]
    pub fn stdout_bytes(&self) -> u64 {
        self.stdout.state.lock().unwrap().total
    }

    /// Writes to its standard input.
    pub fn write(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid()).unwrap(), signal).unwrap();
    }

    /// The processes below the test that `wanted` holds for; waits for the first.
    #[must_use]
    #[track_caller]
    pub fn process(&self, wanted: impl Fn(&Process) -> bool) -> Process {
        loop {
            if let Some(found) = descendants().into_iter().find(|process| wanted(process)) {
                return found;
            }
            assert!(Instant::now() < self.deadline, "no such process: {}", self.complaints());
            std::thread::sleep(TICK);
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end and for all of its output.
    #[track_caller]
    pub fn end(mut self) -> Outcome {
        drop(self.stdin.take());
        let status = self.status();
        let took = self.started.elapsed();
        let stdout = self.stdout.wait(self.deadline, |state| state.ended);
        assert!(stdout.ended, "something holds the stdout of `{}` open", self.call);
        let (bytes, total) = (stdout.bytes.clone(), stdout.total);
        drop(stdout);
        Outcome {
            call: self.call.clone(),
            status,
            stdout: bytes,
            stdout_bytes: total,
            stderr: self.complaints(),
            took,
        }
    }

    #[track_caller]
    fn status(&mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            let limit = self.deadline - self.started;
            assert!(
                Instant::now() < self.deadline,
                "`{}` did not end within {limit:?}: {}",
                self.call,
                self.complaints()
            );
            std::thread::sleep(TICK);
        }
    }

    fn complaints(&self) -> String {
        let patience = Instant::now() + Duration::from_millis(200);
        let state = self.stderr.wait(patience, |state| state.ended);
        String::from_utf8_lossy(&state.bytes).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Printed {
    fn follow(mut pipe: impl Read + Send + 'static, counts_only: bool) -> Arc<Self> {
        let printed = Arc::new(Self::default());
        let ours = Arc::clone(&printed);
        std::thread::spawn(move || {
            let mut chunk = vec![0; 256 << 10];
            while let Ok(count @ 1..) = pipe.read(&mut chunk) {
                let kept = if counts_only { 0 } else { count };
                printed.add(&chunk[..kept], count as u64);
            }
            printed.state.lock().unwrap().ended = true;
            printed.changed.notify_all();
        });
        ours
    }

    fn add(&self, bytes: &[u8], count: u64) {
        let mut state = self.state.lock().unwrap();
        state.bytes.extend_from_slice(bytes);
        state.total += count;
        self.changed.notify_all();
    }

    fn wait(
        &self,
        deadline: Instant,
        mut holds: impl FnMut(&State) -> bool,
    ) -> std::sync::MutexGuard<'_, State> {
        let left = deadline.saturating_duration_since(Instant::now());
        let guard = self.state.lock().unwrap();
        self.changed.wait_timeout_while(guard, left, |state| !holds(state)).unwrap().0
    }
}
