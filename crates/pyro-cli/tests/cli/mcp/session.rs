//! A chat host, as far as the server can tell.

use crate::world::{DEADLINE, World};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The stateless revision, whose requests carry everything themselves.
pub(crate) const STATELESS: &str = "2026-07-28";

pub(crate) struct Session {
    pub(crate) server: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    next_id: u64,
    /// Added to the parameters of every request.
    meta: Option<Value>,
}

impl Session {
    /// A server that nobody has spoken to yet.
    pub(crate) fn silent(world: &World, flags: &[&str]) -> Self {
        Self::of_profile(world, "vm-run", flags)
    }

    fn of_profile(world: &World, profile: &str, flags: &[&str]) -> Self {
        let words = [&["mcp", "serve", "--profile", profile], flags].concat();
        let mut server = world.command(&words).stdin(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(server.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines() {
                if line.map(|line| sender.send(line)).is_err() {
                    break;
                }
            }
        });
        let stdin = server.stdin.take();
        Self { server, stdin, lines, next_id: 1, meta: None }
    }

    /// A session of the era of `initialize`.
    pub(crate) fn begin(world: &World, version: &str) -> Self {
        Self::silent(world, &["--allow-host-compat"]).initialized(version)
    }

    /// The same with every tool.
    pub(crate) fn with_every_tool(world: &World, flags: &[&str]) -> Self {
        Self::of_profile(world, "workspace-full", flags).initialized("2025-11-25")
    }

    fn initialized(mut self, version: &str) -> Self {
        let hello = self.request("initialize", initialize(version));
        assert_eq!(hello["result"]["protocolVersion"], version, "{hello}");
        self.write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        self
    }

    /// A session of the stateless era.
    pub(crate) fn stateless(world: &World) -> Self {
        let mut session = Self::silent(world, &["--allow-host-compat"]);
        session.meta = Some(json!({
            "io.modelcontextprotocol/protocolVersion": STATELESS,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "0"},
        }));
        session
    }

    pub(crate) fn write(&mut self, message: &Value) {
        self.write_line(message.to_string());
    }

    pub(crate) fn write_line(&mut self, line: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(&[line.as_ref(), b"\n"].concat()).unwrap();
        stdin.flush().unwrap();
    }

    /// Sends a request and does not wait; returns its id.
    pub(crate) fn ask(&mut self, method: &str, mut params: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        if let Some(Value::Object(meta)) = self.meta.clone() {
            let own = params["_meta"].as_object().cloned().unwrap_or_default();
            params["_meta"] = Value::Object(meta.into_iter().chain(own).collect());
        }
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    /// The next message of the server.
    pub(crate) fn read(&mut self) -> Value {
        let line = self.lines.recv_timeout(DEADLINE).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON on stdout: {line}"))
    }

    /// Whether the server stays silent for a while.
    pub(crate) fn is_silent(&mut self, time: Duration) -> bool {
        self.lines.recv_timeout(time).is_err()
    }

    /// Sends a request and waits for the answer to it; nothing else may come before.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let answer = self.read();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// Calls `vm_run` on the host and returns the result.
    pub(crate) fn vm_run(&mut self, arguments: Value) -> Value {
        self.request("tools/call", call(arguments))["result"].clone()
    }

    /// Calls a tool and returns the result.
    pub(crate) fn tool(&mut self, name: &str, arguments: Value) -> Value {
        let mut params = json!({"name": name});
        params["arguments"] = arguments;
        self.request("tools/call", params)["result"].clone()
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A failed test must not leave a server behind; one that has ended is no error.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub(crate) fn initialize(version: &str) -> Value {
    let client = json!({"name": "test", "version": "0"});
    json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client})
}

/// Parameters of a call of `vm_run`, on the host unless the arguments say otherwise.
pub(crate) fn call(mut arguments: Value) -> Value {
    if arguments.get("allow_host_compat").is_none() {
        arguments["allow_host_compat"] = json!(true);
    }
    json!({"name": "vm_run", "arguments": arguments})
}

pub(crate) fn text(result: &Value) -> &str {
    assert!(result.get("structuredContent").is_none(), "{result}");
    assert_eq!(result["content"].as_array().map(Vec::len), Some(1), "{result}");
    result["content"][0]["text"].as_str().unwrap()
}
