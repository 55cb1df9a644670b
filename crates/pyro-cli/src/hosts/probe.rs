//! Starts a server as a host would, and asks it for its tools. No machine is started by that.

use super::Entry;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// As long as hosts wait for a server.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer, in bytes, and how much is kept of what a server says on stderr.
const MAX_LINE: u64 = 4 << 20;
const MAX_SAID: u64 = 4 << 10;
/// A protocol version that every server of the last years speaks.
const PROTOCOL: &str = "2025-06-18";

/// A server that answers.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    /// What it calls itself.
    pub(crate) server: String,
    /// Its version.
    pub(crate) version: String,
    /// How many tools it has.
    pub(crate) tools: usize,
    /// From its start to the list of its tools, in milliseconds.
    pub(crate) took_ms: u64,
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { server, version, tools, took_ms } = self;
        write!(f, "its server answers: {server} {version}, {tools} tools, after {took_ms} ms")
    }
}

/// Asks the server of an entry; why it does not answer, if so.
pub(crate) fn ask(entry: &Entry) -> Result<Answer, String> {
    let begun = Instant::now();
    let mut child = Command::new(&entry.command)
        .args(&entry.args)
        .envs(&entry.env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{} cannot be started: {error}", entry.command))?;
    let asked = conversation(&mut child, begun + PATIENCE);
    let said = dismiss(child);
    let (hello, tools) = asked.map_err(|why| match said.trim() {
        "" => why,
        said => format!("{why}; it said: {said}"),
    })?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let information = &hello["result"]["serverInfo"];
    Ok(Answer {
        server: text(&information["name"]),
        version: text(&information["version"]),
        tools: tools["result"]["tools"].as_array().map_or(0, Vec::len),
        took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

fn conversation(child: &mut Child, deadline: Instant) -> Result<(Value, Value), String> {
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("it has no standard streams".to_owned());
    };
    let answers = read_in_a_thread(stdout);
    let mut say =
        |message: Value| writeln!(stdin, "{message}").map_err(|_| "it ended at once".to_owned());
    let client = json!({"name": "pyro host doctor", "version": env!("CARGO_PKG_VERSION")});
    let parameters = json!({"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": client});
    say(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": parameters}))?;
    let hello = answer(&answers, 1, deadline)?;
    say(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
    say(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}))?;
    Ok((hello, answer(&answers, 2, deadline)?))
}

/// Lines as they come. The thread ends with the server's output.
fn read_in_a_thread(stdout: ChildStdout) -> Receiver<String> {
    let (tell, answers) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout.take(MAX_LINE)).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    answers
}

/// The answer with this number; whatever else a server says meanwhile is passed over.
fn answer(answers: &Receiver<String>, id: u64, deadline: Instant) -> Result<Value, String> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let line = answers.recv_timeout(left).map_err(|why| match why {
            RecvTimeoutError::Timeout => "it does not answer".to_owned(),
            RecvTimeoutError::Disconnected => "it ended without an answer".to_owned(),
        })?;
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        if message["id"] == id {
            return match message["error"]["message"].as_str() {
                Some(error) => Err(format!("it answers with an error: {error}")),
                None => Ok(message),
            };
        }
    }
}

/// Ends it; returns what it said on stderr. Its standard input is closed, which is all that a server of pyro
/// needs, but this may be any program.
fn dismiss(mut child: Child) -> String {
    let _ = child.kill();
    let _ = child.wait();
    let mut said = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        // what it has left behind may hold the pipe open: only what is there counts
        let _ = rustix::io::ioctl_fionbio(&stderr, true);
        let _ = stderr.take(MAX_SAID).read_to_end(&mut said);
    }
    String::from_utf8_lossy(&said).into_owned()
}
