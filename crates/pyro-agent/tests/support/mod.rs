//! The real agent in a process of its own, and a client that speaks the real protocol to it.
#![allow(clippy::unwrap_used, unsafe_code, dead_code)] // each test uses its own part

use pyro_proto::Refusal;
use pyro_proto::frame::Lane;
use pyro_proto::handshake::{self, Boot, GENERATION, Hello, OLDEST};
use pyro_proto::mux::{Item, Session, Side, Stream};
use pyro_proto::request::{Exec, ExecExit, Request, TransferDone};
use serde::de::DeserializeOwned;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A running agent.
pub(crate) struct Agent {
    pub(crate) session: Session,
    pub(crate) child: Child,
    pub(crate) directory: tempfile::TempDir,
}

/// What a command gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) exit: ExecExit,
}

impl Agent {
    pub(crate) async fn start() -> Self {
        Self::start_by(Command::new(executable())).await
    }

    pub(crate) async fn start_ignoring_interrupts() -> Self {
        let mut command = Command::new("env");
        command.arg("--ignore-signal=INT").arg(executable());
        Self::start_by(command).await
    }

    async fn start_by(mut command: Command) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let directory = tempfile::tempdir().unwrap();
        command.arg(directory.path());
        // SAFETY: only `dup2`, which may run after `fork`.
        unsafe {
            command.pre_exec(move || {
                let mut third = std::mem::ManuallyDrop::new(OwnedFd::from_raw_fd(3));
                if theirs.as_raw_fd() == 3 {
                    rustix::io::fcntl_setfd(&theirs, rustix::io::FdFlags::empty())?;
                    return Ok(());
                }
                Ok(rustix::io::dup2(&theirs, &mut third)?)
            });
        }
        let child = command.spawn().unwrap();
        drop(command);
        ours.set_nonblocking(true).unwrap();
        let mut channel = tokio::net::UnixStream::from_std(ours).unwrap();
        let (welcome, early) = handshake::offer(&mut channel, [7; 16], &hello()).await.unwrap();
        assert!(matches!(welcome.boot, Boot::Ready { .. }));
        let (session, _) = Session::start(channel, Side::Host, early, 0);
        Self { session, child, directory }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) async fn open(&self, request: &Request) -> Stream {
        self.session.open(request).await.unwrap()
    }

    pub(crate) async fn exec(&self, exec: Exec) -> Result<Ran, Refusal> {
        let mut stream = self.open(&Request::Exec(exec)).await;
        finish(&mut stream).await
    }

    pub(crate) async fn sh(&self, command: &str) -> Ran {
        self.exec(sh(command)).await.unwrap()
    }

    /// Sends `content` after `request` and returns what the agent says.
    pub(crate) async fn send(
        &self,
        request: &Request,
        content: &[u8],
    ) -> Result<TransferDone, Refusal> {
        let mut stream = self.open(request).await;
        // the agent may refuse before it has read everything; the reason comes from the receiver
        if stream.sender.send(Lane::Main, content).await.is_ok() {
            let _ = stream.sender.finish().await;
        }
        receive(&mut stream).await.map(|(_, done)| done)
    }

    /// Content and summary of a transfer from the guest.
    pub(crate) async fn fetch(
        &self,
        request: &Request,
    ) -> Result<(Vec<u8>, TransferDone), Refusal> {
        let mut stream = self.open(request).await;
        receive(&mut stream).await
    }

    /// The one message that answers a request.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Refusal> {
        message(&mut self.open(request).await).await
    }

    /// The lines and the summary that answer a request.
    pub(crate) async fn lines<L: DeserializeOwned, T: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> Result<(Vec<L>, T), Refusal> {
        let (content, summary) = receive(&mut self.open(request).await).await?;
        let lines = content.split_inclusive(|byte| *byte == b'\n');
        let lines = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
        Ok((lines, summary))
    }

    /// Waits for the end of a request that is answered by nothing else.
    pub(crate) async fn nothing(&self, request: &Request) -> Result<(), Refusal> {
        match self.open(request).await.receiver.next().await {
            Item::Finish => Ok(()),
            Item::Reset(refusal) => Err(refusal),
            item => panic!("{item:?}"),
        }
    }

    /// Descendants of the agent, zombies included.
    pub(crate) fn descendants(&self) -> Vec<i32> {
        let mut found = vec![i32::try_from(self.pid()).unwrap()];
        let all = processes();
        loop {
            let before = found.len();
            for (pid, parent) in &all {
                if found.contains(parent) && !found.contains(pid) {
                    found.push(*pid);
                }
            }
            if found.len() == before {
                return found.split_off(1);
            }
        }
    }

    /// Waits until the agent has no descendant, not even a zombie.
    pub(crate) async fn childless(&self) {
        within(Duration::from_secs(5), || self.descendants().is_empty()).await;
    }

    /// Waits for the agent's own end.
    pub(crate) async fn gone(&mut self) {
        let child = &mut self.child;
        within(Duration::from_secs(5), || child.try_wait().unwrap().is_some()).await;
    }
}

/// Ends it as its host would, so that nothing a test has started is left behind.
impl Drop for Agent {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

pub(crate) fn sh(command: &str) -> Exec {
    Exec {
        command: command.to_owned(),
        cwd: None,
        env: Vec::new(),
        user: None,
        stdin: false,
        timeout_ms: None,
        sync: false,
        service: false,
    }
}

/// Everything up to the command's end.
pub(crate) async fn finish(stream: &mut Stream) -> Result<Ran, Refusal> {
    let (mut stdout, mut stderr, mut exit) = (Vec::new(), Vec::new(), None);
    loop {
        match stream.receiver.next().await {
            Item::Data(Lane::Main, data) => stdout.extend_from_slice(&data),
            Item::Data(Lane::Err, data) => stderr.extend_from_slice(&data),
            Item::Message(message) => exit = Some(serde_json::from_slice(&message).unwrap()),
            Item::Finish => return Ok(Ran { stdout, stderr, exit: exit.unwrap() }),
            Item::Reset(refusal) => return Err(refusal),
        }
    }
}

/// The next message, and nothing but that.
pub(crate) async fn message<T: DeserializeOwned>(stream: &mut Stream) -> Result<T, Refusal> {
    match stream.receiver.next().await {
        Item::Message(message) => Ok(serde_json::from_slice(&message).unwrap()),
        Item::Reset(refusal) => Err(refusal),
        item => panic!("{item:?}"),
    }
}

async fn receive<T: DeserializeOwned>(stream: &mut Stream) -> Result<(Vec<u8>, T), Refusal> {
    let (mut content, mut done) = (Vec::new(), None);
    loop {
        match stream.receiver.next().await {
            Item::Data(_, data) => content.extend_from_slice(&data),
            Item::Message(message) => done = Some(serde_json::from_slice(&message).unwrap()),
            Item::Finish => return Ok((content, done.unwrap())),
            Item::Reset(refusal) => return Err(refusal),
        }
    }
}

/// Waits until `condition` holds, and fails when it does not in time.
pub(crate) async fn within(limit: Duration, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < limit, "still not so after {limit:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) fn alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

fn processes() -> Vec<(i32, i32)> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
    let parent = |pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
    };
    pids.filter_map(|pid| Some((pid, parent(pid)?))).collect()
}

fn hello() -> Hello {
    Hello {
        generation: GENERATION,
        oldest: OLDEST,
        pyro: "5.0.0".into(),
        unix_time_ns: 0,
        entropy: [0; 32],
        hostname: "test".into(),
    }
}

/// Cargo builds examples next to the tests.
fn executable() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile: &Path = test.parent().unwrap().parent().unwrap();
    profile.join("examples").join("agent_process")
}
