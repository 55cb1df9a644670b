//! `pyro mcp serve` with a client that has introduced itself.

use crate::outcome::Outcome;
use crate::running::Running;
use crate::world::World;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Duration;

/// A server lives as long as its scenario.
const LIFE: Duration = Duration::from_secs(240);

/// A server and its only client.
#[derive(Debug)]
pub struct Server {
    running: Running,
    calls: u64,
}

impl Server {
    /// Starts one with every tool.
    #[must_use]
    #[track_caller]
    pub fn start(world: &World) -> Self {
        let words = ["mcp", "serve", "--profile", "workspace-full"];
        let running = world.pyro(&words).holding_stdin().within(LIFE).start();
        let mut server = Self { running, calls: 0 };
        let client = json!({"name": "scenario", "version": "1"});
        let hello =
            json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
        server.request("initialize", &hello);
        server.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        server
    }

    /// Calls a tool and returns its structured answer, or its text where it has no other.
    #[track_caller]
    pub fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.result(tool, arguments);
        assert_ne!(result["isError"], true, "{tool}: {result}");
        match &result["structuredContent"] {
            Value::Null => result["content"][0]["text"].clone(),
            structured => structured.clone(),
        }
    }

    /// Calls a tool that must fail, and returns what it says.
    #[track_caller]
    pub fn refused(&mut self, tool: &str, arguments: &Value) -> String {
        let result = self.result(tool, arguments);
        assert_eq!(result["isError"], true, "{tool}: {result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Calls a tool and does not wait.
    pub fn begin(&mut self, tool: &str, arguments: &Value) {
        self.ask("tools/call", &json!({"name": tool, "arguments": arguments}));
    }

    /// How many descriptors it holds.
    #[must_use]
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.running.pid())).unwrap().count()
    }

    /// SIGKILL.
    #[track_caller]
    pub fn kill(self) {
        self.running.signal(Signal::KILL);
        let _ = self.running.end().exits(128 + 9);
    }

    /// Closes its stdin and waits for its end.
    #[track_caller]
    pub fn end(self) -> Outcome {
        self.running.end().succeeds()
    }

    #[track_caller]
    fn result(&mut self, tool: &str, arguments: &Value) -> Value {
        let answer = self.request("tools/call", &json!({"name": tool, "arguments": arguments}));
        answer["result"].clone()
    }

    #[track_caller]
    fn request(&mut self, method: &str, params: &Value) -> Value {
        let id = self.ask(method, params);
        serde_json::from_str(&self.running.line_with(&format!("\"id\":{id},"))).unwrap()
    }

    fn ask(&mut self, method: &str, params: &Value) -> u64 {
        self.calls += 1;
        let id = self.calls;
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    fn say(&mut self, message: &Value) {
        self.running.write(format!("{message}\n").as_bytes());
    }
}
